-- insert_day_models: what a session's messages took of each model on each of its days, after insert_days.
-- Copied history repeats messages; each counts with its owner. Sub-agents' count with the session that started them.
-- Grain:  one row a (session, local date, model)
-- Reads:  insights.session_days, insights.claude_sessions, insights.session_messages
-- Params: session_ids
with family as (

    select
        id as session_id,
        id as member_id,
        first_record_at
    from insights.claude_sessions
    where id = any(%(session_ids)s)
    union all
    select
        parent_session_id as session_id,
        id as member_id,
        first_record_at
    from insights.claude_sessions
    where
        parent_session_id = any(%(session_ids)s)
        and category = 'subagent'

)

insert into insights.session_models (
    session_id, activity_date, model, message_count, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, cost_usd, unfinished_message_count
)
select
    day.session_id,
    day.activity_date,
    message.model,
    count(*) as message_count,
    sum(message.input_tokens) as input_tokens,
    sum(message.output_tokens) as output_tokens,
    sum(message.cache_read_tokens) as cache_read_tokens,
    sum(message.cache_write_5m_tokens + message.cache_write_1h_tokens) as cache_write_tokens,
    sum(message.cost_usd::numeric) as cost_usd,
    count(*) filter (where not message.is_final) as unfinished_message_count
from family
inner join insights.session_messages as message on family.member_id = message.session_id
inner join insights.session_days as day
    on
        family.session_id = day.session_id
        and day.activity_date = (coalesce(message.at, family.first_record_at) at time zone day.time_zone)::date
where message.is_owner
group by day.session_id, day.activity_date, message.model
