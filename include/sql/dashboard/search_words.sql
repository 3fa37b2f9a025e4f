-- search_words: what a query looks for, as stems, without the words it leaves out.
-- Grain:  one row; stems are null when the query has no word to look for.
-- Params: words -- as a person typed them
select
    (
        select array_agg(distinct stem.word)
        from
            regexp_matches(querytree(websearch_to_tsquery('english', %(words)s))::text, '''((?:[^'']|'''')+)''', 'g')
                as found (groups)
        cross join lateral (select replace(found.groups[1], '''''', '''') as word) as stem
    ) as stems
