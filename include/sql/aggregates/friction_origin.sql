-- friction_origin: where the friction of a window started.
-- Grain:  one row per kind of friction, most points first.
-- Reads:  insights.window_facts
-- Params: window_start, window_end -- local dates, half-open
with

friction_points as (

    select
        session.session_id,
        friction.kind as friction_kind,
        friction.points::integer as point_count
    from insights.window_facts(%(window_start)s, %(window_end)s) as session
    cross join lateral jsonb_each(session.friction_counts) as friction (kind, points)

),

friction_sums as (

    select
        friction_kind,
        sum(point_count) as point_count,
        count(*) as session_count
    from friction_points
    where point_count > 0
    group by friction_kind

)

select
    friction_kind,
    point_count,
    session_count
from friction_sums
order by point_count desc, session_count desc, friction_kind
