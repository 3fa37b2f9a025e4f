-- data_version: two numbers that move with what was written: with everything, and with a correction alone.
-- Grain:  one row.
-- Reads:  insights.data_versions, insights.facet_corrections
select
    (select coalesce(sum(change_count), 0)::bigint from insights.data_versions) as change_count,
    (select coalesce(max(id), 0) from insights.facet_corrections) as correction_id
