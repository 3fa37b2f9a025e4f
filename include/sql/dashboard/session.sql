-- session: one session as its page heads it, with its facet.
-- Grain:  one row, none where the session is not known.
-- Reads:  insights.claude_sessions, insights.session_facets, insights.session_days, insights.session_entries
-- Params: session_id
with

noted as (

    select
        count(*) as entry_count,
        (array_agg(entry_no order by entry_no) filter (where kind = 'tool_error' and not is_copied))[1:6]
            as tool_error_entries,
        (array_agg(entry_no order by entry_no) filter (where kind = 'rejection' and not is_copied))[1:6]
            as rejection_entries,
        (array_agg(entry_no order by entry_no) filter (where kind = 'interruption' and not is_copied))[1:6]
            as interruption_entries
    from insights.session_entries
    where session_id = %(session_id)s

),

family as (

    select sum(cost_usd::numeric)::double precision as family_cost_usd
    from insights.session_days
    where session_id = %(session_id)s

)

select
    session.*,
    noted.*,
    family.*,
    to_jsonb(facet) as facet
from insights.claude_sessions as session
cross join noted
cross join family
left join insights.session_facets as facet on session.id = facet.session_id
where session.id = %(session_id)s
