-- What the dashboard reads by: a filter over "your sessions", the version of the data, and the rights of a role.

-- A function of its own, so that the rule below is planned as without a filter and pays only where there is one.
create function insights.matches_filter(
    session_id text, machine text, project text, initiated_by text, session_filter jsonb
)
returns boolean
language sql stable
as $$
    select jsonb_build_object(
        'machine', machine,
        'project', project,
        'initiated_by', initiated_by,
        'business', (
            select facet.businesses ->> 0
            from insights.session_facets as facet
            where facet.session_id = matches_filter.session_id
        )
    ) @> session_filter
$$;
comment on function insights.matches_filter is
'Whether a session has all values of the filter, such as {"machine": "laptop", "business": null}; null is unknown.
A session''s business is the first that it served.';

create function insights.is_wanted(session_id text, machine text, project text, initiated_by text)
returns boolean
language sql stable
as $$
    select case
        when coalesce(current_setting('insights.session_filter', true), '') = '' then true
        else insights.matches_filter(
            session_id, machine, project, initiated_by, current_setting('insights.session_filter', true)::jsonb
        )
    end
$$;
comment on function insights.is_wanted is
'Whether a session passes the transaction''s setting insights.session_filter; every session does where it is not set.';

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
    -- Minutes and cost are added as numeric: the order in which rows are read cannot change the sum.
    select
        session.id,
        session.title,
        session.project,
        session.started_at,
        sum(day.active_minutes::numeric)::double precision,
        sum(day.human_prompt_count),
        sum(day.message_count),
        sum(day.input_tokens)::bigint,
        sum(day.output_tokens)::bigint,
        sum(day.cache_read_tokens)::bigint,
        sum(day.cache_write_tokens)::bigint,
        sum(day.input_tokens + day.output_tokens + day.cache_read_tokens + day.cache_write_tokens)::bigint,
        sum(day.cost_usd::numeric)::double precision,
        sum(day.unpriced_message_count),
        sum(day.unfinished_message_count),
        min(day.time_zone)
    from insights.session_days as day
    inner join insights.claude_sessions as session on day.session_id = session.id
    where
        day.activity_date >= window_start
        and day.activity_date < window_end
        and session.category = 'human'
        and (session.human_prompt_count >= 2 or session.active_minutes >= 1)
        and insights.is_wanted(session.id, session.machine, session.project, session.initiated_by)
    group by session.id
    having sum(day.human_prompt_count) > 0
$$;
comment on function insights.window_sessions is
'Sessions of people in which somebody spoke within the window (local dates, half-open), with what they did in it;
sessions of fewer than 2 prompts and under 1 minute are left out, and those that a filter does not want. time_zone is
the one that cut their days.';

create table insights.data_versions (
    slot integer primary key,
    change_count bigint not null default 0
);
comment on table insights.data_versions is
'Writing transactions, counted in several slots, so that no writer waits for another; the sum is the data''s version.
Slot 0 counts what must be gone from every page at once: purges.';
insert into insights.data_versions (slot)
select slot from generate_series(0, 64) as slot;

create function insights.count_change()
returns trigger
language plpgsql
as $$
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
comment on function insights.count_change is 'Moves the version of the data; visible when what was written is.';

create trigger count_change after insert or update or delete or truncate on insights.transcript_files
for each statement execute function insights.count_change();
create trigger count_change after insert or update or delete or truncate on insights.claude_sessions
for each statement execute function insights.count_change();
create trigger count_change after insert or update or delete or truncate on insights.session_days
for each statement execute function insights.count_change();
create trigger count_change after insert or update or delete or truncate on insights.session_messages
for each statement execute function insights.count_change();
create trigger count_change after insert or update or delete or truncate on insights.session_entries
for each statement execute function insights.count_change();
create trigger count_change after insert or update or delete or truncate on insights.session_facets
for each statement execute function insights.count_change();
create trigger count_change after insert or update or delete or truncate on insights.facet_extractions
for each statement execute function insights.count_change();
create trigger count_change after insert or update or delete or truncate on insights.anomalies
for each statement execute function insights.count_change();

create function insights.count_purge()
returns trigger
language plpgsql
as $$
begin
    update insights.data_versions set change_count = change_count + 1
    where slot = 0;
    return null;
end
$$;
create trigger count_purge after insert on insights.purged_sessions
for each statement execute function insights.count_purge();
create trigger count_purge after insert on insights.purged_people
for each statement execute function insights.count_purge();

-- The role of SESSION_INSIGHTS_DASHBOARD_URL, where somebody has made it.
do $$
begin
    if exists (select from pg_roles where rolname = 'session_insights_reader') then
        grant usage on schema insights to session_insights_reader;
        grant select on all tables in schema insights to session_insights_reader;
        alter default privileges in schema insights grant select on tables to session_insights_reader;
    end if;
end
$$;
