-- facet_stats: how often each value of a facet stands in the sessions of a window.
-- Grain:  one row per (facet, value), most sessions first; value null is unknown.
-- Reads:  insights.window_sessions, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
with

read_sessions as (

    select facet.*
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
    inner join insights.session_facets as facet on session.session_id = facet.session_id

),

single_values as (

    select
        facet.session_id,
        single.facet_name,
        single.facet_value
    from read_sessions as facet
    cross join lateral (
        values
        ('outcome', facet.outcome),
        ('claude_helpfulness', facet.claude_helpfulness),
        ('session_type', facet.session_type),
        ('workflow_type', facet.workflow_type),
        ('priority_alignment', facet.priority_alignment),
        ('priority_matched', facet.priority_matched),
        ('outreach_type', facet.outreach_type)
    ) as single (facet_name, facet_value)

),

list_values as (

    select
        facet.session_id,
        listed.facet_name,
        member.facet_value
    from read_sessions as facet
    cross join
        lateral (
            values
            ('businesses', facet.businesses),
            ('people_mentioned', facet.people_mentioned),
            ('skills_used', facet.skills_used),
            ('skills_missed', facet.skills_missed)
        ) as listed (facet_name, members)
    cross join lateral jsonb_array_elements_text(listed.members) as member (facet_value)

),

friction_values as (

    select
        facet.session_id,
        'friction_counts' as facet_name,
        point.kind as facet_value
    from read_sessions as facet
    cross join lateral jsonb_each_text(facet.friction_counts) as point (kind, points)
    where point.points::bigint > 0

),

all_values as (

    select * from single_values
    union all
    select * from list_values
    union all
    select * from friction_values

)

select
    facet_name as facet,
    facet_value as value,
    count(distinct session_id) as session_count
from all_values
group by facet_name, facet_value
order by facet_name, session_count desc, facet_value nulls last
limit 1000
