-- automated_sessions: the sessions that programs ran in a window, and how many of them failed.
-- Grain:  one row per initiator, most sessions first; null, the unknown, last.
-- Reads:  insights.wanted_days
-- Params: window_start, window_end -- local dates, half-open
with

automated_sessions as (

    -- An API error in the middle was tried again; one at the end was the end.
    select
        session_id,
        initiated_by,
        ends_in_error,
        sum(cost_usd) as cost_usd,
        sum(unpriced_message_count) as unpriced_message_count
    from insights.wanted_days(%(window_start)s, %(window_end)s)
    where
        not is_counted
        and category = 'automated'
    group by session_id, initiated_by, ends_in_error

),

initiator_sums as (

    select
        initiated_by,
        count(*) as session_count,
        count(*) filter (where ends_in_error) as failed_count,
        case
            when sum(unpriced_message_count) > 0 then sum(cost_usd)
            else coalesce(sum(cost_usd), 0)
        end as cost_usd
    from automated_sessions
    group by initiated_by

)

select
    initiated_by,
    session_count,
    failed_count,
    cost_usd
from initiator_sums
order by initiated_by is null, session_count desc, initiated_by
