-- The days of sessions with what figures ask of them, side by side: one table is read instead of three.

create view insights.day_facts_now as
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
    last_attempt.state as last_attempt_state
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
comment on view insights.day_facts_now is 'What insights.day_facts has to hold.';

-- In the order of days, in which they are read.
create table insights.day_facts as
select * from insights.day_facts_now
order by activity_date, session_id;
alter table insights.day_facts
alter column machine set not null,
alter column is_counted set not null,
alter column is_only_day set not null,
add primary key (session_id, activity_date),
add foreign key (session_id) references insights.claude_sessions (id) on delete cascade;
create index day_facts_activity_date on insights.day_facts (is_counted, is_only_day, activity_date);
comment on table insights.day_facts is
'Session × local date with the session''s facets, kept by triggers. is_counted: figures count the session, which no
program ran and which has 2 prompts or 1 minute. is_only_day: it has no other day.';

create function insights.keep_day_facts(changed text[])
returns void
language plpgsql
as $$
begin
    if coalesce(cardinality(changed), 0) = 0 then
        return;
    end if;
    -- Who reads a session and who syncs it write it one after the other: the second one sees what the first one wrote.
    perform from insights.claude_sessions where id = any(changed) order by id for no key update;
    delete from insights.day_facts where session_id = any(changed);
    insert into insights.day_facts
    select * from insights.day_facts_now
    where session_id = any(changed)
    order by activity_date, session_id;
end
$$;
comment on function insights.keep_day_facts is 'Writes the counted days of these sessions anew.';

create function insights.days_changed()
returns trigger
language plpgsql
as $$
begin
    perform insights.keep_day_facts(array(select distinct session_id from changed_rows));
    return null;
end
$$;
create trigger days_added after insert on insights.session_days
referencing new table as changed_rows
for each statement execute function insights.days_changed();
create trigger days_changed after update on insights.session_days
referencing new table as changed_rows
for each statement execute function insights.days_changed();
create trigger days_removed after delete on insights.session_days
referencing old table as changed_rows
for each statement execute function insights.days_changed();
create trigger facets_added after insert on insights.session_facets
referencing new table as changed_rows
for each statement execute function insights.days_changed();
create trigger facets_changed after update on insights.session_facets
referencing new table as changed_rows
for each statement execute function insights.days_changed();
create trigger facets_removed after delete on insights.session_facets
referencing old table as changed_rows
for each statement execute function insights.days_changed();
create trigger attempts_added after insert on insights.facet_extractions
referencing new table as changed_rows
for each statement execute function insights.days_changed();
create trigger attempts_changed after update on insights.facet_extractions
referencing new table as changed_rows
for each statement execute function insights.days_changed();
create trigger attempts_removed after delete on insights.facet_extractions
referencing old table as changed_rows
for each statement execute function insights.days_changed();

create function insights.session_changed()
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
                new_row.started_at, new_row.skills_used, new_row.human_prompt_count >= 2, new_row.active_minutes >= 1
            ) is distinct from (
                old_row.category, old_row.machine, old_row.project, old_row.initiated_by, old_row.title,
                old_row.started_at, old_row.skills_used, old_row.human_prompt_count >= 2, old_row.active_minutes >= 1
            )
    ));
    return null;
end
$$;
create trigger session_changed after update on insights.claude_sessions
referencing old table as old_rows new table as new_rows
for each statement execute function insights.session_changed();

create function insights.session_filter()
returns jsonb
language sql stable
as $$
    select nullif(current_setting('insights.session_filter', true), '')::jsonb
$$;
comment on function insights.session_filter is
'What the transaction counts alone, such as {"machine": "laptop", "business": null}, where null is unknown; null: all.
A session''s business is the first that it served.';

create function insights.cell(machine text, project text, initiated_by text, business text)
returns jsonb
language sql stable
as $$
    select jsonb_build_object(
        'machine', machine, 'project', project, 'initiated_by', initiated_by, 'business', business
    )
$$;
comment on function insights.cell is 'What a filter is compared with.';

create function insights.keep_first(kept anyelement, next_one anyelement)
returns anyelement
language sql immutable strict parallel safe
as $$
    select kept
$$;
create aggregate insights.first_known (anyelement)(
    sfunc = insights.keep_first, stype = anyelement, parallel = safe
);
comment on aggregate insights.first_known (anyelement) is
'A value of rows that all say the same: `any_value` of Postgres 16.';

