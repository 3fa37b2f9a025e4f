-- summary: a window in one row: sessions, minutes, tokens, cost, and what came of them.
-- Grain:  one row, also for a window without sessions.
-- Reads:  insights.window_sessions, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
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
        facet.knowledge_filed
    from insights.window_sessions(%(window_start)s, %(window_end)s) as session
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
        count(*) as contact_count
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
        coalesce(sum(active_minutes::numeric) filter (where is_read), 0) as read_minutes
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
    session_sums.read_minutes
from session_sums
cross join contact_counts
