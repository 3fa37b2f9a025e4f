-- automated_sessions: the sessions that programs ran in a window, and how many of them failed.
-- Grain:  one row per initiator, most sessions first; null, the unknown, last.
-- Reads:  insights.day_facts, insights.session_entries
-- Params: window_start, window_end -- local dates, half-open
with

automated_sessions as (

    select
        session_id,
        initiated_by,
        sum(cost_usd) as cost_usd,
        sum(unpriced_message_count) as unpriced_message_count
    from insights.day_facts
    where
        activity_date >= %(window_start)s
        and activity_date < %(window_end)s
        and not is_counted
        and category = 'automated'
        and (
            (select insights.session_filter()) is null
            or insights.cell(machine, project, initiated_by, business) @> (select insights.session_filter())
        )
    group by session_id, initiated_by

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
            entry.session_id = session.session_id
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
