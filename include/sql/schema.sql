-- What the migrations make, for reading; renewed by `make schema`, never applied.

CREATE SCHEMA insights;

CREATE FUNCTION insights.count_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    -- Once a transaction is enough; a rolled back savepoint takes the setting back with the count.
    if current_setting('insights.counted_in', true) is distinct from pg_current_xact_id()::text then
        update insights.data_versions set change_count = change_count + 1
        where slot = (select slot from insights.data_versions where slot > 0 limit 1 for update skip locked);
        if not found then
            -- More writers than slots: this one waits for the first.
            update insights.data_versions set change_count = change_count + 1 where slot = 1;
        end if;
        perform set_config('insights.counted_in', pg_current_xact_id()::text, true);
    end if;
    return null;
end
$$;

COMMENT ON FUNCTION insights.count_change() IS 'Moves the version of the data; visible when what was written is.';

CREATE FUNCTION insights.count_purge() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update insights.data_versions set change_count = change_count + 1
    where slot = 0;
    return null;
end
$$;

CREATE FUNCTION insights.days_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform insights.keep_day_facts(array(select distinct session_id from changed_rows));
    return null;
end
$$;

CREATE FUNCTION insights.failures_of(wanted_id text, wanted_hash text) RETURNS TABLE(failed_with integer, failure_count integer)
    LANGUAGE sql STABLE
    AS $$
    select coalesce(latest.question, 0), coalesce(latest.try_count, 0)
    from (values (true)) as always (is_one_row)
    left join (
        select failed.question, count(*)::integer as try_count
        from (
            select
                attempt.attempted_at,
                attempt.id,
                case when attempt.reader = 'offline' then -attempt.prompt_version else attempt.prompt_version end
                    as question
            from insights.facet_extractions as attempt
            where
                attempt.session_id = wanted_id
                and attempt.content_hash = wanted_hash
                and attempt.state in ('failed', 'refused')
                and not exists (
                    select 1
                    from insights.facet_extractions as later
                    where
                        later.session_id = attempt.session_id
                        and later.state = 'ok'
                        and later.attempted_at > attempt.attempted_at
                )
        ) as failed
        group by failed.question
        order by max(failed.attempted_at) desc, max(failed.id) desc
        limit 1
    ) as latest on always.is_one_row
$$;

CREATE FUNCTION insights.is_admin() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select exists (select from insights.team_members where user_name = insights.viewer() and is_admin)
$$;

CREATE FUNCTION insights.is_limited() RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    select row_security_active('insights.claude_sessions') and not insights.may_write()
$$;

COMMENT ON FUNCTION insights.is_limited() IS 'Whether this role sees only what insights.viewer may see.';

