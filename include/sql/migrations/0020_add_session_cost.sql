-- What a session cost with its sub-agents, kept so that a list of all sessions can be ordered by it.

alter table insights.claude_sessions add column family_cost_usd double precision;
comment on column insights.claude_sessions.family_cost_usd is
'The sum of insights.session_days.cost_usd, so with sub-agents; null when no message has a price.';

update insights.claude_sessions as session
set family_cost_usd = total.cost_usd
from (
    select
        session_id,
        sum(cost_usd::numeric)::double precision as cost_usd
    from insights.session_days
    group by session_id
) as total
where session.id = total.session_id;
