-- search_hits: the first entry of each session that has one of the words.
-- Grain:  one row per session that has such an entry.
-- Reads:  insights.session_entries
-- Params: session_ids
--         words -- text[], lower case, as parts of a word
select distinct on (entry.session_id)
    entry.session_id,
    entry.entry_no,
    entry.text
from insights.session_entries as entry
where
    entry.session_id = any(%(session_ids)s)
    and not entry.is_copied
    and exists (
        select
        from unnest(%(words)s::text[]) as word (part)
        where strpos(lower(left(entry.text, 4000)), word.part) > 0
    )
order by entry.session_id, entry.is_person desc, entry.entry_no
