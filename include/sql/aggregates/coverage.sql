-- coverage: what was read of a window, by whom, and what was left out.
-- Grain:  one row, also for a window without sessions.
-- Reads:  insights.window_sessions, insights.session_days, insights.claude_sessions, insights.session_facets,
--         insights.facet_extractions
-- Params: window_start, window_end -- local dates, half-open
with

window_sessions as (

    select * from insights.window_sessions(%(window_start)s, %(window_end)s)

),

last_attempts as (

    -- Of the unread alone. A dry run or a skip says nothing about whether a session can be read.
    select distinct on (attempt.session_id)
        attempt.session_id,
        attempt.state
    from window_sessions as session
    left join insights.session_facets as facet on session.session_id = facet.session_id
    inner join insights.facet_extractions as attempt on session.session_id = attempt.session_id
    where
        facet.session_id is null
        and attempt.state in ('ok', 'failed', 'refused')
    order by attempt.session_id, attempt.attempted_at desc, attempt.id desc

),

states as (

    select
        session.session_id,
        facet.reader,
        facet.extraction_model as model,
        case
            when facet.corrected <> '{}' then (select count(*) from jsonb_object_keys(facet.corrected))
        end as corrected_facet_count,
        case
            when facet.session_id is not null then 'read'
            when attempt.state in ('failed', 'refused') then 'failed'
            else 'waiting'
        end as state
    from window_sessions as session
    left join insights.session_facets as facet on session.session_id = facet.session_id
    left join last_attempts as attempt on session.session_id = attempt.session_id

),

state_counts as (

    select
        count(*) as session_count,
        count(*) filter (where state = 'read') as read_count,
        count(*) filter (where state = 'failed') as failed_count,
        count(*) filter (where state = 'waiting') as waiting_count,
        coalesce(sum(corrected_facet_count), 0)::bigint as corrected_facet_count
    from states

),

other_sessions as (

    select
        day.session_id,
        sum(day.human_prompt_count) as human_prompt_count
    from insights.session_days as day
    left join window_sessions as counted on day.session_id = counted.session_id
    where
        counted.session_id is null
        and day.activity_date >= %(window_start)s
        and day.activity_date < %(window_end)s
    group by day.session_id

),

other_counts as (

    select
        count(*) filter (
            where session.category = 'human' and other.human_prompt_count > 0
        ) as too_small_count,
        count(*) filter (where session.category = 'automated') as automated_count
    from other_sessions as other
    inner join insights.claude_sessions as session on other.session_id = session.id
    where insights.is_wanted(session.id, session.machine, session.project, session.initiated_by)

),

subagents as (

    -- Runs that your sessions started; their tokens are with the session.
    select
        subagent.id,
        (coalesce(subagent.started_at, subagent.first_record_at) at time zone session.time_zone)::date as start_date
    from window_sessions as session
    inner join insights.claude_sessions as subagent on session.session_id = subagent.parent_session_id
    where subagent.category = 'subagent'

),

subagent_counts as (

    select count(*) as subagent_count
    from subagents
    where
        start_date >= %(window_start)s
        and start_date < %(window_end)s

),

reading_costs as (

    -- Every attempt was paid for. Null: none of them has a list price.
    select
        case
            when count(*) > count(attempt.cost_usd) then sum(attempt.cost_usd::numeric)
            else coalesce(sum(attempt.cost_usd::numeric), 0)
        end as facet_cost_usd
    from window_sessions as session
    inner join insights.facet_extractions as attempt on session.session_id = attempt.session_id

),

reader_counts as (

    select
        reader,
        model,
        count(*) as session_count
    from states
    where state = 'read'
    group by reader, model

),

reader_lists as (

    select
        coalesce(
            jsonb_agg(
                jsonb_build_object('reader', reader, 'model', model, 'session_count', session_count)
                order by session_count desc, reader, model
            ),
            '[]'
        ) as readers
    from reader_counts

)

select
    state_counts.session_count,
    state_counts.read_count,
    state_counts.failed_count,
    state_counts.waiting_count,
    state_counts.corrected_facet_count,
    other_counts.too_small_count,
    other_counts.automated_count,
    subagent_counts.subagent_count,
    reading_costs.facet_cost_usd,
    reader_lists.readers
from state_counts
cross join other_counts
cross join subagent_counts
cross join reading_costs
cross join reader_lists