create function insights.window_facts(window_start date, window_end date)
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
    -- A session of one day needs no sum.
    select
        session_id,
        title,
        project,
        started_at,
        active_minutes,
        human_prompt_count::bigint,
        message_count::bigint,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_write_tokens,
        input_tokens + output_tokens + cache_read_tokens + cache_write_tokens,
        cost_usd,
        unpriced_message_count::bigint,
        unfinished_message_count::bigint,
        time_zone,
        skills_used,
        is_read,
        business,
        business_count,
        outcome,
        priority_alignment,
        priority_matched,
        workflow_type,
        people,
        outreach_type,
        friction_counts,
        has_friction,
        skills_missed,
        course_corrections,
        retry_loops,
        mcp_failures,
        session_cut_short,
        estimated_time_saved_minutes,
        artifacts_created,
        decisions_made,
        knowledge_filed,
        reader,
        extraction_model,
        prompt_version,
        corrected_facet_count,
        attempt_count,
        priced_attempt_count,
        reading_cost_usd,
        last_attempt_state
    from insights.day_facts
    where
        activity_date >= window_start
        and activity_date < window_end
        and is_counted
        and is_only_day
        and human_prompt_count > 0
        and (
            (select insights.session_filter()) is null
            or insights.cell(machine, project, initiated_by, business) @> (select insights.session_filter())
        )
    union all
    select
        session_id,
        insights.first_known(title),
        insights.first_known(project),
        insights.first_known(started_at),
        sum(active_minutes),
        sum(human_prompt_count),
        sum(message_count),
        sum(input_tokens)::bigint,
        sum(output_tokens)::bigint,
        sum(cache_read_tokens)::bigint,
        sum(cache_write_tokens)::bigint,
        sum(input_tokens + output_tokens + cache_read_tokens + cache_write_tokens)::bigint,
        sum(cost_usd),
        sum(unpriced_message_count),
        sum(unfinished_message_count),
        min(time_zone),
        insights.first_known(skills_used),
        insights.first_known(is_read),
        insights.first_known(business),
        insights.first_known(business_count),
        insights.first_known(outcome),
        insights.first_known(priority_alignment),
        insights.first_known(priority_matched),
        insights.first_known(workflow_type),
        insights.first_known(people),
        insights.first_known(outreach_type),
        insights.first_known(friction_counts),
        insights.first_known(has_friction),
        insights.first_known(skills_missed),
        insights.first_known(course_corrections),
        insights.first_known(retry_loops),
        insights.first_known(mcp_failures),
        insights.first_known(session_cut_short),
        insights.first_known(estimated_time_saved_minutes),
        insights.first_known(artifacts_created),
        insights.first_known(decisions_made),
        insights.first_known(knowledge_filed),
        insights.first_known(reader),
        insights.first_known(extraction_model),
        insights.first_known(prompt_version),
        insights.first_known(corrected_facet_count),
        insights.first_known(attempt_count),
        insights.first_known(priced_attempt_count),
        insights.first_known(reading_cost_usd),
        insights.first_known(last_attempt_state)
    from insights.day_facts
    where
        activity_date >= window_start
        and activity_date < window_end
        and is_counted
        and not is_only_day
        and (
            (select insights.session_filter()) is null
            or insights.cell(machine, project, initiated_by, business) @> (select insights.session_filter())
        )
    group by session_id
    having sum(human_prompt_count) > 0
$$;
comment on function insights.window_facts is
'Sessions of people in which somebody spoke within the window (local dates, half-open), with what they did in it and
their facets; sessions of fewer than 2 prompts and under 1 minute are left out, and those that a filter does not want.
time_zone is the one that cut their days.';

create or replace function insights.window_sessions(window_start date, window_end date)
returns table (
    session_id text,
    title text,
    project text,
    started_at timestamptz,
    active_minutes double precision,
    human_prompt_count bigint,
    message_count bigint,
    input_tokens bigint,
    output_tokens bigint,
    cache_read_tokens bigint,
    cache_write_tokens bigint,
    total_tokens bigint,
    cost_usd double precision,
    unpriced_message_count bigint,
    unfinished_message_count bigint,
    time_zone text
)
language sql stable
as $$
    select
        session_id,
        title,
        project,
        started_at,
        active_minutes::double precision,
        human_prompt_count,
        message_count,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_write_tokens,
        total_tokens,
        cost_usd::double precision,
        unpriced_message_count,
        unfinished_message_count,
        time_zone
    from insights.window_facts(window_start, window_end)
$$;
comment on function insights.window_sessions is
'What the sessions of a window did in it, without their facets: see insights.window_facts.';

-- The same sums, over the facts.
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

        select * from insights.window_facts(window_start, window_end)

    ),

    contacts as (

        -- A contact is one person in one session, however often named.
        select
            session.session_id,
            mentioned.person
        from sessions as session
        cross join lateral unnest(session.people) as mentioned (person)

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
        (select count(distinct person) from contacts) as people_count,
        (select count(*) from contacts) as contact_count,
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
comment on function insights.window_summary is
'What your sessions of a window (local dates, half-open) sum up to: one row, also for a window without sessions.';

-- What filters offer is looked up value by value.
create index claude_sessions_project on insights.claude_sessions (project, ended_at) where category = 'human';
create index claude_sessions_machine on insights.claude_sessions (machine);
create index claude_sessions_human_machine on insights.claude_sessions (machine) where category = 'human';
create index claude_sessions_initiated_by on insights.claude_sessions (initiated_by) where category = 'human';

-- Days are read from these alone.
create index session_tools_activity_date on insights.session_tools (activity_date)
include (session_id, tool, call_count, error_count);
create index session_models_activity_date on insights.session_models (activity_date)
include (
    session_id, model, message_count, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd,
    unfinished_message_count
);
create index claude_sessions_subagents on insights.claude_sessions (parent_session_id)
include (started_at, first_record_at) where category = 'subagent';

drop function insights.is_wanted;
drop function insights.matches_filter;
