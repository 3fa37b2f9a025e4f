-- data_version: two numbers that move with what was written: with everything, and with what a person did.
-- Grain:  one row.
-- Reads:  insights.data_versions, insights.facet_corrections
with

changes as (

    select
        coalesce(sum(change_count), 0)::bigint as change_count,
        coalesce(sum(change_count) filter (where slot = 0), 0)::bigint as purge_count
    from insights.data_versions

),

corrections as (

    select coalesce(max(id), 0) as correction_count
    from insights.facet_corrections

)

select
    changes.change_count,
    changes.purge_count + corrections.correction_count as urgent_count
from changes
cross join corrections