CREATE FUNCTION insights.keep_day_facts(changed text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

COMMENT ON FUNCTION insights.keep_day_facts(changed text[]) IS 'Writes the counted days of these sessions anew.';

CREATE FUNCTION insights.limit_readers(smallest_group integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    target record;
begin
    if smallest_group > 0 then
        insert into insights.team_rules (smallest_group) values (limit_readers.smallest_group)
        on conflict (is_only_row) do update set smallest_group = excluded.smallest_group;
    else
        delete from insights.team_rules;
    end if;
    -- Also tables that later migrations made: one that names neither machine nor session is for those who see all.
    for target in
        select
            class.oid::regclass as name,
            class.oid = 'insights.claude_sessions'::regclass as is_session,
            exists (
                select from pg_attribute as attribute
                where attribute.attrelid = class.oid and attribute.attname = 'machine' and not attribute.attisdropped
            ) as has_machine,
            exists (
                select from pg_attribute as attribute
                where attribute.attrelid = class.oid and attribute.attname = 'session_id' and not attribute.attisdropped
            ) as has_session
        from pg_class as class
        where
            class.relnamespace = 'insights'::regnamespace
            and class.relkind in ('r', 'p')
            and class.relname not in ('schema_migrations', 'data_versions', 'team_rules')
        order by class.relname
    loop
        execute format('drop policy if exists by_viewer on %s', target.name);
        if smallest_group = 0 then
            execute format('alter table %s disable row level security', target.name);
            continue;
        end if;
        execute format(
            'create policy by_viewer on %s using ((select insights.sees_all()) %s)',
            target.name,
            case
                when target.has_machine then 'or machine = any((select insights.own_machines())::text[])'
                when target.has_session then format(
                    'or exists (select from insights.claude_sessions as mine where mine.id = %s.session_id)',
                    target.name
                )
                else ''
            end
        );
        execute format('alter table %s enable row level security', target.name);
    end loop;
    -- A view reads with the rights of its owner, who sees all, unless it is told otherwise.
    for target in
        select class.oid::regclass as name
        from pg_class as class
        where class.relnamespace = 'insights'::regnamespace and class.relkind = 'v'
    loop
        execute format('alter view %s set (security_invoker = true)', target.name);
    end loop;
end
$$;

COMMENT ON FUNCTION insights.limit_readers(smallest_group integer) IS 'Lets roles that may only read see what insights.viewer may see; 0 lets them see all again. For the owner of the tables.
Source: docs/decisions/0021-team-views.md';

CREATE FUNCTION insights.may_write() RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    select has_table_privilege('insights.claude_sessions', 'insert')
$$;

CREATE FUNCTION insights.note_failure() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    -- Two tries at once: who comes second counts what the first has written. A new success ends failures alone.
    perform from insights.claude_sessions
    where
        id = coalesce(new.session_id, old.session_id)
        and (failure_count > 0 or tg_op <> 'INSERT' or new.state <> 'ok')
    for no key update;
    if not found then
        return null;
    end if;
    update insights.claude_sessions as session
    set failed_with = known.failed_with, failure_count = known.failure_count
    from insights.claude_sessions as tried
    cross join lateral insights.failures_of(tried.id, tried.content_hash) as known
    where
        tried.id = coalesce(new.session_id, old.session_id)
        and session.id = tried.id
        and (session.failed_with, session.failure_count) <> (known.failed_with, known.failure_count);
    return null;
end
$$;

CREATE FUNCTION insights.note_reading() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update insights.claude_sessions as session
    set read_with = insights.reading_of(session.id, session.content_hash)
    where
        session.id = coalesce(new.session_id, old.session_id)
        and session.read_with <> insights.reading_of(session.id, session.content_hash);
    return null;
end
$$;

CREATE FUNCTION insights.note_text() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.read_with := insights.reading_of(new.id, new.content_hash);
    select known.failed_with, known.failure_count into new.failed_with, new.failure_count
    from insights.failures_of(new.id, new.content_hash) as known;
    return new;
end
$$;

CREATE FUNCTION insights.own_machines() RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select coalesce(array_agg(machine), '{}') from insights.team_machines where user_name = insights.viewer()
$$;

COMMENT ON FUNCTION insights.own_machines() IS 'Machines of whoever looks.';

CREATE FUNCTION insights.reading_of(wanted_id text, wanted_hash text) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    select coalesce((
        select case when facet.reader = 'offline' then -facet.prompt_version else facet.prompt_version end
        from insights.session_facets as facet
        where facet.session_id = wanted_id and facet.content_hash = wanted_hash
    ), 0)
$$;

CREATE FUNCTION insights.search_words(wanted_id text) RETURNS tsvector
    LANGUAGE sql STABLE
    AS $$
    -- A tsvector holds 1 MB, which 200,000 characters never fill; what people said comes first, so that it is kept.
    select
        setweight(to_tsvector('english', coalesce(session.title, '') || ' ' || coalesce(session.project, '')), 'A')
        || setweight(to_tsvector('english', left(concat_ws(
            ' ', facet.brief_summary, facet.underlying_goal, facet.friction_detail, facet.primary_success,
            facet.people_mentioned::text, facet.relationship_actions::text
        ), 20000)), 'B')
        || coalesce((
            select to_tsvector('english', left(string_agg(
                left(entry.text, case
                    when entry.kind in ('prompt', 'steering', 'command', 'rejection') then 4000
                    when entry.kind = 'reply' then 1000
                    else 150
                end), e'\n' order by entry.is_person desc, entry.entry_no
            ), 150000))
            from insights.session_entries as entry
            where entry.session_id = wanted_id and not entry.is_copied
        ), '')
    from insights.claude_sessions as session
    left join insights.session_facets as facet on session.id = facet.session_id
    where session.id = wanted_id
$$;

CREATE FUNCTION insights.sees_all() RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    select insights.may_write() or insights.is_admin()
$$;

CREATE FUNCTION insights.session_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION insights.session_filter() RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    select nullif(current_setting('insights.session_filter', true), '')::jsonb
$$;

COMMENT ON FUNCTION insights.session_filter() IS 'What the transaction counts alone, such as {"machine": "laptop", "business": null}, where null is unknown; null: all.
A session''s business is the first that it served.';

CREATE FUNCTION insights.team_weeks(first_day date, day_after date) RETURNS TABLE(week_start date, business text, people_count bigint, session_count bigint, read_count bigint, active_minutes double precision, total_tokens bigint, cost_usd double precision, reached_count bigint, judged_count bigint, friction_session_count bigint, time_saved_minutes bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    -- A filter would allow to take two answers from each other. Not as a clause of the function: only a superuser may
    -- write one for a setting of ours.
    perform set_config('insights.session_filter', '', true);

    return query
    with

    weeks as (

        -- Whole weeks that are over: answers of two days cannot be taken from each other either.
        select series.day::date as week_start
        from generate_series(
            date_trunc('week', first_day::timestamp + interval '6 days'),
            least(day_after, current_date)::timestamp - interval '7 days',
            interval '7 days'
        ) as series (day)

    ),

    sessions as (

        select
            weeks.week_start,
            coalesce(facet.businesses ->> 0, 'unknown') as business,
            -- Machines of nobody may all be one person's.
            coalesce(owned.user_name, '') as person,
            done.active_minutes,
            done.total_tokens,
            done.cost_usd,
            facet.session_id is not null as is_read,
            facet.outcome,
            facet.estimated_time_saved_minutes,
            exists (
                select from jsonb_each(facet.friction_counts) as friction (kind, points)
                where points::bigint > 0
            ) as has_friction
        from weeks
        cross join lateral insights.window_sessions(weeks.week_start, weeks.week_start + 7) as done
        inner join insights.claude_sessions as session on done.session_id = session.id
        left join insights.session_facets as facet on session.id = facet.session_id
        left join insights.team_machines as owned on session.machine = owned.machine

    ),

    group_sizes as (

        select
            week_start,
            business,
            count(distinct person) as people_count
        from sessions
        group by week_start, business

    ),

    named as (

        -- What too few did stands together under no name; its sum is shown if it is of enough people again.
        select
            sessions.*,
            case when sizes.people_count >= rule.smallest_group then sessions.business end as shown_business
        from sessions
        inner join group_sizes as sizes
            on sessions.week_start = sizes.week_start and sessions.business = sizes.business
        cross join insights.team_rules as rule

    )

    select
        named.week_start,
        named.shown_business,
        count(distinct named.person),
        count(*),
        count(*) filter (where named.is_read),
        sum(named.active_minutes::numeric)::double precision,
        sum(named.total_tokens)::bigint,
        sum(named.cost_usd::numeric)::double precision,
        count(*) filter (where named.outcome in ('fully_achieved', 'mostly_achieved')),
        count(*) filter (where named.outcome <> 'unclear_from_transcript'),
        count(*) filter (where named.has_friction),
        sum(named.estimated_time_saved_minutes)::bigint
    from named
    cross join insights.team_rules as rule
    group by named.week_start, named.shown_business, rule.smallest_group
    having count(distinct named.person) >= rule.smallest_group
    order by named.week_start, named.shown_business nulls last;
end
$$;

COMMENT ON FUNCTION insights.team_weeks(first_day date, day_after date) IS 'What a team did in whole calendar weeks that are over, by the first business of a session; null: several, each served
by too few people. No row where fewer people than the smallest group have a part; nothing where readers are not limited.';

CREATE FUNCTION insights.viewer() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select said.user_name
    from (
        select
            left(current_setting('insights.viewer', true), 64) as signature,
            substr(current_setting('insights.viewer', true), 65) as user_name
    ) as said
    inner join insights.team_rules as rule
        on said.signature = encode(sha256(convert_to(
            rule.signing_key || encode(sha256(convert_to(rule.signing_key || said.user_name, 'UTF8')), 'hex'), 'UTF8'
        )), 'hex')
$$;

COMMENT ON FUNCTION insights.viewer() IS 'Who looks, as the setting insights.viewer says: a signature by the key of team_rules, then the name. Null without a
signature that is right, so that a role that may only read cannot say that it is somebody.';

CREATE TABLE insights.day_facts (
    activity_date date NOT NULL,
    session_id text NOT NULL,
    category text,
    is_counted boolean NOT NULL,
    machine text NOT NULL,
    project text,
    initiated_by text,
    title text,
    started_at timestamp with time zone,
    skills_used jsonb,
    time_zone text,
    human_prompt_count integer,
    active_minutes numeric,
    message_count integer,
    input_tokens bigint,
    output_tokens bigint,
    cache_read_tokens bigint,
    cache_write_tokens bigint,
    cost_usd numeric,
    unpriced_message_count integer,
    unfinished_message_count integer,
    is_only_day boolean NOT NULL,
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
    last_attempt_state text,
    ends_in_error boolean
);

COMMENT ON TABLE insights.day_facts IS 'Session × local date with the session''s facets, kept by triggers. is_counted: figures count the session, which no
program ran and which has 2 prompts or 1 minute. is_only_day: it has no other day.';

CREATE FUNCTION insights.wanted_days(window_start date, window_end date) RETURNS SETOF insights.day_facts
    LANGUAGE sql STABLE
    AS $$
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

COMMENT ON FUNCTION insights.wanted_days(window_start date, window_end date) IS 'The days of a window (local dates, half-open) of sessions that the filter of the transaction wants.';

CREATE FUNCTION insights.window_facts(window_start date, window_end date) RETURNS TABLE(session_id text, title text, project text, started_at timestamp with time zone, active_minutes numeric, human_prompt_count bigint, message_count bigint, input_tokens bigint, output_tokens bigint, cache_read_tokens bigint, cache_write_tokens bigint, total_tokens bigint, cost_usd numeric, unpriced_message_count bigint, unfinished_message_count bigint, time_zone text, skills_used jsonb, is_read boolean, business text, business_count integer, outcome text, priority_alignment text, priority_matched text, workflow_type text, people text[], outreach_type text, friction_counts jsonb, has_friction boolean, skills_missed jsonb, course_corrections integer, retry_loops integer, mcp_failures integer, session_cut_short boolean, estimated_time_saved_minutes integer, artifacts_created integer, decisions_made integer, knowledge_filed integer, reader text, extraction_model text, prompt_version integer, corrected_facet_count bigint, attempt_count bigint, priced_attempt_count bigint, reading_cost_usd numeric, last_attempt_state text)
    LANGUAGE sql STABLE
    AS $$
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

COMMENT ON FUNCTION insights.window_facts(window_start date, window_end date) IS 'Sessions of people in which somebody spoke within the window (local dates, half-open), with what they did in it and
their facets; sessions of fewer than 2 prompts and under 1 minute are left out, and those that a filter does not want.
time_zone is the one that cut their days.';

CREATE FUNCTION insights.window_sessions(window_start date, window_end date) RETURNS TABLE(session_id text, title text, project text, started_at timestamp with time zone, active_minutes double precision, human_prompt_count bigint, message_count bigint, input_tokens bigint, output_tokens bigint, cache_read_tokens bigint, cache_write_tokens bigint, total_tokens bigint, cost_usd double precision, unpriced_message_count bigint, unfinished_message_count bigint, time_zone text)
    LANGUAGE sql STABLE
    AS $$
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

COMMENT ON FUNCTION insights.window_sessions(window_start date, window_end date) IS 'What the sessions of a window did in it, without their facets: see insights.window_facts.';

CREATE FUNCTION insights.window_summary(window_start date, window_end date) RETURNS TABLE(session_count bigint, read_count bigint, active_minutes numeric, human_prompt_count numeric, total_tokens numeric, input_tokens numeric, output_tokens numeric, cache_read_tokens numeric, cache_write_tokens numeric, cost_usd numeric, unpriced_message_count numeric, unfinished_message_count numeric, reached_count bigint, judged_count bigint, course_corrections bigint, time_saved_minutes bigint, time_saved_known_count bigint, artifacts_created bigint, decisions_made bigint, knowledge_filed bigint, people_count bigint, contact_count bigint, priority_minutes numeric, read_minutes numeric, mcp_failures bigint, retry_loops bigint, cut_short_count bigint, friction_session_count bigint, shared_session_count bigint, named_session_count bigint)
    LANGUAGE sql STABLE
    AS $$
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

COMMENT ON FUNCTION insights.window_summary(window_start date, window_end date) IS 'What your sessions of a window (local dates, half-open) sum up to: one row, also for a window without sessions.';

CREATE TABLE insights.anomalies (
    id bigint NOT NULL,
    metric text NOT NULL,
    window_start date NOT NULL,
    window_end date NOT NULL,
    value double precision NOT NULL,
    baseline double precision NOT NULL,
    session_count integer NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    detected_at timestamp with time zone DEFAULT now() NOT NULL,
    explanation text DEFAULT ''::text NOT NULL,
    baseline_count integer DEFAULT 0 NOT NULL,
    told_at timestamp with time zone,
    closed_at timestamp with time zone,
    CONSTRAINT closed_has_a_time CHECK (((state = 'closed'::text) = (closed_at IS NOT NULL))),
    CONSTRAINT state_is_known CHECK ((state = ANY (ARRAY['open'::text, 'told'::text, 'closed'::text]))),
    CONSTRAINT told_has_a_time CHECK (((state <> 'told'::text) OR (told_at IS NOT NULL)))
);

COMMENT ON TABLE insights.anomalies IS 'From the first day on which a metric was far from its baseline to the day after the last; figures of the first day.';

COMMENT ON COLUMN insights.anomalies.session_count IS 'Behind value.';

COMMENT ON COLUMN insights.anomalies.baseline_count IS 'Sessions behind baseline.';

ALTER TABLE insights.anomalies ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insights.anomalies_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insights.claude_sessions (
    id text NOT NULL,
    machine text NOT NULL,
    transcript_path text NOT NULL,
    parent_session_id text,
    is_subagent boolean GENERATED ALWAYS AS ((parent_session_id IS NOT NULL)) STORED,
    agent_type text,
    cwd text,
    project text,
    git_branch text,
    title text,
    cli_version text,
    entrypoint text,
    category text NOT NULL,
    initiated_by text,
    forked_from text,
    resumed_from text,
    first_record_at timestamp with time zone,
    last_record_at timestamp with time zone,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    duration_minutes double precision,
    active_minutes double precision DEFAULT 0 NOT NULL,
    message_count integer DEFAULT 0 NOT NULL,
    human_prompt_count integer DEFAULT 0 NOT NULL,
    tools_used jsonb DEFAULT '{}'::jsonb NOT NULL,
    tool_error_count integer DEFAULT 0 NOT NULL,
    mcp_call_count integer DEFAULT 0 NOT NULL,
    mcp_error_count integer DEFAULT 0 NOT NULL,
    files_touched jsonb DEFAULT '{}'::jsonb NOT NULL,
    skills_used jsonb DEFAULT '[]'::jsonb NOT NULL,
    pr_urls jsonb DEFAULT '[]'::jsonb NOT NULL,
    input_tokens bigint DEFAULT 0 NOT NULL,
    output_tokens bigint DEFAULT 0 NOT NULL,
    cache_read_tokens bigint DEFAULT 0 NOT NULL,
    cache_write_tokens bigint DEFAULT 0 NOT NULL,
    cost_usd double precision,
    unpriced_message_count integer DEFAULT 0 NOT NULL,
    unfinished_message_count integer DEFAULT 0 NOT NULL,
    interruption_count integer DEFAULT 0 NOT NULL,
    rejection_count integer DEFAULT 0 NOT NULL,
    compaction_count integer DEFAULT 0 NOT NULL,
    api_error_count integer DEFAULT 0 NOT NULL,
    lines_added integer DEFAULT 0 NOT NULL,
    lines_removed integer DEFAULT 0 NOT NULL,
    commit_count integer DEFAULT 0 NOT NULL,
    content_hash text DEFAULT ''::text NOT NULL,
    memories_extracted_at timestamp with time zone,
    facets_extracted_at timestamp with time zone,
    synced_at timestamp with time zone DEFAULT now() NOT NULL,
    family_cost_usd double precision,
    entries_deleted_at timestamp with time zone,
    entries_deleted_until timestamp with time zone,
    read_with integer DEFAULT 0 NOT NULL,
    failed_with integer DEFAULT 0 NOT NULL,
    failure_count integer DEFAULT 0 NOT NULL,
    ends_in_error boolean,
    CONSTRAINT category_is_known CHECK ((category = ANY (ARRAY['human'::text, 'automated'::text, 'subagent'::text, 'warmup'::text, 'stub'::text, 'plumbing'::text]))),
    CONSTRAINT cost_usd_is_not_negative CHECK ((cost_usd >= (0)::double precision)),
    CONSTRAINT deleted_entries_have_both_times CHECK (((entries_deleted_at IS NULL) = (entries_deleted_until IS NULL)))
);

COMMENT ON TABLE insights.claude_sessions IS 'One session; a sub-agent is a session with a parent. Its own work only: copied history and sub-agents are not in.';

COMMENT ON COLUMN insights.claude_sessions.project IS 'From cwd; a worktree belongs to its repository.';

COMMENT ON COLUMN insights.claude_sessions.forked_from IS 'As its records say; resumed_from also finds old copies.';

COMMENT ON COLUMN insights.claude_sessions.first_record_at IS 'In its file, copied history included.';

COMMENT ON COLUMN insights.claude_sessions.active_minutes IS 'Gaps cut at 5 minutes.';

COMMENT ON COLUMN insights.claude_sessions.cost_usd IS 'At list price; null when no message has a price.';

COMMENT ON COLUMN insights.claude_sessions.unfinished_message_count IS 'Messages without a stop_reason: their output_tokens are a lower bound.';

COMMENT ON COLUMN insights.claude_sessions.content_hash IS 'Changes when an entry of the session changes.';

COMMENT ON COLUMN insights.claude_sessions.family_cost_usd IS 'The sum of insights.session_days.cost_usd, so with sub-agents; null when no message has a price.';

COMMENT ON COLUMN insights.claude_sessions.entries_deleted_at IS 'When the text of its old entries was last deleted.';

COMMENT ON COLUMN insights.claude_sessions.entries_deleted_until IS 'Entries up to this moment have no text any more, unless the facet cites them; a sync does not bring it back.';

COMMENT ON COLUMN insights.claude_sessions.read_with IS 'The version of the prompt that its present text was read with, negative for a version of the rules; 0: its present
text was not read. Kept by triggers, so that what is due is found without its facet.';

COMMENT ON COLUMN insights.claude_sessions.failed_with IS 'The version of the prompt that the last try to read its present text failed with, negative for a version of the rules;
0: no try has failed since it was read. Kept by triggers, so that what was given up is passed over without its tries.';

COMMENT ON COLUMN insights.claude_sessions.failure_count IS 'How many tries of its present text have failed with `failed_with` since it was read.';

COMMENT ON COLUMN insights.claude_sessions.ends_in_error IS 'Its last own entry is an API error or an interruption; null: it has none, or they were deleted before this was kept.';

CREATE TABLE insights.data_versions (
    slot integer NOT NULL,
    change_count bigint DEFAULT 0 NOT NULL
);

COMMENT ON TABLE insights.data_versions IS 'Writing transactions, counted in several slots, so that no writer waits for another; the sum is the data''s version.
Slot 0 counts what must be gone from every page at once: purges.';

CREATE TABLE insights.facet_extractions (
    id bigint NOT NULL,
    session_id text NOT NULL,
    state text NOT NULL,
    reader text NOT NULL,
    model text NOT NULL,
    prompt_version integer NOT NULL,
    prompt_hash text NOT NULL,
    content_hash text NOT NULL,
    error text,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL,
    cache_write_tokens bigint NOT NULL,
    cost_usd double precision,
    duration_seconds double precision NOT NULL,
    dag_run_id text,
    attempted_at timestamp with time zone DEFAULT now() NOT NULL,
    estimated_tokens bigint,
    estimated_cost_usd double precision,
    CONSTRAINT failure_says_why CHECK (((state <> ALL (ARRAY['failed'::text, 'refused'::text])) OR (error IS NOT NULL))),
    CONSTRAINT state_is_known CHECK ((state = ANY (ARRAY['ok'::text, 'failed'::text, 'refused'::text, 'skipped'::text, 'dry_run'::text])))
);

COMMENT ON TABLE insights.facet_extractions IS 'One attempt: coverage and cost come from here. Cost null: no list price.';

COMMENT ON COLUMN insights.facet_extractions.estimated_tokens IS 'Of the request, at 4 characters a token, before it was sent; null: nobody was to be asked.';

COMMENT ON COLUMN insights.facet_extractions.estimated_cost_usd IS 'One try without the cache, before it was sent; null: nobody was to be asked, or no list price.';

CREATE TABLE insights.session_days (
    session_id text NOT NULL,
    activity_date date NOT NULL,
    time_zone text NOT NULL,
    human_prompt_count integer NOT NULL,
    active_minutes double precision NOT NULL,
    message_count integer NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL,
    cache_write_tokens bigint NOT NULL,
    cost_usd double precision,
    unpriced_message_count integer NOT NULL,
    unfinished_message_count integer NOT NULL
);

COMMENT ON TABLE insights.session_days IS 'Session × local date: what every window sums. Tokens and cost include the sub-agents; sub-agents have no rows.';

CREATE TABLE insights.session_facets (
    session_id text NOT NULL,
    underlying_goal text,
    goal_categories jsonb,
    outcome text,
    user_satisfaction_counts jsonb,
    claude_helpfulness text,
    session_type text,
    friction_counts jsonb,
    friction_detail text,
    primary_success text,
    brief_summary text,
    projects jsonb,
    businesses jsonb,
    priority_alignment text,
    priority_matched text,
    workflow_type text,
    initiated_by text,
    completion_chain jsonb,
    skills_used jsonb,
    skills_missed jsonb,
    course_corrections integer,
    retry_loops integer,
    pivot_trigger text,
    mcp_failures integer,
    session_cut_short boolean,
    resumed_from text,
    people_mentioned jsonb,
    relationship_actions jsonb,
    outreach_type text,
    estimated_time_saved_minutes integer,
    artifacts_created integer,
    knowledge_filed integer,
    decisions_made integer,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    reader text NOT NULL,
    prompt_version integer NOT NULL,
    prompt_hash text NOT NULL,
    content_hash text NOT NULL,
    extraction_model text NOT NULL,
    extraction_cost_usd double precision,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    corrected jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT claude_helpfulness_is_known CHECK ((claude_helpfulness = ANY (ARRAY['essential'::text, 'very_helpful'::text, 'moderately_helpful'::text, 'slightly_helpful'::text, 'unhelpful'::text]))),
    CONSTRAINT counts_are_not_negative CHECK (((course_corrections >= 0) AND (retry_loops >= 0) AND (mcp_failures >= 0) AND (estimated_time_saved_minutes >= 0) AND (artifacts_created >= 0) AND (knowledge_filed >= 0) AND (decisions_made >= 0))),
    CONSTRAINT initiated_by_is_known CHECK ((initiated_by = ANY (ARRAY['user-interactive'::text, 'discord-mention'::text, 'scheduled-job'::text, 'sub-agent'::text, 'webhook'::text]))),
    CONSTRAINT outcome_is_known CHECK ((outcome = ANY (ARRAY['fully_achieved'::text, 'mostly_achieved'::text, 'partially_achieved'::text, 'not_achieved'::text, 'unclear_from_transcript'::text]))),
    CONSTRAINT outreach_type_is_known CHECK ((outreach_type = ANY (ARRAY['proactive'::text, 'reactive'::text, 'automated'::text, 'none'::text]))),
    CONSTRAINT priority_alignment_is_known CHECK ((priority_alignment = ANY (ARRAY['aligned'::text, 'supportive'::text, 'neutral'::text, 'drift'::text]))),
    CONSTRAINT session_type_is_known CHECK ((session_type = ANY (ARRAY['single_task'::text, 'multi_task'::text, 'iterative_refinement'::text, 'exploration'::text]))),
    CONSTRAINT workflow_type_is_known CHECK ((workflow_type = ANY (ARRAY['email'::text, 'research'::text, 'filing'::text, 'meeting-prep'::text, 'agreement'::text, 'event-planning'::text, 'relationship-maintenance'::text, 'skill-building'::text, 'debugging'::text, 'content-creation'::text, 'admin'::text])))
);

COMMENT ON TABLE insights.session_facets IS 'The newest reading of a session. Null is unknown. evidence: facet → entry numbers in session_entries.';

COMMENT ON COLUMN insights.session_facets.corrected IS 'Corrected facets → {value, evidence} of the reader; the facet''s own column has what the person said.';

CREATE VIEW insights.day_facts_now AS
 SELECT day.activity_date,
    day.session_id,
    session.category,
    ((session.category = 'human'::text) AND ((session.human_prompt_count >= 2) OR (session.active_minutes >= (1)::double precision))) AS is_counted,
    session.machine,
    session.project,
    session.initiated_by,
    session.title,
    session.started_at,
    session.skills_used,
    day.time_zone,
    day.human_prompt_count,
    (day.active_minutes)::numeric AS active_minutes,
    day.message_count,
    day.input_tokens,
    day.output_tokens,
    day.cache_read_tokens,
    day.cache_write_tokens,
    (day.cost_usd)::numeric AS cost_usd,
    day.unpriced_message_count,
    day.unfinished_message_count,
    (count(*) OVER (PARTITION BY day.session_id) = 1) AS is_only_day,
    (facet.session_id IS NOT NULL) AS is_read,
    (facet.businesses ->> 0) AS business,
    (( SELECT count(DISTINCT served.slug) AS count
           FROM jsonb_array_elements_text(facet.businesses) served(slug)))::integer AS business_count,
    facet.outcome,
    facet.priority_alignment,
    facet.priority_matched,
    facet.workflow_type,
    ARRAY( SELECT DISTINCT mentioned.person
           FROM jsonb_array_elements_text(facet.people_mentioned) mentioned(person)
          ORDER BY mentioned.person) AS people,
    facet.outreach_type,
    facet.friction_counts,
    (EXISTS ( SELECT
           FROM jsonb_each(facet.friction_counts) friction(kind, points)
          WHERE ((friction.points)::bigint > 0))) AS has_friction,
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
        CASE
            WHEN (facet.corrected <> '{}'::jsonb) THEN ( SELECT count(*) AS count
               FROM jsonb_object_keys(facet.corrected) jsonb_object_keys(jsonb_object_keys))
            ELSE NULL::bigint
        END AS corrected_facet_count,
    attempt.attempt_count,
    attempt.priced_attempt_count,
    attempt.reading_cost_usd,
    last_attempt.state AS last_attempt_state,
        CASE
            WHEN (session.category = 'automated'::text) THEN session.ends_in_error
            ELSE NULL::boolean
        END AS ends_in_error
   FROM ((((insights.session_days day
     JOIN insights.claude_sessions session ON ((day.session_id = session.id)))
     LEFT JOIN insights.session_facets facet ON ((session.id = facet.session_id)))
     CROSS JOIN LATERAL ( SELECT count(*) AS attempt_count,
            count(paid.cost_usd) AS priced_attempt_count,
            sum((paid.cost_usd)::numeric) AS reading_cost_usd
           FROM insights.facet_extractions paid
          WHERE (paid.session_id = session.id)) attempt)
     LEFT JOIN LATERAL ( SELECT tried.state
           FROM insights.facet_extractions tried
          WHERE ((tried.session_id = session.id) AND (tried.state = ANY (ARRAY['ok'::text, 'failed'::text, 'refused'::text])))
          ORDER BY tried.attempted_at DESC, tried.id DESC
         LIMIT 1) last_attempt ON (true));

COMMENT ON VIEW insights.day_facts_now IS 'What insights.day_facts has to hold.';

CREATE TABLE insights.facet_batch_requests (
    custom_id text NOT NULL,
    batch_id text NOT NULL,
    session_id text NOT NULL,
    content_hash text NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    extraction_id bigint,
    CONSTRAINT request_state_is_known CHECK ((state = ANY (ARRAY['open'::text, 'ok'::text, 'failed'::text, 'refused'::text, 'skipped'::text])))
);

COMMENT ON TABLE insights.facet_batch_requests IS 'One session in one batch. Skipped: expired, canceled or stopped by the API itself, so not read and not paid for.';

CREATE TABLE insights.facet_batches (
    id text NOT NULL,
    provider_id text,
    is_recognized boolean DEFAULT false NOT NULL,
    not_ours jsonb DEFAULT '[]'::jsonb NOT NULL,
    model text NOT NULL,
    prompt_version integer NOT NULL,
    prompt_hash text NOT NULL,
    request_count integer DEFAULT 0 NOT NULL,
    estimated_tokens bigint DEFAULT 0 NOT NULL,
    estimate_usd double precision,
    dag_run_id text,
    planned_at timestamp with time zone DEFAULT now() NOT NULL,
    tried_at timestamp with time zone,
    sent_at timestamp with time zone,
    collected_at timestamp with time zone,
    CONSTRAINT sent_under_a_name CHECK (((provider_id IS NULL) = (sent_at IS NULL)))
);

COMMENT ON TABLE insights.facet_batches IS 'One batch. Planned before it is sent; open until every answer of it is kept. Estimate null: no list price.';

COMMENT ON COLUMN insights.facet_batches.provider_id IS 'As the API calls it; null as long as it is not known whether the API has it.';

COMMENT ON COLUMN insights.facet_batches.is_recognized IS 'Found in the list of the API after its answer was missed, by count and time; its results must prove it.';

COMMENT ON COLUMN insights.facet_batches.not_ours IS 'Batches of somebody else that looked like this one, by their provider_id.';

COMMENT ON COLUMN insights.facet_batches.tried_at IS 'When it was last about to be sent; null: the API cannot have it.';

CREATE TABLE insights.facet_corrections (
    id bigint NOT NULL,
    session_id text NOT NULL,
    facet text NOT NULL,
    action text NOT NULL,
    value jsonb,
    previous_value jsonb,
    corrected_by text NOT NULL,
    corrected_at timestamp with time zone DEFAULT now() NOT NULL,
    note text,
    CONSTRAINT action_is_known CHECK ((action = ANY (ARRAY['set'::text, 'undo'::text]))),
    CONSTRAINT only_set_has_a_value CHECK (((action = 'set'::text) = (value IS NOT NULL)))
);

COMMENT ON TABLE insights.facet_corrections IS 'One act of a person on one facet; rows are added, never changed, but for a name that is purged. The newest row of a
facet stands. JSON null is a person''s "unknown".';

COMMENT ON COLUMN insights.facet_corrections.previous_value IS 'What was shown before; null also where nothing was.';

ALTER TABLE insights.facet_corrections ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insights.facet_corrections_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE insights.facet_extractions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insights.facet_extractions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insights.insights_snapshots (
    id bigint NOT NULL,
    period_type text NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    narrative jsonb,
    report_url text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    uploads text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT period_is_not_empty CHECK ((period_end > period_start)),
    CONSTRAINT period_type_is_known CHECK ((period_type = ANY (ARRAY['weekly'::text, 'monthly'::text, 'custom'::text])))
);

COMMENT ON TABLE insights.insights_snapshots IS 'All figures of one report. metrics: aggregate → {current, previous}. period_end is the day after the last one.';

COMMENT ON COLUMN insights.insights_snapshots.uploads IS 'As s3://bucket/key; noted before each upload.';

ALTER TABLE insights.insights_snapshots ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insights.insights_snapshots_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insights.session_messages (
    session_id text NOT NULL,
    message_id text NOT NULL,
    at timestamp with time zone,
    last_record_no integer NOT NULL,
    model text NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL,
    cache_write_5m_tokens bigint NOT NULL,
    cache_write_1h_tokens bigint NOT NULL,
    is_final boolean NOT NULL,
    cost_usd double precision,
    is_owner boolean DEFAULT false NOT NULL
);

COMMENT ON TABLE insights.session_messages IS 'One API message in one session. Copied history repeats messages; the one with is_owner counts.';

CREATE VIEW insights.message_claims AS
 SELECT message.session_id,
    message.message_id,
    row_number() OVER (PARTITION BY message.message_id ORDER BY message.at, session.last_record_at, session.transcript_path, message.session_id) AS place
   FROM (insights.session_messages message
     JOIN insights.claude_sessions session ON ((message.session_id = session.id)));

COMMENT ON VIEW insights.message_claims IS 'Who a message should belong to: place 1 is the first in time; with equal times the session that stopped first.';

CREATE TABLE insights.narrative_calls (
    id bigint NOT NULL,
    snapshot_id bigint,
    model text NOT NULL,
    cost_usd double precision,
    written_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT cost_usd_is_not_negative CHECK ((cost_usd >= (0)::double precision))
);

COMMENT ON TABLE insights.narrative_calls IS 'One report text by a model: the snapshot keeps the newest alone. Cost null: no list price.';

ALTER TABLE insights.narrative_calls ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insights.narrative_calls_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insights.notifications (
    id bigint NOT NULL,
    channel text NOT NULL,
    dedupe_key text NOT NULL,
    payload jsonb NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    sent_at timestamp with time zone,
    title text DEFAULT ''::text NOT NULL,
    payload_digest text DEFAULT ''::text NOT NULL,
    attempt_count integer DEFAULT 0 NOT NULL,
    claimed_at timestamp with time zone,
    receipt text,
    CONSTRAINT claimed_has_a_time CHECK (((state = ANY (ARRAY['waiting'::text, 'failed'::text])) OR (claimed_at IS NOT NULL))),
    CONSTRAINT failed_says_why CHECK (((state <> 'failed'::text) OR (error IS NOT NULL))),
    CONSTRAINT sent_has_a_time CHECK (((state = 'sent'::text) = (sent_at IS NOT NULL))),
    CONSTRAINT state_is_known CHECK ((state = ANY (ARRAY['waiting'::text, 'sending'::text, 'sent'::text, 'failed'::text])))
);

COMMENT ON TABLE insights.notifications IS 'The outbox: one row a message and channel. A row in sending that nobody sends any more may have been posted.';

COMMENT ON COLUMN insights.notifications.payload IS 'What will be posted, word by word; empty once it was.';

COMMENT ON COLUMN insights.notifications.error IS 'Why the last try did not post it.';

COMMENT ON COLUMN insights.notifications.payload_digest IS 'SHA-256 of the payload: a revision must differ.';

COMMENT ON COLUMN insights.notifications.receipt IS 'The message''s id where the channel gives one.';

ALTER TABLE insights.notifications ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insights.notifications_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insights.session_entries (
    session_id text NOT NULL,
    entry_no integer NOT NULL,
    record_no integer NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone,
    since timestamp with time zone,
    text text NOT NULL,
    is_person boolean NOT NULL,
    is_copied boolean DEFAULT false NOT NULL,
    uuid text,
    message_id text,
    tool text,
    file_path text,
    skill text,
    pr_url text,
    lines_added integer NOT NULL,
    lines_removed integer NOT NULL,
    commit_count integer NOT NULL,
    active_seconds real NOT NULL,
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['prompt'::text, 'steering'::text, 'command'::text, 'reply'::text, 'tool'::text, 'tool_error'::text, 'rejection'::text, 'denial'::text, 'interruption'::text, 'compaction'::text, 'api_error'::text])))
);

