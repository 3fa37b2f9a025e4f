-- session_tokens: what a session and its sub-agents used, by model.
-- Grain:  one row per (whose, model), own ones first.
-- Reads:  insights.claude_sessions, insights.session_messages
-- Params: session_id
select
    session.id <> %(session_id)s as is_of_subagents,
    message.model,
    count(*) as message_count,
    sum(message.input_tokens)::bigint as input_tokens,
    sum(message.output_tokens)::bigint as output_tokens,
    sum(message.cache_read_tokens)::bigint as cache_read_tokens,
    sum(message.cache_write_5m_tokens + message.cache_write_1h_tokens)::bigint as cache_write_tokens,
    sum(message.cost_usd::numeric)::double precision as cost_usd,
    count(*) filter (where message.cost_usd is null) as unpriced_message_count
from insights.claude_sessions as session
inner join insights.session_messages as message on session.id = message.session_id
where
    (session.id = %(session_id)s or session.parent_session_id = %(session_id)s)
    and message.is_owner
group by is_of_subagents, message.model
order by is_of_subagents, cost_usd desc nulls last, message.model
