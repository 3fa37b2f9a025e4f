-- upsert_snapshot: the snapshot of a window, made or found; one that stood for other days is emptied.
-- Grain:  one row: its id.
-- Writes: insights.insights_snapshots
-- Params: period_type, window_start, window_end -- local dates, half-open
insert into insights.insights_snapshots as snapshot (period_type, period_start, period_end)
values (%(period_type)s, %(window_start)s, %(window_end)s)
on conflict (period_type, period_start) do update
    set
        period_end = excluded.period_end,
        metrics = case when snapshot.period_end = excluded.period_end then snapshot.metrics else '{}' end,
        narrative = case when snapshot.period_end = excluded.period_end then snapshot.narrative end,
        report_url = case when snapshot.period_end = excluded.period_end then snapshot.report_url end,
        updated_at = case when snapshot.period_end = excluded.period_end then snapshot.updated_at else now() end
returning snapshot.id
