-- The one rule for what a window sums up to; a window, eight weeks and six months are each read through it.

create function insights.window_summary(window_start date, window_end date)
returns table (
    session_count bigint,
    read_count bigint,
    active_minutes numeric,
    human_prompt_count numeric,
    total_tokens numeric,
    input_tokens numeric,
    output_tokens numeric,
    cache_read_tokens numeric,
    cache_write_tokens numeric,
    cost_usd numeric,
    unpriced_message_count numeric,
    unfinished_message_count numeric,
    reached_count bigint,
    judged_count bigint,
    course_corrections bigint,
    time_saved_minutes bigint,
    time_saved_known_count bigint,
    artifacts_created bigint,
    decisions_made bigint,
    knowledge_filed bigint,
    people_count bigint,
    contact_count bigint,
    priority_minutes numeric,
    read_minutes numeric,
    mcp_failures bigint,
    retry_loops bigint,
    cut_short_count bigint,
    friction_session_count bigint,
    shared_session_count bigint,
    named_session_count bigint
)
language sql stable
as $$
    with

    sessions as (

        select
            session.*,
            facet.session_id is not null as is_read,
            facet.outcome,
            facet.priority_matched,
            facet.people_mentioned,
            facet.course_corrections,
            facet.estimated_time_saved_minutes,
            facet.artifacts_created,
            facet.decisions_made,
            facet.knowledge_filed,
            facet.mcp_failures,
            facet.retry_loops,
            facet.session_cut_short,
            (
                select count(distinct slug)
                from jsonb_array_elements_text(facet.businesses) as served (slug)
            ) as business_count,
            exists (
                select
                from jsonb_each(facet.friction_counts) as friction (kind, points)
                where points::bigint > 0
            ) as has_friction
        from insights.window_sessions(window_start, window_end) as session
        left join insights.session_facets as facet on session.session_id = facet.session_id

    ),

    contacts as (

        -- A contact is one person in one session, however often named.
        select distinct
            session.session_id,
            mentioned.person
        from sessions as session
        cross join lateral jsonb_array_elements_text(session.people_mentioned) as mentioned (person)

    ),

    contact_counts as (

        select
            count(distinct person) as people_count,
            count(*) as contact_count,
            count(distinct session_id) as named_session_count
        from contacts

    ),

    session_sums as (

        -- A sum adds what is known. It is null when there are sessions and none of them is known.
        select
            count(*) as session_count,
            count(*) filter (where is_read) as read_count,
            coalesce(sum(active_minutes::numeric), 0) as active_minutes,
            coalesce(sum(human_prompt_count), 0) as human_prompt_count,
            coalesce(sum(total_tokens), 0) as total_tokens,
            coalesce(sum(input_tokens), 0) as input_tokens,
            coalesce(sum(output_tokens), 0) as output_tokens,
            coalesce(sum(cache_read_tokens), 0) as cache_read_tokens,
            coalesce(sum(cache_write_tokens), 0) as cache_write_tokens,
            case
                when sum(unpriced_message_count) > 0 then sum(cost_usd::numeric)
                else coalesce(sum(cost_usd::numeric), 0)
            end as cost_usd,
            coalesce(sum(unpriced_message_count), 0) as unpriced_message_count,
            coalesce(sum(unfinished_message_count), 0) as unfinished_message_count,
            count(*) filter (where outcome in ('fully_achieved', 'mostly_achieved')) as reached_count,
            count(*) filter (where outcome <> 'unclear_from_transcript') as judged_count,
            case when count(*) > 0 then sum(course_corrections) else 0 end as course_corrections,
            case when count(*) > 0 then sum(estimated_time_saved_minutes) else 0 end as time_saved_minutes,
            count(estimated_time_saved_minutes) as time_saved_known_count,
            case when count(*) > 0 then sum(artifacts_created) else 0 end as artifacts_created,
            case when count(*) > 0 then sum(decisions_made) else 0 end as decisions_made,
            case when count(*) > 0 then sum(knowledge_filed) else 0 end as knowledge_filed,
            coalesce(sum(active_minutes::numeric) filter (where priority_matched is not null), 0) as priority_minutes,
            coalesce(sum(active_minutes::numeric) filter (where is_read), 0) as read_minutes,
            case when count(*) > 0 then sum(mcp_failures) else 0 end as mcp_failures,
            case when count(*) > 0 then sum(retry_loops) else 0 end as retry_loops,
            count(*) filter (where session_cut_short) as cut_short_count,
            count(*) filter (where has_friction) as friction_session_count,
            count(*) filter (where business_count > 1) as shared_session_count
        from sessions

    )

    select
        session_sums.session_count,
        session_sums.read_count,
        session_sums.active_minutes,
        session_sums.human_prompt_count,
        session_sums.total_tokens,
        session_sums.input_tokens,
        session_sums.output_tokens,
        session_sums.cache_read_tokens,
        session_sums.cache_write_tokens,
        session_sums.cost_usd,
        session_sums.unpriced_message_count,
        session_sums.unfinished_message_count,
        session_sums.reached_count,
        session_sums.judged_count,
        session_sums.course_corrections,
        session_sums.time_saved_minutes,
        session_sums.time_saved_known_count,
        session_sums.artifacts_created,
        session_sums.decisions_made,
        session_sums.knowledge_filed,
        contact_counts.people_count,
        contact_counts.contact_count,
        session_sums.priority_minutes,
        session_sums.read_minutes,
        session_sums.mcp_failures,
        session_sums.retry_loops,
        session_sums.cut_short_count,
        session_sums.friction_session_count,
        session_sums.shared_session_count,
        contact_counts.named_session_count
    from session_sums
    cross join contact_counts
$$;
comment on function insights.window_summary is
'What your sessions of a window (local dates, half-open) sum up to: one row, also for a window without sessions.';
