-- insert_batch: what is about to be sent; sent and counted later.
-- Grain:  one row.
-- Writes: insights.facet_batches
-- Params: the columns
insert into insights.facet_batches (
    id,
    model,
    prompt_version,
    prompt_hash,
    dag_run_id
) values (
    %(batch_id)s,
    %(model)s,
    %(prompt_version)s,
    %(prompt_hash)s,
    %(dag_run_id)s
)
