-- automated_sessions: the sessions that programs ran in a window, and how many of them failed.
-- Grain:  one row per initiator, most sessions first; null, the unknown, last.
-- Reads:  insights.session_days, insights.claude_sessions, insights.session_entries
-- Params: window_start, window_end -- local dates, half-open
with

automated_sessions as (

    select
        session.id,
        session.initiated_by,
        sum(day.cost_usd::numeric) as cost_usd,
        sum(day.unpriced_message_count) as unpriced_message_count
    from insights.session_days as day
    inner join insights.claude_sessions as session on day.session_id = session.id
    where
        day.activity_date >= %(window_start)s
        and day.activity_date < %(window_end)s
        and session.category = 'automated'
        and insights.is_wanted(session.id, session.machine, session.project, session.initiated_by)
    group by session.id

),

endings as (

    -- An API error in the middle was tried again; one at the end was the end.
    select
        session.*,
        ending.kind in ('api_error', 'interruption') as is_failed
    from automated_sessions as session
    left join lateral (
        select entry.kind
        from insights.session_entries as entry
        where
            entry.session_id = session.id
            and not entry.is_copied
        order by entry.entry_no desc
        limit 1
    ) as ending on true

),

initiator_sums as (

    select
        initiated_by,
        count(*) as session_count,
        count(*) filter (where is_failed) as failed_count,
        case
            when sum(unpriced_message_count) > 0 then sum(cost_usd)
            else coalesce(sum(cost_usd), 0)
        end as cost_usd
    from endings
    group by initiated_by

)

select
    initiated_by,
    session_count,
    failed_count,
    cost_usd
from initiator_sums
order by initiated_by is null, session_count desc, initiated_by
