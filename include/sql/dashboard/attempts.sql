-- attempts: the tries to read a session.
-- Grain:  one row per try, newest first; at most 20.
-- Reads:  insights.facet_extractions
-- Params: session_id
select
    state,
    reader,
    model,
    prompt_version,
    error,
    cost_usd,
    dag_run_id,
    attempted_at,
    input_tokens + output_tokens + cache_read_tokens + cache_write_tokens as total_tokens,
    count(*) over () as attempt_count
from insights.facet_extractions
where session_id = %(session_id)s
order by attempted_at desc, id desc
limit 20
