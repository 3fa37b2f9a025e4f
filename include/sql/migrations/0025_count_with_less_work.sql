-- Figures are counted with less work: one list of a window's sessions, and a filter that compares texts.

alter table insights.claude_sessions add column ends_in_error boolean;
comment on column insights.claude_sessions.ends_in_error is
'Its last own entry is an API error or an interruption; null: it has none, or they were deleted before this was kept.';
update insights.claude_sessions as session
set
    ends_in_error = (
        select entry.kind in ('api_error', 'interruption')
        from insights.session_entries as entry
        where entry.session_id = session.id and not entry.is_copied
        order by entry.entry_no desc
        limit 1
    );

create or replace view insights.day_facts_now as
select
    day.activity_date,
    day.session_id,
    session.category,
    -- Your sessions; a program's run or a short try is none.
    session.category = 'human' and (session.human_prompt_count >= 2 or session.active_minutes >= 1) as is_counted,
    session.machine,
    session.project,
    session.initiated_by,
    session.title,
    session.started_at,
    session.skills_used,
    day.time_zone,
    day.human_prompt_count,
    day.active_minutes::numeric as active_minutes,
    day.message_count,
    day.input_tokens,
    day.output_tokens,
    day.cache_read_tokens,
    day.cache_write_tokens,
    day.cost_usd::numeric as cost_usd,
    day.unpriced_message_count,
    day.unfinished_message_count,
    count(*) over (partition by day.session_id) = 1 as is_only_day,
    facet.session_id is not null as is_read,
    facet.businesses ->> 0 as business,
    (
        select count(distinct served.slug)
        from jsonb_array_elements_text(facet.businesses) as served (slug)
    )::integer as business_count,
    facet.outcome,
    facet.priority_alignment,
    facet.priority_matched,
    facet.workflow_type,
    array(
        select distinct mentioned.person
        from jsonb_array_elements_text(facet.people_mentioned) as mentioned (person)
        order by mentioned.person
    ) as people,
    facet.outreach_type,
    facet.friction_counts,
    exists(
        select from jsonb_each(facet.friction_counts) as friction (kind, points)
        where friction.points::bigint > 0
    ) as has_friction,
    facet.skills_missed,
    facet.course_corrections,
    facet.retry_loops,
    facet.mcp_failures,
    facet.session_cut_short,
    facet.estimated_time_saved_minutes,
    facet.artifacts_created,
    facet.decisions_made,
    facet.knowledge_filed,
    facet.reader,
    facet.extraction_model,
    facet.prompt_version,
    case
        when facet.corrected <> '{}'
            then (
                select count(*)
                from jsonb_object_keys(facet.corrected)
            )
    end as corrected_facet_count,
    attempt.attempt_count,
    attempt.priced_attempt_count,
    attempt.reading_cost_usd,
    last_attempt.state as last_attempt_state,
    case when session.category = 'automated' then session.ends_in_error end as ends_in_error
from insights.session_days as day
inner join insights.claude_sessions as session on day.session_id = session.id
left join insights.session_facets as facet on session.id = facet.session_id
cross join
    lateral (
        select
            count(*) as attempt_count,
            count(paid.cost_usd) as priced_attempt_count,
            sum(paid.cost_usd::numeric) as reading_cost_usd
        from insights.facet_extractions as paid
        where paid.session_id = session.id
    ) as attempt
left join lateral (
    -- A dry run or a skip says nothing about whether a session can be read.
    select tried.state
    from insights.facet_extractions as tried
    where tried.session_id = session.id and tried.state in ('ok', 'failed', 'refused')
    order by tried.attempted_at desc, tried.id desc
    limit 1
) as last_attempt on true;
alter table insights.day_facts add column ends_in_error boolean;
update insights.day_facts as day
set ends_in_error = session.ends_in_error
from insights.claude_sessions as session
where day.session_id = session.id and session.category = 'automated';

create or replace function insights.session_changed()
returns trigger
language plpgsql
as $$
begin
    perform insights.keep_day_facts(array(
        select new_row.id
        from new_rows as new_row
        inner join old_rows as old_row on new_row.id = old_row.id
        where
            (
                new_row.category, new_row.machine, new_row.project, new_row.initiated_by, new_row.title,
                new_row.started_at, new_row.skills_used, new_row.ends_in_error, new_row.human_prompt_count >= 2,
                new_row.active_minutes >= 1
            ) is distinct from (
                old_row.category, old_row.machine, old_row.project, old_row.initiated_by, old_row.title,
                old_row.started_at, old_row.skills_used, old_row.ends_in_error, old_row.human_prompt_count >= 2,
                old_row.active_minutes >= 1
            )
    ));
    return null;
