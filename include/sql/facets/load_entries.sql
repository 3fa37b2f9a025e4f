-- load_entries: a session's own entries; history copied from another session is left out.
-- Grain:  one row per entry, in file order.
-- Reads:  insights.session_entries, insights.claude_sessions
-- Params: session_id
select
    entry.entry_no,
    entry.kind,
    entry.at,
    -- A reader shall see that something was said.
    case when entry.text = '' and session.entries_deleted_at is not null then '[deleted]' else entry.text end as text,
    entry.is_person,
    entry.tool,
    entry.file_path,
    entry.skill
from insights.session_entries as entry
inner join insights.claude_sessions as session on entry.session_id = session.id
where
    entry.session_id = %(session_id)s
    and not entry.is_copied
order by entry.entry_no
