-- insert_day_tools: how often a session called each tool on each of its days, after insert_days.
-- Grain:  one row a (session, local date, tool)
-- Reads:  insights.session_days, insights.claude_sessions, insights.session_entries
-- Params: session_ids
insert into insights.session_tools (session_id, activity_date, tool, call_count, error_count)
select
    day.session_id,
    day.activity_date,
    entry.tool,
    count(*) as call_count,
    count(*) filter (where entry.kind = 'tool_error') as error_count
from insights.session_days as day
inner join insights.claude_sessions as session on day.session_id = session.id
inner join insights.session_entries as entry
    on
        day.session_id = entry.session_id
        and day.activity_date = (coalesce(entry.at, session.first_record_at) at time zone day.time_zone)::date
where
    day.session_id = any(%(session_ids)s)
    -- A call that was refused never ran.
    and entry.kind in ('tool', 'tool_error')
    and entry.tool is not null
    and not entry.is_copied
group by day.session_id, day.activity_date, entry.tool
