-- select_aged: sessions in which nothing was said for so long that their text goes, oldest first.
-- Grain:  one row per session.
-- Reads:  insights.claude_sessions
-- Params: kept_since -- timestamptz; what is older goes
--         result_limit -- or null
select id as session_id
from insights.claude_sessions
where
    coalesce(last_record_at, synced_at) < %(kept_since)s
    and (entries_deleted_until is null or coalesce(last_record_at, synced_at) > entries_deleted_until)
order by coalesce(last_record_at, synced_at), id
limit %(result_limit)s
