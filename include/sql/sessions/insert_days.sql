-- insert_days: what a session did on each local day, with the tokens of its sub-agents.
-- Sums are taken over exact numbers: those of fractions would depend on the order of rows.
-- Grain:  one row a (session, local date)
-- Params: session_ids, time_zone
with family as (

    select
        id as session_id,
        id as member_id,
        first_record_at
    from insights.claude_sessions
    where
        id = any(%(session_ids)s)
        and parent_session_id is null
    union all
    select
        parent_session_id as session_id,
        id as member_id,
        first_record_at
    from insights.claude_sessions
    where
        parent_session_id = any(%(session_ids)s)
        and category = 'subagent'

),

said as (

    select
        family.session_id,
        (coalesce(entry.at, family.first_record_at) at time zone %(time_zone)s)::date as activity_date,
        count(*) filter (where entry.kind in ('prompt', 'steering') and entry.is_person) as human_prompt_count,
        sum(round(entry.active_seconds * 1000)::bigint) / 60000.0 as active_minutes
    from family
    inner join insights.own_entries as entry on family.member_id = entry.session_id
    where
        family.member_id = family.session_id
        and entry.session_id = any(%(session_ids)s)
    group by family.session_id, activity_date

),

paid as (

    select
        family.session_id,
        (coalesce(message.at, family.first_record_at) at time zone %(time_zone)s)::date as activity_date,
        count(*) as message_count,
        sum(message.input_tokens) as input_tokens,
        sum(message.output_tokens) as output_tokens,
        sum(message.cache_read_tokens) as cache_read_tokens,
        sum(message.cache_write_5m_tokens + message.cache_write_1h_tokens) as cache_write_tokens,
        sum(message.cost_usd::numeric) as cost_usd,
        count(*) filter (where message.cost_usd is null) as unpriced_message_count,
        count(*) filter (where not message.is_final) as unfinished_message_count
    from family
    inner join insights.session_messages as message on family.member_id = message.session_id
    where message.is_owner
    group by family.session_id, activity_date

)

insert into insights.session_days (
    session_id, activity_date, time_zone, human_prompt_count, active_minutes, message_count, input_tokens,
    output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, unpriced_message_count, unfinished_message_count
)
select
    session.id as session_id,
    activity_date,
    %(time_zone)s as zone,
    coalesce(said.human_prompt_count, 0) as human_prompt_count,
    coalesce(said.active_minutes, 0) as active_minutes,
    coalesce(paid.message_count, 0) as message_count,
    coalesce(paid.input_tokens, 0) as input_tokens,
    coalesce(paid.output_tokens, 0) as output_tokens,
    coalesce(paid.cache_read_tokens, 0) as cache_read_tokens,
    coalesce(paid.cache_write_tokens, 0) as cache_write_tokens,
    paid.cost_usd,
    coalesce(paid.unpriced_message_count, 0) as unpriced_message_count,
    coalesce(paid.unfinished_message_count, 0) as unfinished_message_count
from said
full join paid using (session_id, activity_date)
inner join insights.claude_sessions as session on session.id = session_id
where activity_date is not null
