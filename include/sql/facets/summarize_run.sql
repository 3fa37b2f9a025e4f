-- summarize_run: what a run made of its sessions, and how much of what can be read is read.
-- Grain:  one row.
-- Reads:  insights.facet_extractions, insights.claude_sessions, insights.session_facets
-- Params: dag_run_id, categories -- text[]
with

attempts as (

    select
        session_id,
        state,
        error,
        input_tokens + cache_read_tokens + cache_write_tokens as input_tokens,
        output_tokens,
        cost_usd,
        estimated_tokens,
        estimated_cost_usd,
        row_number() over (partition by session_id order by attempted_at desc, id desc) = 1 as is_last
    from insights.facet_extractions
    where dag_run_id = %(dag_run_id)s

),

run as (

    -- A session tried twice counts once, by its last try; both were paid.
    select
        count(*) filter (where is_last) as tried_count,
        count(*) filter (where is_last and state = 'ok') as ok_count,
        count(*) filter (where is_last and state in ('failed', 'refused')) as failed_count,
        count(*) filter (where is_last and state = 'skipped') as skipped_count,
        count(*) filter (where is_last and state = 'dry_run') as dry_run_count,
        coalesce(sum(input_tokens), 0)::bigint as input_tokens,
        coalesce(sum(output_tokens), 0)::bigint as output_tokens,
        coalesce(sum(cost_usd::numeric), 0)::double precision as cost_usd,
        count(*) filter (where cost_usd is null) as unpriced_count,
        coalesce(sum(estimated_tokens) filter (where is_last and state = 'dry_run'), 0)::bigint as estimated_tokens,
        coalesce(sum(estimated_cost_usd::numeric) filter (where is_last and state = 'dry_run'), 0)::double precision
            as estimated_cost_usd,
        max(error) filter (where is_last and state = 'skipped') as skipped_because
    from attempts

),

coverage as (

    select
        count(*) as session_count,
        count(facet.session_id) as read_count
    from insights.claude_sessions as session
    left join insights.session_facets as facet on session.id = facet.session_id
    where
        session.category = any(%(categories)s::text[])
        and (session.human_prompt_count >= 2 or session.active_minutes >= 1)

)

select
    run.tried_count,
    run.ok_count,
    run.failed_count,
    run.skipped_count,
    run.dry_run_count,
    run.input_tokens,
    run.output_tokens,
    run.cost_usd,
    run.unpriced_count,
    run.estimated_tokens,
    run.estimated_cost_usd,
    run.skipped_because,
    coverage.session_count,
    coverage.read_count
from run
cross join coverage
