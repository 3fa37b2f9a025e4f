-- load_entries: a session's own entries; history copied from another session is left out.
-- Grain:  one row per entry, in file order.
-- Reads:  insights.session_entries
-- Params: session_id
select
    entry_no,
    kind,
    at,
    text,
    is_person,
    tool,
    file_path,
    skill
from insights.session_entries
where
    session_id = %(session_id)s
    and not is_copied
order by entry_no