end
$$;

-- Days of one session and of several are one list.
drop index insights.day_facts_activity_date;
create index day_facts_counted on insights.day_facts (activity_date) where is_counted;
create index day_facts_others on insights.day_facts (activity_date)
include (
    session_id, category, machine, project, initiated_by, business, human_prompt_count, cost_usd,
    unpriced_message_count, ends_in_error
)
where not is_counted;
create index day_facts_several on insights.day_facts (activity_date) where is_counted and not is_only_day;

-- Runs of sub-agents are found by their day.
drop index insights.claude_sessions_subagents;
create index claude_sessions_subagents on insights.claude_sessions (coalesce(started_at, first_record_at))
include (parent_session_id, started_at, first_record_at) where category = 'subagent';

create function insights.wanted_days(window_start date, window_end date)
returns setof insights.day_facts
language sql stable
as $$
    select *
    from insights.day_facts
    where
        activity_date >= window_start
        and activity_date < window_end
        -- What the filter does not name may be anything; null is wanted, too. (The planner takes a case for half of the
        -- rows, and as many conditions for hardly any.)
        and case
            when (select insights.session_filter()) is null then true
            else
                (
                    not (select insights.session_filter() ? 'machine')
                    or machine = (select insights.session_filter() ->> 'machine')
                )
                and (
                    not (select insights.session_filter() ? 'project')
                    or project is not distinct from (select insights.session_filter() ->> 'project')
                )
                and (
                    not (select insights.session_filter() ? 'initiated_by')
                    or initiated_by is not distinct from (select insights.session_filter() ->> 'initiated_by')
                )
                and (
                    not (select insights.session_filter() ? 'business')
                    or business is not distinct from (select insights.session_filter() ->> 'business')
                )
        end
$$;
comment on function insights.wanted_days is
'The days of a window (local dates, half-open) of sessions that the filter of the transaction wants.';

create or replace function insights.window_facts(window_start date, window_end date)
returns table (
    session_id text,
    title text,
    project text,
    started_at timestamptz,
    active_minutes numeric,
    human_prompt_count bigint,
    message_count bigint,
    input_tokens bigint,
    output_tokens bigint,
    cache_read_tokens bigint,
    cache_write_tokens bigint,
    total_tokens bigint,
    cost_usd numeric,
    unpriced_message_count bigint,
    unfinished_message_count bigint,
    time_zone text,
    skills_used jsonb,
    is_read boolean,
    business text,
    business_count integer,
    outcome text,
    priority_alignment text,
    priority_matched text,
    workflow_type text,
    people text[],
    outreach_type text,
    friction_counts jsonb,
    has_friction boolean,
    skills_missed jsonb,
    course_corrections integer,
    retry_loops integer,
    mcp_failures integer,
    session_cut_short boolean,
    estimated_time_saved_minutes integer,
    artifacts_created integer,
    decisions_made integer,
    knowledge_filed integer,
    reader text,
    extraction_model text,
    prompt_version integer,
    corrected_facet_count bigint,
    attempt_count bigint,
    priced_attempt_count bigint,
    reading_cost_usd numeric,
    last_attempt_state text
)
language sql stable
as $$
    -- Of a session with several days its first one in the window stands for all; a session of one day needs no sum.
    select
        day.session_id,
        day.title,
        day.project,
        day.started_at,
        coalesce(several.active_minutes, day.active_minutes) as active_minutes,
        coalesce(several.human_prompt_count, day.human_prompt_count) as human_prompt_count,
        coalesce(several.message_count, day.message_count) as message_count,
        coalesce(several.input_tokens, day.input_tokens) as input_tokens,
        coalesce(several.output_tokens, day.output_tokens) as output_tokens,
        coalesce(several.cache_read_tokens, day.cache_read_tokens) as cache_read_tokens,
        coalesce(several.cache_write_tokens, day.cache_write_tokens) as cache_write_tokens,
        coalesce(
            several.total_tokens,
            day.input_tokens + day.output_tokens + day.cache_read_tokens + day.cache_write_tokens
        ) as total_tokens,
        case when day.is_only_day then day.cost_usd else several.cost_usd end as cost_usd,
        coalesce(several.unpriced_message_count, day.unpriced_message_count) as unpriced_message_count,
        coalesce(several.unfinished_message_count, day.unfinished_message_count) as unfinished_message_count,
        coalesce(several.time_zone, day.time_zone) as time_zone,
        day.skills_used,
        day.is_read,
        day.business,
        day.business_count,
        day.outcome,
        day.priority_alignment,
        day.priority_matched,
        day.workflow_type,
        day.people,
        day.outreach_type,
        day.friction_counts,
        day.has_friction,
        day.skills_missed,
        day.course_corrections,
        day.retry_loops,
        day.mcp_failures,
        day.session_cut_short,
        day.estimated_time_saved_minutes,
        day.artifacts_created,
        day.decisions_made,
        day.knowledge_filed,
        day.reader,
        day.extraction_model,
        day.prompt_version,
        day.corrected_facet_count,
        day.attempt_count,
        day.priced_attempt_count,
        day.reading_cost_usd,
        day.last_attempt_state
    from insights.wanted_days(window_start, window_end) as day
    left join (
        select
            session_id,
            min(activity_date) as first_date,
            sum(active_minutes) as active_minutes,
            sum(human_prompt_count) as human_prompt_count,
            sum(message_count) as message_count,
            sum(input_tokens)::bigint as input_tokens,
            sum(output_tokens)::bigint as output_tokens,
            sum(cache_read_tokens)::bigint as cache_read_tokens,
            sum(cache_write_tokens)::bigint as cache_write_tokens,
            sum(input_tokens + output_tokens + cache_read_tokens + cache_write_tokens)::bigint as total_tokens,
            sum(cost_usd) as cost_usd,
            sum(unpriced_message_count) as unpriced_message_count,
            sum(unfinished_message_count) as unfinished_message_count,
            min(time_zone) as time_zone
        from insights.wanted_days(window_start, window_end)
        where is_counted and not is_only_day
        group by session_id
    ) as several on day.session_id = several.session_id
    where
        day.is_counted
        and case
            when day.is_only_day then day.human_prompt_count > 0
            else day.activity_date = several.first_date and several.human_prompt_count > 0
        end