COMMENT ON TABLE insights.session_entries IS 'One thing said or done, in file order, redacted and capped; what facets cite and pages show.';

COMMENT ON COLUMN insights.session_entries.since IS 'The first record after the entry before.';

COMMENT ON COLUMN insights.session_entries.is_copied IS 'History that another session owns.';

COMMENT ON COLUMN insights.session_entries.active_seconds IS 'Since the entry before, gaps cut at 5 minutes.';

CREATE VIEW insights.own_entries AS
 SELECT session_id,
    entry_no,
    kind,
    at,
    since,
    text,
    is_person,
    tool,
    file_path,
    skill,
    pr_url,
    lines_added,
    lines_removed,
    commit_count,
        CASE
            WHEN follows_copied THEN (LEAST(EXTRACT(epoch FROM (at - since)), (300)::numeric))::real
            ELSE active_seconds
        END AS active_seconds
   FROM ( SELECT session_entries.session_id,
            session_entries.entry_no,
            session_entries.record_no,
            session_entries.kind,
            session_entries.at,
            session_entries.since,
            session_entries.text,
            session_entries.is_person,
            session_entries.is_copied,
            session_entries.uuid,
            session_entries.message_id,
            session_entries.tool,
            session_entries.file_path,
            session_entries.skill,
            session_entries.pr_url,
            session_entries.lines_added,
            session_entries.lines_removed,
            session_entries.commit_count,
            session_entries.active_seconds,
            lag(session_entries.is_copied) OVER (PARTITION BY session_entries.session_id ORDER BY session_entries.entry_no) AS follows_copied
           FROM insights.session_entries) entry
  WHERE (NOT is_copied);

