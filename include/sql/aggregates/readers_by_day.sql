-- readers_by_day: who read the sessions of each day, as far back as a report compares.
-- Grain:  one row per (local date, model, prompt version), of 56 days and the window before, or of six months.
-- Reads:  insights.wanted_days
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

)

-- A session counts on each day on which a person spoke in it. Claude, batch and command with one model are one reader.
select
    activity_date,
    extraction_model as model,
    prompt_version,
    count(*) as session_count
from bounds
cross join insights.wanted_days(bounds.first_day, %(window_end)s)
where
    is_counted
    and is_read
    and human_prompt_count > 0
group by activity_date, extraction_model, prompt_version
order by activity_date, model, prompt_version
