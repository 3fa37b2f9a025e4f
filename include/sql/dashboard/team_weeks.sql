-- team_weeks: what a team did, of groups that hide their members.
-- Grain:  one row per (week that is over, business); business null: several, each served by too few people.
-- Reads:  insights.team_weeks
-- Params: first_day, day_after -- local dates; weeks that lie in them whole
select
    week_start,
    business,
    people_count,
    session_count,
    read_count,
    active_minutes,
    total_tokens,
    cost_usd,
    reached_count,
    judged_count,
    friction_session_count,
    time_saved_minutes
from insights.team_weeks(%(first_day)s::date, %(day_after)s::date)
order by week_start, business nulls last
