-- What lists and filters at 100,000 sessions need: what a session cost with its sub-agents, and a quick filter.

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

-- The same rule, in a language whose plan is kept for all rows; a value that the filter does not name is not looked up.
create or replace function insights.matches_filter(
    session_id text, machine text, project text, initiated_by text, session_filter jsonb
)
returns boolean
language plpgsql stable
as $$
begin
    if session_filter ? 'machine' and machine is distinct from session_filter ->> 'machine'
        or session_filter ? 'project' and project is distinct from session_filter ->> 'project'
        or session_filter ? 'initiated_by' and initiated_by is distinct from session_filter ->> 'initiated_by'
    then
        return false;
    end if;
    return not session_filter ? 'business' or (
        select facet.businesses ->> 0
        from insights.session_facets as facet
        where facet.session_id = matches_filter.session_id
    ) is not distinct from session_filter ->> 'business';
end
$$;
