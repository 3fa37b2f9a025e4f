-- entries: a stretch of a session's transcript, as long as a page may be.
-- Grain:  one row per entry, in file order.
-- Reads:  insights.session_entries
-- Params: session_id
--         first_entry -- entry_no
--         most_entries, most_characters -- of all of them; the first is always there
with

stretch as (

    select
        entry_no,
        kind,
        at,
        text,
        is_person,
        is_copied,
        tool,
        file_path,
        skill,
        lines_added,
        lines_removed,
        commit_count
    from insights.session_entries
    where
        session_id = %(session_id)s
        and entry_no >= %(first_entry)s
    order by entry_no
    limit %(most_entries)s

),

measured as (

    select
        *,
        sum(length(text)) over (order by entry_no) - length(text) as characters_before
    from stretch

)

select
    entry_no,
    kind,
    at,
    text,
    is_person,
    is_copied,
    tool,
    file_path,
    skill,
    lines_added,
    lines_removed,
    commit_count
from measured
where characters_before < %(most_characters)s
order by entry_no
