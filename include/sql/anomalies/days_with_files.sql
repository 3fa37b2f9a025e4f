-- days_with_files: local days on which a changed transcript was read, from the sync ledger and what it gave.
-- Grain:  one row per day.
-- Reads:  insights.transcript_files, insights.session_days
-- Params: window_start, window_end -- local dates, half-open; time_zone -- of the profile
select (read_at at time zone %(time_zone)s)::date as activity_date
from insights.transcript_files
where
    state = 'read'
    and read_at >= %(window_start)s::timestamp at time zone %(time_zone)s
union
select activity_date
from insights.session_days
where activity_date >= %(window_start)s
order by activity_date
