-- summary_by_week: the summary of each of the last 8 weeks.
-- Grain:  one row per week of 7 days, oldest first; the last one ends at window_end.
-- Reads:  insights.window_sessions, insights.session_facets
-- Params: window_start, window_end -- local dates, half-open
with

weeks as (

    select %(window_end)s::date - 7 * number as week_start
    from generate_series(1, 8) as number

),

sessions as (

    select
        week.week_start,
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
    from weeks as week
    cross join lateral insights.window_sessions(week.week_start, week.week_start + 7) as session
    left join insights.session_facets as facet on session.session_id = facet.session_id

),

contacts as (

    -- A contact is one person in one session, however often named.
    select distinct
        session.week_start,
        session.session_id,
        mentioned.person
    from sessions as session
    cross join lateral jsonb_array_elements_text(session.people_mentioned) as mentioned (person)

),

contact_counts as (

    select
        week_start,
        count(distinct person) as people_count,
        count(*) as contact_count
    from contacts
    group by week_start

),

session_sums as (

    -- A sum adds what is known. It is null when there are sessions and none of them is known.
    select
        week.week_start,
        count(session.session_id) as session_count,
        count(*) filter (where session.is_read) as read_count,
        coalesce(sum(session.active_minutes::numeric), 0) as active_minutes,
        coalesce(sum(session.human_prompt_count), 0) as human_prompt_count,
        coalesce(sum(session.total_tokens), 0) as total_tokens,
        coalesce(sum(session.input_tokens), 0) as input_tokens,
        coalesce(sum(session.output_tokens), 0) as output_tokens,
        coalesce(sum(session.cache_read_tokens), 0) as cache_read_tokens,
        coalesce(sum(session.cache_write_tokens), 0) as cache_write_tokens,
        case
            when sum(session.unpriced_message_count) > 0 then sum(session.cost_usd::numeric)
            else coalesce(sum(session.cost_usd::numeric), 0)
        end as cost_usd,
        coalesce(sum(session.unpriced_message_count), 0) as unpriced_message_count,
        coalesce(sum(session.unfinished_message_count), 0) as unfinished_message_count,
        count(*) filter (where session.outcome in ('fully_achieved', 'mostly_achieved')) as reached_count,
        count(*) filter (where session.outcome <> 'unclear_from_transcript') as judged_count,
        case when count(session.session_id) > 0 then sum(session.course_corrections) else 0 end
            as course_corrections,
        case when count(session.session_id) > 0 then sum(session.estimated_time_saved_minutes) else 0 end
            as time_saved_minutes,
        count(session.estimated_time_saved_minutes) as time_saved_known_count,
        case when count(session.session_id) > 0 then sum(session.artifacts_created) else 0 end as artifacts_created,
        case when count(session.session_id) > 0 then sum(session.decisions_made) else 0 end as decisions_made,
        case when count(session.session_id) > 0 then sum(session.knowledge_filed) else 0 end as knowledge_filed,
        coalesce(sum(session.active_minutes::numeric) filter (where session.priority_matched is not null), 0)
            as priority_minutes,
        coalesce(sum(session.active_minutes::numeric) filter (where session.is_read), 0) as read_minutes
    from weeks as week
    left join sessions as session on week.week_start = session.week_start
    group by week.week_start

)

select
    session_sums.week_start,
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
    coalesce(contact_counts.people_count, 0) as people_count,
    coalesce(contact_counts.contact_count, 0) as contact_count,
    session_sums.priority_minutes,
    session_sums.read_minutes
from session_sums
left join contact_counts on session_sums.week_start = contact_counts.week_start
order by session_sums.week_start
