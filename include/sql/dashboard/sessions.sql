-- sessions: one page of the sessions that a filter leaves, with what they did within its days.
-- Grain:  one row per session, by sort_value and id, both descending.
-- Reads:  insights.day_facts, insights.session_days, insights.session_tools, insights.claude_sessions,
--         insights.session_facets, insights.session_search, insights.facet_extractions
-- Params: since, until -- local dates, both included, or null
--         category -- human (the sessions that figures count), automated, or all
--         sort_by -- last_spoken, active_minutes, cost_usd, course_corrections
--         after_value, after_id -- the last row of the page before, or null
--         needs_days -- a day is given
--         has_order -- an index has the rows in their order: newest first, without days and words
--         count_limit -- of rows that are counted
--         result_limit -- rows; the others are one value each or null, see `dashboard/filters.py`
with

days as (

    -- Left empty where the filter has no days: it would read every day of every session.
    select
        session_id,
        active_minutes,
        cost_usd,
        human_prompt_count
    from insights.day_facts
    where
        %(needs_days)s
        and is_only_day
        and (
            (%(category)s <> 'automated' and is_counted and human_prompt_count > 0)
            or (%(category)s <> 'human' and not is_counted and category = 'automated')
        )
        and (%(since)s::date is null or activity_date >= %(since)s::date)
        and (%(until)s::date is null or activity_date <= %(until)s::date)
    union all
    -- As numeric: the order in which rows are read cannot change the sum, and a page ends where the next begins.
    select
        session_id,
        sum(active_minutes) as active_minutes,
        sum(cost_usd) as cost_usd,
        sum(human_prompt_count) as human_prompt_count
    from insights.day_facts
    where
        %(needs_days)s
        and not is_only_day
        and (
            (%(category)s <> 'automated' and is_counted)
            or (%(category)s <> 'human' and not is_counted and category = 'automated')
        )
        and (%(since)s::date is null or activity_date >= %(since)s::date)
        and (%(until)s::date is null or activity_date <= %(until)s::date)
    group by session_id
    having sum(human_prompt_count) > 0 or not bool_or(is_counted)

),

found as not materialized (

    select
        session.id as session_id,
        session.ended_at,
        case %(sort_by)s
            when 'active_minutes'
                then case when %(needs_days)s then days.active_minutes else session.active_minutes end
            when 'cost_usd'
                then coalesce(case when %(needs_days)s then days.cost_usd else session.family_cost_usd end, -1)
            when 'course_corrections' then coalesce(facet.course_corrections, -1)
            else coalesce(extract(epoch from session.ended_at), 0)
        end::double precision as sort_value
    from insights.claude_sessions as session
    left join days on session.id = days.session_id
    left join insights.session_facets as facet on session.id = facet.session_id
    where
        (not %(needs_days)s or days.session_id is not null)
        and (
            (
                %(category)s <> 'automated'
                and session.category = 'human'
                -- Else a session's days have been asked.
                and (
                    %(needs_days)s
                    or (
                        (session.human_prompt_count >= 2 or session.active_minutes >= 1)
                        and session.human_prompt_count > 0
                    )
                )
            )
            or (%(category)s <> 'human' and session.category = 'automated')
        )
        -- As an array, the ids are looked up; as a subquery here, they would be looked for in every session.
        and (%(words)s::text is null or session.id = any(array(
            select search.session_id
            from insights.session_search as search
            where search.words @@ websearch_to_tsquery('english', %(words)s::text)
        )))
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
                    jsonb_path_exists(facet.friction_counts, '$.* ? (@ > 0)')
            when %(friction)s::text = 'retry_loops' then facet.retry_loops > 0
            when starts_with(%(friction)s::text, 'connector:')
                then
                    session.id in (
                        select called.session_id
                        from insights.session_tools as called
                        where
                            called.error_count > 0
                            and (%(since)s::date is null or called.activity_date >= %(since)s::date)
                            and (%(until)s::date is null or called.activity_date <= %(until)s::date)
                            and starts_with(called.tool, 'mcp__')
                            and coalesce(substring(called.tool from '^mcp__(.+?)__'), called.tool)
                            = substr(%(friction)s::text, 11)
                    )
            else coalesce((facet.friction_counts ->> %(friction)s::text)::bigint, 0) > 0
        end)
        and (%(person)s::text is null or case
            when %(person)s::text = 'any' then jsonb_array_length(facet.people_mentioned) > 0
            else facet.people_mentioned ? %(person)s::text
        end)
        and (%(skill)s::text is null or session.skills_used ? %(skill)s::text)
        and (%(skill_missed)s::text is null or facet.skills_missed ? %(skill_missed)s::text)
        -- What failed is little and is found once; a tool may have been called in all sessions.
        and (%(tool)s::text is null or exists (
            select
            from insights.session_tools as called
            where
                called.session_id = session.id
                and called.tool = %(tool)s::text
                and (%(since)s::date is null or called.activity_date >= %(since)s::date)
                and (%(until)s::date is null or called.activity_date <= %(until)s::date)
        ))
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
            else facet.session_id is null and session.id in (
                select attempt.session_id
                from insights.facet_extractions as attempt
                where attempt.state in ('failed', 'refused')
            )
        end)

),

sorted as materialized (

    -- Once for the page and the count.
    select
        session_id,
        sort_value
    from found
    where not %(has_order)s

),

page as (

    (
        select
            session_id,
            sort_value
        from sorted
        where
            %(after_id)s::text is null
            or (sort_value, session_id) < (%(after_value)s::double precision, %(after_id)s::text)
        order by sort_value desc, session_id desc
        limit %(result_limit)s
    )
    union all
    (
        select
            session_id,
            sort_value
        from found
        where
            %(has_order)s
            and (
                %(after_id)s::text is null
                or (sort_value, session_id) < (%(after_value)s::double precision, %(after_id)s::text)
            )
        order by ended_at desc nulls last, session_id desc
        limit %(result_limit)s
    )

),

page_days as (

    select
        page.session_id,
        sum(day.active_minutes::numeric)::double precision as active_minutes,
        sum(day.cost_usd::numeric)::double precision as cost_usd,
        sum(day.human_prompt_count) as human_prompt_count
    from page
    inner join insights.session_days as day on page.session_id = day.session_id
    where
        (%(since)s::date is null or day.activity_date >= %(since)s::date)
        and (%(until)s::date is null or day.activity_date <= %(until)s::date)
    group by page.session_id

)

select
    page.session_id,
    session.title,
    session.project,
    session.machine,
    session.category,
    session.ended_at as last_spoken_at,
    coalesce(page_days.active_minutes, 0) as active_minutes,
    page_days.cost_usd,
    coalesce(page_days.human_prompt_count, 0) as human_prompt_count,
    facet.session_id is not null as is_read,
    facet.businesses ->> 0 as business,
    facet.outcome,
    facet.course_corrections,
    facet.brief_summary,
    page.sort_value,
    facet.session_id is null and exists (
        select
        from insights.facet_extractions as attempt
        where attempt.session_id = page.session_id and attempt.state in ('failed', 'refused')
    ) as has_failed,
    case
        when %(has_order)s
            then (
                select count(*)
                from (
                    select
                    from found
                    order by ended_at desc nulls last, session_id desc
                    limit %(count_limit)s
                ) as counted
            )
        else (select least(count(*), %(count_limit)s) from sorted)
    end as total_count
from page
inner join insights.claude_sessions as session on page.session_id = session.id
left join page_days on page.session_id = page_days.session_id
left join insights.session_facets as facet on page.session_id = facet.session_id
order by page.sort_value desc, page.session_id desc
