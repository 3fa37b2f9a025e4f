-- coverage: what was read of a window, by whom, and what was left out.
-- Grain:  one row, also for a window without sessions.
-- Reads:  insights.window_facts, insights.wanted_days, insights.claude_sessions
-- Params: window_start, window_end -- local dates, half-open
with

states as (

    select
        session_id,
        time_zone,
        reader,
        extraction_model as model,
        corrected_facet_count,
        attempt_count,
        priced_attempt_count,
        reading_cost_usd,
        case
            when is_read then 'read'
            when last_attempt_state in ('failed', 'refused') then 'failed'
            else 'waiting'
        end as state
    from insights.window_facts(%(window_start)s, %(window_end)s)

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
        session_id,
        category,
        sum(human_prompt_count) as human_prompt_count
    from insights.wanted_days(%(window_start)s, %(window_end)s)
    where not is_counted
    group by session_id, category

),

other_counts as (

    select
        count(*) filter (where category = 'human' and human_prompt_count > 0) as too_small_count,
        count(*) filter (where category = 'automated') as automated_count
    from other_sessions

),

subagents as (

    -- Runs that your sessions started; their tokens are with the session.
    select
        subagent.id,
        (coalesce(subagent.started_at, subagent.first_record_at) at time zone session.time_zone)::date as start_date
    from states as session
    inner join insights.claude_sessions as subagent on session.session_id = subagent.parent_session_id
    where
        subagent.category = 'subagent'
        -- What the index knows, in any time zone.
        and coalesce(subagent.started_at, subagent.first_record_at) >= %(window_start)s::date - 1
        and coalesce(subagent.started_at, subagent.first_record_at) < %(window_end)s::date + 2

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
            when sum(attempt_count) > sum(priced_attempt_count) then sum(reading_cost_usd)
            else coalesce(sum(reading_cost_usd), 0)
        end as facet_cost_usd
    from states

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