$$;

create or replace function insights.window_summary(window_start date, window_end date)
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
            active_minutes,
            human_prompt_count,
            total_tokens,
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            cost_usd,
            unpriced_message_count,
            unfinished_message_count,
            is_read,
            outcome,
            course_corrections,
            estimated_time_saved_minutes,
            artifacts_created,
            decisions_made,
            knowledge_filed,
            people,
            priority_matched,
            mcp_failures,
            retry_loops,
            session_cut_short,
            has_friction,
            business_count
        from insights.window_facts(window_start, window_end)

    ),

    people as (

        select distinct mentioned.person
        from (select distinct people from sessions) as named
        cross join lateral unnest(named.people) as mentioned (person)

    )

    -- A sum adds what is known. It is null when there are sessions and none of them is known.
    select
        count(*) as session_count,
        count(*) filter (where is_read) as read_count,
        coalesce(sum(active_minutes), 0) as active_minutes,
        coalesce(sum(human_prompt_count), 0) as human_prompt_count,
        coalesce(sum(total_tokens), 0) as total_tokens,
        coalesce(sum(input_tokens), 0) as input_tokens,
        coalesce(sum(output_tokens), 0) as output_tokens,
        coalesce(sum(cache_read_tokens), 0) as cache_read_tokens,
        coalesce(sum(cache_write_tokens), 0) as cache_write_tokens,
        case
            when sum(unpriced_message_count) > 0 then sum(cost_usd)
            else coalesce(sum(cost_usd), 0)
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
        (select count(*) from people) as people_count,
        -- A contact is one person in one session, however often named.
        coalesce(sum(cardinality(people)), 0) as contact_count,
        coalesce(sum(active_minutes) filter (where priority_matched is not null), 0) as priority_minutes,
        coalesce(sum(active_minutes) filter (where is_read), 0) as read_minutes,
        case when count(*) > 0 then sum(mcp_failures) else 0 end as mcp_failures,
        case when count(*) > 0 then sum(retry_loops) else 0 end as retry_loops,
        count(*) filter (where session_cut_short) as cut_short_count,
        count(*) filter (where has_friction) as friction_session_count,
        count(*) filter (where business_count > 1) as shared_session_count,
        count(*) filter (where cardinality(people) > 0) as named_session_count
    from sessions
$$;

drop function insights.cell;
drop aggregate insights.first_known(anyelement);
drop function insights.keep_first;
