-- insert_extraction: one attempt at reading a session.
-- Grain:  one row.
-- Writes: insights.facet_extractions
-- Params: the columns
insert into insights.facet_extractions (
    session_id,
    state,
    reader,
    model,
    prompt_version,
    prompt_hash,
    content_hash,
    error,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    cost_usd,
    duration_seconds,
    estimated_tokens,
    estimated_cost_usd,
    dag_run_id
) values (
    %(session_id)s,
    %(state)s,
    %(reader)s,
    %(model)s,
    %(prompt_version)s,
    %(prompt_hash)s,
    %(content_hash)s,
    %(error)s,
    %(input_tokens)s,
    %(output_tokens)s,
    %(cache_read_tokens)s,
    %(cache_write_tokens)s,
    %(cost_usd)s,
    %(duration_seconds)s,
    %(estimated_tokens)s,
    %(estimated_cost_usd)s,
    %(dag_run_id)s
)
returning id
