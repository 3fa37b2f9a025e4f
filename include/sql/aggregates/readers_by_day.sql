-- readers_by_day: who read the sessions of each day, as far back as a report compares.
-- Grain:  one row per (local date, model, prompt version), of 56 days and the window before, or of six months.
-- Reads:  insights.window_sessions, insights.session_days, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
with

bounds as (

    select
        case
            when
                %(window_start)s::date = date_trunc('month', %(window_start)s::timestamp)
                and %(window_end)s::date = date_trunc('month', %(window_start)s::timestamp) + interval '1 month'
                then (%(window_start)s::timestamp - interval '5 months')::date
            else
                least(
                    %(window_end)s::date - 56,
                    %(window_start)s::date - (%(window_end)s::date - %(window_start)s::date)
                )
        end as first_day

),

sessions as (

    select session.session_id
    from bounds
    cross join lateral insights.window_sessions(bounds.first_day, %(window_end)s) as session

)

-- A session counts on each day on which a person spoke in it. Claude, batch and command with one model are one reader.
select
    day.activity_date,
    facet.extraction_model as model,
    facet.prompt_version,
    count(*) as session_count
from sessions as session
inner join insights.session_facets as facet on session.session_id = facet.session_id
inner join insights.session_days as day on session.session_id = day.session_id
where
    day.activity_date >= (select bounds.first_day from bounds)
    and day.activity_date < %(window_end)s
    and day.human_prompt_count > 0
group by day.activity_date, facet.extraction_model, facet.prompt_version
order by day.activity_date, model, facet.prompt_version
