-- delete_text: take the text out of entries of these sessions that are too old. What is counted of an entry stays.
-- Grain:  one row: how many entries lost their text.
-- Writes: insights.session_entries
-- Params: session_ids
--
-- An entry that a judgement cites keeps its text: it is the evidence for what stays.
with

cited as (

    select
        session_id,
        jsonb_path_query(evidence, '$.**') as place
    from insights.session_facets
    where session_id = any(%(session_ids)s)
    union all
    select
        session_id,
        jsonb_path_query(corrected, '$.*.evidence.**') as place
    from insights.session_facets
    where session_id = any(%(session_ids)s)

),

emptied as (

    update insights.session_entries as entry
    set text = ''
    from insights.claude_sessions as session
    where
        session.id = any(%(session_ids)s)
        and session.entries_deleted_until is not null
        and entry.session_id = session.id
        and (entry.at is null or entry.at <= session.entries_deleted_until)
        and entry.text <> ''
        and not exists (
            select 1
            from cited
            where
                cited.session_id = entry.session_id
                and cited.place = to_jsonb(entry.entry_no)
        )
    returning entry.session_id

)

select count(*) as entry_count
from emptied
