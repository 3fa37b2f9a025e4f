-- refresh_family_cost: what sessions cost with their sub-agents, after insert_days.
-- Reads:  insights.session_days
-- Params: session_ids
with totals as (

    select
        session.id,
        sum(day.cost_usd::numeric)::double precision as cost_usd
    from insights.claude_sessions as session
    left join insights.session_days as day on session.id = day.session_id
    where session.id = any(%(session_ids)s)
    group by session.id

)

update insights.claude_sessions as session
set family_cost_usd = total.cost_usd
from totals as total
where
    session.id = total.id
    and session.family_cost_usd is distinct from total.cost_usd
