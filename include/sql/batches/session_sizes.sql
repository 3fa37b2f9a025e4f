-- session_sizes: bytes of what is kept of each session.
-- Grain:  one row per session, in the order given.
-- Reads:  insights.session_entries
-- Params: session_ids -- text[]
select
    given.session_id,
    coalesce(sum(octet_length(entry.text)), 0)::bigint as size_bytes
from unnest(%(session_ids)s::text[]) with ordinality as given (session_id, place)
left join insights.session_entries as entry on given.session_id = entry.session_id and not entry.is_copied
group by given.session_id, given.place
order by given.place