COMMENT ON VIEW insights.own_entries IS 'A session''s own entries. The pause between copied history and the first of them is not its time.';

CREATE TABLE insights.purged_people (
    name text NOT NULL,
    purged_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT name_is_not_blank CHECK ((TRIM(BOTH FROM name) <> ''::text))
);

COMMENT ON TABLE insights.purged_people IS 'Names that are replaced by [person] in all that is stored from now on. A name can only be replaced where it is known.';

CREATE TABLE insights.purged_sessions (
    id_hash text NOT NULL,
    purged_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE insights.purged_sessions IS 'Sessions that somebody had deleted, by the SHA-256 of their id: a sync passes over their files.';

CREATE TABLE insights.schema_migrations (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE insights.session_models (
    session_id text NOT NULL,
    activity_date date NOT NULL,
    model text NOT NULL,
    message_count integer NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL,
    cache_write_tokens bigint NOT NULL,
    cost_usd numeric,
    unfinished_message_count integer NOT NULL
);

COMMENT ON TABLE insights.session_models IS 'Session × local date × model: the messages it owns, with those of its sub-agents. Cost null: none has a price.';

CREATE TABLE insights.session_search (
    session_id text NOT NULL,
    words tsvector NOT NULL
);

COMMENT ON TABLE insights.session_search IS 'The words that a search finds a session by: its title, its facet, what was said, which files. Sub-agents have none.';

CREATE TABLE insights.session_tools (
    session_id text NOT NULL,
    activity_date date NOT NULL,
    tool text NOT NULL,
    call_count integer NOT NULL,
    error_count integer NOT NULL
);

COMMENT ON TABLE insights.session_tools IS 'Session × local date × tool: its own calls that ran, copied history and sub-agents not in. It comes and goes with the
row of insights.session_days.';

CREATE TABLE insights.team_machines (
    machine text NOT NULL,
    user_name text NOT NULL
);

COMMENT ON TABLE insights.team_machines IS 'A session is of whoever its machine is.';

CREATE TABLE insights.team_members (
    user_name text NOT NULL,
    is_admin boolean DEFAULT false NOT NULL
);

COMMENT ON TABLE insights.team_members IS 'People by the name that they sign in to Airflow with. An admin sees all.';

CREATE TABLE insights.team_rules (
    is_only_row boolean DEFAULT true NOT NULL,
    smallest_group integer NOT NULL,
    signing_key text DEFAULT replace(((gen_random_uuid())::text || (gen_random_uuid())::text), '-'::text, ''::text) NOT NULL,
    CONSTRAINT a_group_hides_its_members CHECK ((smallest_group >= 3)),
    CONSTRAINT there_is_one_row CHECK (is_only_row)
);

COMMENT ON TABLE insights.team_rules IS 'One row where readers are limited. Of two people each could take their own figures from the sum, so 3 is the least.';

CREATE TABLE insights.transcript_archive (
    machine text NOT NULL,
    path text NOT NULL,
    digest text NOT NULL,
    session_id text,
    size_bytes bigint NOT NULL,
    stored_bytes bigint NOT NULL,
    read_digest text NOT NULL,
    archived_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE insights.transcript_archive IS 'One version of a transcript file in the archive, by the digest of its bytes. The archive is not masked.';

COMMENT ON COLUMN insights.transcript_archive.size_bytes IS 'Up to the last complete line, before compression.';

COMMENT ON COLUMN insights.transcript_archive.read_digest IS 'As transcript_files had it when this was stored.';

CREATE TABLE insights.transcript_files (
    machine text NOT NULL,
    path text NOT NULL,
    session_id text,
    size_bytes bigint NOT NULL,
    mtime_ns bigint NOT NULL,
    read_bytes bigint DEFAULT 0 NOT NULL,
    digest text DEFAULT ''::text NOT NULL,
    state text NOT NULL,
    error text,
    bad_lines jsonb DEFAULT '[]'::jsonb NOT NULL,
    record_counts jsonb DEFAULT '{}'::jsonb NOT NULL,
    read_at timestamp with time zone DEFAULT now() NOT NULL,
    failed_parser text,
    CONSTRAINT failed_says_why CHECK (((state = 'failed'::text) = (error IS NOT NULL))),
    CONSTRAINT state_is_known CHECK ((state = ANY (ARRAY['read'::text, 'failed'::text, 'vanished'::text])))
);

COMMENT ON TABLE insights.transcript_files IS 'One file on one machine: the sync ledger.';

COMMENT ON COLUMN insights.transcript_files.read_bytes IS 'Up to the last complete line; the tail waits.';

COMMENT ON COLUMN insights.transcript_files.digest IS 'BLAKE2b of the bytes read.';

COMMENT ON COLUMN insights.transcript_files.bad_lines IS '[{offset, size_bytes, reason}]';

COMMENT ON COLUMN insights.transcript_files.failed_parser IS 'The parser that fails on these bytes each time; null for a failure that may pass, such as a missing right.';

ALTER TABLE ONLY insights.anomalies
    ADD CONSTRAINT anomalies_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insights.claude_sessions
    ADD CONSTRAINT claude_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insights.data_versions
    ADD CONSTRAINT data_versions_pkey PRIMARY KEY (slot);

ALTER TABLE ONLY insights.day_facts
    ADD CONSTRAINT day_facts_pkey PRIMARY KEY (session_id, activity_date);

ALTER TABLE ONLY insights.facet_batch_requests
    ADD CONSTRAINT facet_batch_requests_pkey PRIMARY KEY (custom_id);

ALTER TABLE ONLY insights.facet_batches
    ADD CONSTRAINT facet_batches_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insights.facet_batches
    ADD CONSTRAINT facet_batches_provider_id_key UNIQUE (provider_id);

ALTER TABLE ONLY insights.facet_corrections
    ADD CONSTRAINT facet_corrections_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insights.facet_extractions
    ADD CONSTRAINT facet_extractions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insights.insights_snapshots
    ADD CONSTRAINT insights_snapshots_period_type_period_start_key UNIQUE (period_type, period_start);

ALTER TABLE ONLY insights.insights_snapshots
    ADD CONSTRAINT insights_snapshots_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insights.narrative_calls
    ADD CONSTRAINT narrative_calls_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insights.notifications
    ADD CONSTRAINT notifications_channel_dedupe_key_key UNIQUE (channel, dedupe_key);

ALTER TABLE ONLY insights.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (id);

ALTER TABLE ONLY insights.anomalies
    ADD CONSTRAINT one_anomaly_a_day UNIQUE (metric, window_start);

ALTER TABLE ONLY insights.purged_people
    ADD CONSTRAINT purged_people_pkey PRIMARY KEY (name);

ALTER TABLE ONLY insights.purged_sessions
    ADD CONSTRAINT purged_sessions_pkey PRIMARY KEY (id_hash);

ALTER TABLE ONLY insights.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY insights.session_days
    ADD CONSTRAINT session_days_pkey PRIMARY KEY (session_id, activity_date);

ALTER TABLE ONLY insights.session_entries
    ADD CONSTRAINT session_entries_pkey PRIMARY KEY (session_id, entry_no);

ALTER TABLE ONLY insights.session_facets
    ADD CONSTRAINT session_facets_pkey PRIMARY KEY (session_id);

ALTER TABLE ONLY insights.session_messages
    ADD CONSTRAINT session_messages_pkey PRIMARY KEY (session_id, message_id);

ALTER TABLE ONLY insights.session_models
    ADD CONSTRAINT session_models_pkey PRIMARY KEY (session_id, activity_date, model);

ALTER TABLE ONLY insights.session_search
    ADD CONSTRAINT session_search_pkey PRIMARY KEY (session_id);

ALTER TABLE ONLY insights.session_tools
    ADD CONSTRAINT session_tools_pkey PRIMARY KEY (session_id, activity_date, tool);

ALTER TABLE ONLY insights.team_machines
    ADD CONSTRAINT team_machines_pkey PRIMARY KEY (machine);

ALTER TABLE ONLY insights.team_members
    ADD CONSTRAINT team_members_pkey PRIMARY KEY (user_name);

ALTER TABLE ONLY insights.team_rules
    ADD CONSTRAINT team_rules_pkey PRIMARY KEY (is_only_row);

ALTER TABLE ONLY insights.transcript_archive
    ADD CONSTRAINT transcript_archive_pkey PRIMARY KEY (machine, path, digest);

ALTER TABLE ONLY insights.transcript_files
    ADD CONSTRAINT transcript_files_pkey PRIMARY KEY (machine, path);

CREATE INDEX claude_sessions_ended_at ON insights.claude_sessions USING btree (ended_at, first_record_at);

CREATE INDEX claude_sessions_failed ON insights.claude_sessions USING btree (category, failed_with, failure_count) WHERE ((failure_count > 0) AND ((human_prompt_count >= 2) OR (active_minutes >= (1)::double precision)) AND COALESCE((last_record_at > entries_deleted_until), (entries_deleted_until IS NULL)));

CREATE INDEX claude_sessions_forked_from ON insights.claude_sessions USING btree (forked_from) WHERE (forked_from IS NOT NULL);

CREATE INDEX claude_sessions_human_machine ON insights.claude_sessions USING btree (machine) WHERE (category = 'human'::text);

CREATE INDEX claude_sessions_initiated_by ON insights.claude_sessions USING btree (initiated_by) WHERE (category = 'human'::text);

CREATE INDEX claude_sessions_listed ON insights.claude_sessions USING btree (category, ended_at DESC NULLS LAST, id DESC) INCLUDE (human_prompt_count, active_minutes, family_cost_usd, machine, project, initiated_by) WHERE (category = ANY (ARRAY['human'::text, 'automated'::text]));

CREATE INDEX claude_sessions_machine ON insights.claude_sessions USING btree (machine);

CREATE INDEX claude_sessions_parent_session_id ON insights.claude_sessions USING btree (parent_session_id);

CREATE INDEX claude_sessions_project ON insights.claude_sessions USING btree (project, ended_at) WHERE (category = 'human'::text);

CREATE INDEX claude_sessions_resumed_from ON insights.claude_sessions USING btree (resumed_from) WHERE (resumed_from IS NOT NULL);

CREATE INDEX claude_sessions_subagents ON insights.claude_sessions USING btree (COALESCE(started_at, first_record_at)) INCLUDE (parent_session_id, started_at, first_record_at) WHERE (category = 'subagent'::text);

CREATE INDEX claude_sessions_untried ON insights.claude_sessions USING btree (category, read_with) WHERE ((failure_count = 0) AND ((human_prompt_count >= 2) OR (active_minutes >= (1)::double precision)) AND COALESCE((last_record_at > entries_deleted_until), (entries_deleted_until IS NULL)));

CREATE INDEX claude_sessions_waiting ON insights.claude_sessions USING btree (id) INCLUDE (failed_with, failure_count) WHERE ((category = 'human'::text) AND (read_with = 0) AND ((human_prompt_count >= 2) OR (active_minutes >= (1)::double precision)) AND COALESCE((last_record_at > entries_deleted_until), (entries_deleted_until IS NULL)));

CREATE INDEX claude_sessions_with_text ON insights.claude_sessions USING btree (COALESCE(last_record_at, synced_at)) WHERE ((entries_deleted_until IS NULL) OR (COALESCE(last_record_at, synced_at) > entries_deleted_until));

CREATE INDEX claude_sessions_yours ON insights.claude_sessions USING btree (id) INCLUDE (started_at) WHERE ((category = 'human'::text) AND ((human_prompt_count >= 2) OR (active_minutes >= (1)::double precision)));

CREATE INDEX day_facts_counted ON insights.day_facts USING btree (activity_date) WHERE is_counted;

CREATE INDEX day_facts_others ON insights.day_facts USING btree (activity_date) INCLUDE (session_id, category, machine, project, initiated_by, business, human_prompt_count, cost_usd, unpriced_message_count, ends_in_error) WHERE (NOT is_counted);

CREATE INDEX day_facts_several ON insights.day_facts USING btree (activity_date) WHERE (is_counted AND (NOT is_only_day));

CREATE INDEX facet_batch_requests_batch_id ON insights.facet_batch_requests USING btree (batch_id);

CREATE INDEX facet_batch_requests_extraction_id ON insights.facet_batch_requests USING btree (extraction_id);

CREATE UNIQUE INDEX facet_batch_requests_one_open ON insights.facet_batch_requests USING btree (session_id) WHERE (state = 'open'::text);

CREATE INDEX facet_batch_requests_session_id ON insights.facet_batch_requests USING btree (session_id);

CREATE INDEX facet_corrections_session_id ON insights.facet_corrections USING btree (session_id, facet, id);

CREATE INDEX facet_extractions_attempted_at ON insights.facet_extractions USING btree (attempted_at) INCLUDE (cost_usd);

CREATE INDEX facet_extractions_dag_run_id ON insights.facet_extractions USING btree (dag_run_id) WHERE (dag_run_id IS NOT NULL);

CREATE INDEX facet_extractions_failed ON insights.facet_extractions USING btree (attempted_at) WHERE (state = ANY (ARRAY['failed'::text, 'refused'::text]));

CREATE INDEX facet_extractions_session_id ON insights.facet_extractions USING btree (session_id, attempted_at DESC);

CREATE INDEX facet_extractions_unsent ON insights.facet_extractions USING btree (attempted_at) WHERE (state = ANY (ARRAY['dry_run'::text, 'skipped'::text]));

CREATE INDEX narrative_calls_written_at ON insights.narrative_calls USING btree (written_at);

CREATE INDEX notifications_waiting ON insights.notifications USING btree (created_at) WHERE (state = 'waiting'::text);

CREATE UNIQUE INDEX one_open_anomaly ON insights.anomalies USING btree (metric) WHERE (state <> 'closed'::text);

CREATE UNIQUE INDEX one_owner_a_message ON insights.session_messages USING btree (message_id) WHERE is_owner;

CREATE INDEX session_days_activity_date ON insights.session_days USING btree (activity_date, session_id);

CREATE INDEX session_days_time_zone ON insights.session_days USING btree (time_zone);

CREATE INDEX session_facets_created_at ON insights.session_facets USING btree (created_at);

CREATE INDEX session_facets_initiated_by ON insights.session_facets USING btree (initiated_by);

CREATE INDEX session_facets_outcome ON insights.session_facets USING btree (outcome);

CREATE INDEX session_facets_priority_alignment ON insights.session_facets USING btree (priority_alignment);

CREATE INDEX session_facets_resumed_from ON insights.session_facets USING btree (resumed_from) WHERE (resumed_from IS NOT NULL);

CREATE INDEX session_facets_workflow_type ON insights.session_facets USING btree (workflow_type);

CREATE INDEX session_messages_message_id ON insights.session_messages USING btree (message_id);

CREATE INDEX session_models_activity_date ON insights.session_models USING btree (activity_date) INCLUDE (session_id, model, message_count, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, unfinished_message_count);

CREATE INDEX session_search_words ON insights.session_search USING gin (words);

CREATE INDEX session_tools_activity_date ON insights.session_tools USING btree (activity_date) INCLUDE (session_id, tool, call_count, error_count);

CREATE INDEX session_tools_failed_connector ON insights.session_tools USING btree (COALESCE("substring"(tool, '^mcp__(.+?)__'::text), tool), activity_date) INCLUDE (session_id) WHERE ((error_count > 0) AND starts_with(tool, 'mcp__'::text));

CREATE INDEX session_tools_tool ON insights.session_tools USING btree (tool, activity_date) INCLUDE (session_id);

CREATE INDEX transcript_archive_session_id ON insights.transcript_archive USING btree (session_id) INCLUDE (stored_bytes, size_bytes);

CREATE INDEX transcript_files_cut ON insights.transcript_files USING btree (machine) WHERE (bad_lines <> '[]'::jsonb);

CREATE INDEX transcript_files_failed ON insights.transcript_files USING btree (read_at) WHERE (state = 'failed'::text);

CREATE INDEX transcript_files_gone ON insights.transcript_files USING btree (machine, mtime_ns) INCLUDE (read_at) WHERE (state = 'vanished'::text);

CREATE INDEX transcript_files_present ON insights.transcript_files USING btree (machine) INCLUDE (state, read_at, mtime_ns) WHERE (state <> 'vanished'::text);

CREATE INDEX transcript_files_read_at ON insights.transcript_files USING btree (read_at);

CREATE INDEX transcript_files_session_id ON insights.transcript_files USING btree (session_id);

CREATE STATISTICS insights.claude_sessions_reading (mcv) ON category, read_with FROM insights.claude_sessions;

CREATE STATISTICS insights.session_facets_business ON COALESCE(businesses ->> 0, 'unknown'::text) FROM insights.session_facets;

CREATE STATISTICS insights.session_facets_friction ON jsonb_path_exists(friction_counts, '$.*?(@ > 0)'::jsonpath) FROM insights.session_facets;

CREATE TRIGGER attempts_added AFTER INSERT ON insights.facet_extractions REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION insights.days_changed();

CREATE TRIGGER attempts_changed AFTER UPDATE ON insights.facet_extractions REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION insights.days_changed();

CREATE TRIGGER attempts_removed AFTER DELETE ON insights.facet_extractions REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION insights.days_changed();

CREATE TRIGGER count_change AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON insights.anomalies FOR EACH STATEMENT EXECUTE FUNCTION insights.count_change();

CREATE TRIGGER count_change AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON insights.claude_sessions FOR EACH STATEMENT EXECUTE FUNCTION insights.count_change();

CREATE TRIGGER count_change AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON insights.facet_extractions FOR EACH STATEMENT EXECUTE FUNCTION insights.count_change();

CREATE TRIGGER count_change AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON insights.session_days FOR EACH STATEMENT EXECUTE FUNCTION insights.count_change();

CREATE TRIGGER count_change AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON insights.session_entries FOR EACH STATEMENT EXECUTE FUNCTION insights.count_change();

CREATE TRIGGER count_change AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON insights.session_facets FOR EACH STATEMENT EXECUTE FUNCTION insights.count_change();

CREATE TRIGGER count_change AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON insights.session_messages FOR EACH STATEMENT EXECUTE FUNCTION insights.count_change();

CREATE TRIGGER count_change AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON insights.transcript_files FOR EACH STATEMENT EXECUTE FUNCTION insights.count_change();

CREATE TRIGGER count_purge AFTER INSERT ON insights.purged_people FOR EACH STATEMENT EXECUTE FUNCTION insights.count_purge();

CREATE TRIGGER count_purge AFTER INSERT ON insights.purged_sessions FOR EACH STATEMENT EXECUTE FUNCTION insights.count_purge();

CREATE TRIGGER days_added AFTER INSERT ON insights.session_days REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION insights.days_changed();

CREATE TRIGGER days_changed AFTER UPDATE ON insights.session_days REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION insights.days_changed();

CREATE TRIGGER days_removed AFTER DELETE ON insights.session_days REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION insights.days_changed();

CREATE TRIGGER facets_added AFTER INSERT ON insights.session_facets REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION insights.days_changed();

CREATE TRIGGER facets_changed AFTER UPDATE ON insights.session_facets REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION insights.days_changed();

CREATE TRIGGER facets_removed AFTER DELETE ON insights.session_facets REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION insights.days_changed();

CREATE TRIGGER note_changed_failure AFTER UPDATE OF state, reader, prompt_version, content_hash, attempted_at ON insights.facet_extractions FOR EACH ROW EXECUTE FUNCTION insights.note_failure();

CREATE TRIGGER note_deleted_failure AFTER DELETE ON insights.facet_extractions FOR EACH ROW WHEN ((old.state = ANY (ARRAY['ok'::text, 'failed'::text, 'refused'::text]))) EXECUTE FUNCTION insights.note_failure();

CREATE TRIGGER note_new_failure AFTER INSERT ON insights.facet_extractions FOR EACH ROW WHEN ((new.state = ANY (ARRAY['ok'::text, 'failed'::text, 'refused'::text]))) EXECUTE FUNCTION insights.note_failure();

CREATE TRIGGER note_reading AFTER INSERT OR DELETE OR UPDATE OF reader, prompt_version, content_hash ON insights.session_facets FOR EACH ROW EXECUTE FUNCTION insights.note_reading();

CREATE TRIGGER note_text BEFORE UPDATE OF content_hash ON insights.claude_sessions FOR EACH ROW WHEN ((old.content_hash IS DISTINCT FROM new.content_hash)) EXECUTE FUNCTION insights.note_text();

CREATE TRIGGER session_changed AFTER UPDATE ON insights.claude_sessions REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION insights.session_changed();

ALTER TABLE ONLY insights.day_facts
    ADD CONSTRAINT day_facts_session_id_fkey FOREIGN KEY (session_id) REFERENCES insights.claude_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY insights.facet_batch_requests
    ADD CONSTRAINT facet_batch_requests_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES insights.facet_batches(id) ON DELETE CASCADE;

ALTER TABLE ONLY insights.facet_batch_requests
    ADD CONSTRAINT facet_batch_requests_extraction_id_fkey FOREIGN KEY (extraction_id) REFERENCES insights.facet_extractions(id) ON DELETE SET NULL;

ALTER TABLE ONLY insights.facet_batch_requests
    ADD CONSTRAINT facet_batch_requests_session_id_fkey FOREIGN KEY (session_id) REFERENCES insights.claude_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY insights.facet_corrections
    ADD CONSTRAINT facet_corrections_session_id_fkey FOREIGN KEY (session_id) REFERENCES insights.claude_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY insights.facet_extractions
    ADD CONSTRAINT facet_extractions_session_id_fkey FOREIGN KEY (session_id) REFERENCES insights.claude_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY insights.narrative_calls
    ADD CONSTRAINT narrative_calls_snapshot_id_fkey FOREIGN KEY (snapshot_id) REFERENCES insights.insights_snapshots(id) ON DELETE SET NULL;

ALTER TABLE ONLY insights.session_days
    ADD CONSTRAINT session_days_session_id_fkey FOREIGN KEY (session_id) REFERENCES insights.claude_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY insights.session_entries
    ADD CONSTRAINT session_entries_session_id_fkey FOREIGN KEY (session_id) REFERENCES insights.claude_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY insights.session_facets
    ADD CONSTRAINT session_facets_session_id_fkey FOREIGN KEY (session_id) REFERENCES insights.claude_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY insights.session_messages
    ADD CONSTRAINT session_messages_session_id_fkey FOREIGN KEY (session_id) REFERENCES insights.claude_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY insights.session_models
    ADD CONSTRAINT session_models_session_id_activity_date_fkey FOREIGN KEY (session_id, activity_date) REFERENCES insights.session_days(session_id, activity_date) ON DELETE CASCADE;

ALTER TABLE ONLY insights.session_search
    ADD CONSTRAINT session_search_session_id_fkey FOREIGN KEY (session_id) REFERENCES insights.claude_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY insights.session_tools
    ADD CONSTRAINT session_tools_session_id_activity_date_fkey FOREIGN KEY (session_id, activity_date) REFERENCES insights.session_days(session_id, activity_date) ON DELETE CASCADE;

ALTER TABLE ONLY insights.team_machines
    ADD CONSTRAINT team_machines_user_name_fkey FOREIGN KEY (user_name) REFERENCES insights.team_members(user_name) ON DELETE CASCADE;

ALTER TABLE insights.team_rules ENABLE ROW LEVEL SECURITY;

CREATE POLICY writers_only ON insights.team_rules USING (insights.may_write());
