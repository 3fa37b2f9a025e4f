-- One row of words a session: an index over single entries would make each sync pay for every tool call.

create table insights.session_search (
    session_id text primary key references insights.claude_sessions (id) on delete cascade,
    words tsvector not null
);
comment on table insights.session_search is
'The words that a search finds a session by: its title, its facet, what was said, which files. Sub-agents have none.';

create index session_search_words on insights.session_search using gin (words);

create function insights.search_words(wanted_id text) returns tsvector
language sql stable
as $$
    -- A tsvector holds 1 MB, which 200,000 characters never fill; what people said comes first, so that it is kept.
    select
        setweight(to_tsvector('english', coalesce(session.title, '') || ' ' || coalesce(session.project, '')), 'A')
        || setweight(to_tsvector('english', left(concat_ws(
            ' ', facet.brief_summary, facet.underlying_goal, facet.friction_detail, facet.primary_success,
            facet.people_mentioned::text, facet.relationship_actions::text
        ), 20000)), 'B')
        || coalesce((
            select to_tsvector('english', left(string_agg(
                left(entry.text, case
                    when entry.kind in ('prompt', 'steering', 'command', 'rejection') then 4000
                    when entry.kind = 'reply' then 1000
                    else 150
                end), e'\n' order by entry.is_person desc, entry.entry_no
            ), 150000))
            from insights.session_entries as entry
            where entry.session_id = wanted_id and not entry.is_copied
        ), '')
    from insights.claude_sessions as session
    left join insights.session_facets as facet on session.id = facet.session_id
    where session.id = wanted_id
$$;

insert into insights.session_search (session_id, words)
select
    id as session_id,
    insights.search_words(id) as words
from insights.claude_sessions
where category in ('human', 'automated');
