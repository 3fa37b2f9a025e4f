-- tokens_by_model: the messages, tokens and cost of a window, by model.
-- Grain:  one row per model, most tokens first.
-- Reads:  insights.window_sessions, insights.claude_sessions, insights.session_messages
-- Params: window_start, window_end -- local dates, half-open
with

window_sessions as (

    select * from insights.window_sessions(%(window_start)s, %(window_end)s)

),

transcripts as (

    -- A session's own messages and those of its sub-agents.
    select
        session_id,
        started_at,
        time_zone
    from window_sessions
    union all
    select
        subagent.id as session_id,
        coalesce(subagent.started_at, session.started_at) as started_at,
        session.time_zone
    from window_sessions as session
    inner join insights.claude_sessions as subagent on session.session_id = subagent.parent_session_id

),

messages as (

    -- Copied history repeats messages; each counts with its owner.
    select
        message.*,
        (coalesce(message.at, transcript.started_at) at time zone transcript.time_zone)::date as activity_date
    from transcripts as transcript
    inner join insights.session_messages as message on transcript.session_id = message.session_id
    where message.is_owner

),

model_sums as (

    select
        model,
        count(*) as message_count,
        sum(input_tokens) as input_tokens,
        sum(output_tokens) as output_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum(cache_write_5m_tokens + cache_write_1h_tokens) as cache_write_tokens,
        sum(cost_usd::numeric) as cost_usd,
        count(*) filter (where not is_final) as unfinished_message_count
    from messages
    where
        activity_date >= %(window_start)s
        and activity_date < %(window_end)s
    group by model

)

select
    model,
    message_count,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    cost_usd,
    unfinished_message_count
from model_sums
order by input_tokens + output_tokens + cache_read_tokens + cache_write_tokens desc, model
