-- table_health: which tables hold many dead rows, or have changed much since the planner last looked.
-- Grain:  one row per table, by name.
-- Reads:  pg_stat_user_tables, pg_class
-- Params: none
with

stats as (

    select
        stat.relid,
        stat.relname as table_name,
        stat.n_live_tup as live_count,
        stat.n_dead_tup as dead_count,
        pg_total_relation_size(stat.relid) as size_bytes,
        -- Below a thousand rows nobody notices; beyond, more than what autovacuum itself waits for.
        stat.n_dead_tup > 1000 + 0.2 * stat.n_live_tup as is_bloated,
        stat.n_mod_since_analyze > 1000 + 0.1 * stat.n_live_tup as is_stale
    from pg_stat_user_tables as stat
    where stat.schemaname = 'insights'

)

select
    stats.table_name,
    stats.live_count,
    stats.dead_count,
    stats.size_bytes,
    stats.is_bloated,
    stats.is_stale,
    -- Postgres passes over a table that is not one's own, with a warning that no task shows.
    pg_has_role(class.relowner, 'usage') as may_vacuum
from stats
inner join pg_class as class on stats.relid = class.oid
order by stats.table_name
