-- refresh_search: the words that a search finds these sessions by, from what is stored of them now.
-- Grain:  one row per session of a person or a program; sub-agents have none.
-- Reads:  insights.claude_sessions, insights.session_entries, insights.session_facets
-- Params: session_ids
insert into insights.session_search (session_id, words)
select
    id as session_id,
    insights.search_words(id) as words
from insights.claude_sessions
where
    id = any(%(session_ids)s)
    and category in ('human', 'automated')
on conflict (session_id) do update
    set
        words = excluded.words
    where session_search.words is distinct from excluded.words
