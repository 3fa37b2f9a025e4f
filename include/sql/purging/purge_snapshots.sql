-- purge_snapshots: reports that name one of the sessions, or whose days or the days before have one of them.
-- Grain:  one row a snapshot
-- Params: session_ids, words -- ids, titles or a name
select
    id,
    period_type,
    period_start,
    period_end,
    uploads
from insights.insights_snapshots as snapshot
where
    exists (
        select 1
        from unnest(%(words)s::text[]) as word
        where
            strpos(lower(snapshot.metrics::text), lower(trim(both '"' from to_jsonb(word)::text))) > 0
            or strpos(lower(snapshot.narrative::text), lower(trim(both '"' from to_jsonb(word)::text))) > 0
    )
    or exists (
        select 1
        from insights.session_days as day
        where
            day.session_id = any(%(session_ids)s)
            and day.activity_date >= snapshot.period_start - (snapshot.period_end - snapshot.period_start)
            and day.activity_date < snapshot.period_end
    )
order by id
