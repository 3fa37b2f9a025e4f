-- count_run: what one run of a DAG has read.
-- Grain:  one row.
-- Reads:  insights.facet_extractions
-- Params: dag_run_id
select
    count(distinct session_id) filter (where state = 'ok') as read_count,
    count(distinct session_id) filter (where state in ('failed', 'refused')) as failed_count,
    sum(cost_usd) as cost_usd
from insights.facet_extractions
where dag_run_id = %(dag_run_id)s
