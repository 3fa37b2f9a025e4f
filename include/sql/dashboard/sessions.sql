-- sessions: one page of the sessions that a filter leaves, with what they did within its days.
-- Grain:  one row per session, by sort_value and id, both descending.
-- Reads:  insights.session_days, insights.claude_sessions, insights.session_facets, insights.session_search,
--         insights.facet_extractions
-- Params: since, until -- local dates, both included, or null
--         category -- human (the sessions that figures count), automated, or all
--         sort_by -- last_spoken, active_minutes, cost_usd, course_corrections
--         after_value, after_id -- the last row of the page before, or null
--         result_limit -- rows; the others are one value each or null, see `dashboard/filters.py`
with

days as (

    select
        session_id,
        sum(active_minutes::numeric)::double precision as active_minutes,
        sum(cost_usd::numeric)::double precision as cost_usd,
        sum(human_prompt_count) as human_prompt_count
    from insights.session_days
    where
        (%(since)s::date is null or activity_date >= %(since)s::date)
        and (%(until)s::date is null or activity_date <= %(until)s::date)
    group by session_id

),

found as (

    select
        session.id as session_id,
        session.title,
        session.project,
        session.machine,
        session.category,
        session.ended_at as last_spoken_at,
        days.active_minutes,
        days.cost_usd,
        days.human_prompt_count,
        facet.session_id is not null as is_read,
        facet.businesses ->> 0 as business,
        facet.outcome,
        facet.course_corrections,
        facet.brief_summary,
        case %(sort_by)s
            when 'active_minutes' then days.active_minutes
            when 'cost_usd' then coalesce(days.cost_usd, -1)
            when 'course_corrections' then coalesce(facet.course_corrections, -1)
            else coalesce(extract(epoch from session.ended_at), 0)
        end::double precision as sort_value
    from days
    inner join insights.claude_sessions as session on days.session_id = session.id
    left join insights.session_facets as facet on session.id = facet.session_id
    where
        (
            (
                %(category)s <> 'automated'
                and session.category = 'human'
                and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
                and days.human_prompt_count > 0
            )
            or (%(category)s <> 'human' and session.category = 'automated')
        )
        and (%(words)s::text is null or session.id in (
            select search.session_id
            from insights.session_search as search
            where search.words @@ websearch_to_tsquery('english', %(words)s::text)
        ))
        and (%(business)s::text is null or coalesce(facet.businesses ->> 0, 'unknown') = %(business)s::text)
        and (%(project)s::text is null or coalesce(session.project, 'unknown') = %(project)s::text)
        and (%(machine)s::text is null or session.machine = %(machine)s::text)
        and (%(initiated_by)s::text is null or coalesce(session.initiated_by, 'unknown') = %(initiated_by)s::text)
        and (%(outcome)s::text is null or case
            when %(outcome)s::text = 'reached' then facet.outcome in ('fully_achieved', 'mostly_achieved')
            when %(outcome)s::text = 'judged' then facet.outcome <> 'unclear_from_transcript'
            when %(outcome)s::text = 'unknown'
                then
                    coalesce(facet.outcome, 'unclear_from_transcript')
                    = 'unclear_from_transcript'
            else facet.outcome = %(outcome)s::text
        end)
        and (%(alignment)s::text is null or coalesce(facet.priority_alignment, 'unknown') = %(alignment)s::text)
        and (%(priority)s::text is null or case
            when %(priority)s::text = 'any' then facet.priority_matched is not null
            when %(priority)s::text = 'none' then facet.session_id is not null and facet.priority_matched is null
            else facet.priority_matched = %(priority)s::text
        end)
        and (%(workflow)s::text is null or coalesce(facet.workflow_type, 'unknown') = %(workflow)s::text)
        and (%(friction)s::text is null or case
            when %(friction)s::text = 'any'
                then
                    exists (
                        select
                        from jsonb_each(facet.friction_counts) as point (kind, points)
                        where point.points::bigint > 0
                    )
            when %(friction)s::text = 'retry_loops' then facet.retry_loops > 0
            when starts_with(%(friction)s::text, 'connector:')
                then
                    exists (
                        select
                        from insights.session_entries as entry
                        where
                            entry.session_id = session.id
                            and entry.kind = 'tool_error'
                            and starts_with(entry.tool, 'mcp__' || substr(%(friction)s::text, 11) || '__')
                            and not entry.is_copied
                    )
            else coalesce((facet.friction_counts ->> %(friction)s::text)::bigint, 0) > 0
        end)
        and (%(person)s::text is null or case
            when %(person)s::text = 'any' then jsonb_array_length(facet.people_mentioned) > 0
            else facet.people_mentioned ? %(person)s::text
        end)
        and (%(skill)s::text is null or facet.skills_used ? %(skill)s::text)
        and (%(skill_missed)s::text is null or facet.skills_missed ? %(skill_missed)s::text)
        and (%(tool)s::text is null or session.tools_used ? %(tool)s::text)
        and (%(has)s::text is null or case %(has)s::text
            when 'corrections' then facet.course_corrections > 0
            when 'retry_loops' then facet.retry_loops > 0
            when 'mcp_failures' then facet.mcp_failures > 0
            when 'cut_short' then facet.session_cut_short
            when 'time_saved' then facet.estimated_time_saved_minutes > 0
            when 'artifacts' then facet.artifacts_created > 0
            when 'decisions' then facet.decisions_made > 0
            when 'knowledge' then facet.knowledge_filed > 0
            when 'tool_errors' then session.tool_error_count > 0
            when 'rejections' then session.rejection_count > 0
        end)
        and (%(reading)s::text is null or case %(reading)s::text
            when 'read' then facet.session_id is not null
            when 'unread' then facet.session_id is null
            else facet.session_id is null and exists (
                select
                from insights.facet_extractions as attempt
                where attempt.session_id = session.id and attempt.state in ('failed', 'refused')
            )
        end)

),

page as (

    select *
    from found
    where
        %(after_id)s::text is null
        or (sort_value, session_id) < (%(after_value)s::double precision, %(after_id)s::text)
    order by sort_value desc, session_id desc
    limit %(result_limit)s

)

select
    page.session_id,
    page.title,
    page.project,
    page.machine,
    page.category,
    page.last_spoken_at,
    page.active_minutes,
    page.cost_usd,
    page.human_prompt_count,
    page.is_read,
    page.business,
    page.outcome,
    page.course_corrections,
    page.brief_summary,
    page.sort_value,
    not page.is_read and exists (
        select
        from insights.facet_extractions as attempt
        where attempt.session_id = page.session_id and attempt.state in ('failed', 'refused')
    ) as has_failed,
    (select count(*) from found) as total_count
from page
order by page.sort_value desc, page.session_id desc
