-- Who sees what where a team shares one database. Nothing is limited until insights.limit_readers is called.

create table insights.team_members (
    user_name text primary key,
    is_admin boolean not null default false
);
comment on table insights.team_members is 'People by the name that they sign in to Airflow with. An admin sees all.';

create table insights.team_machines (
    machine text primary key,
    user_name text not null references insights.team_members (user_name) on delete cascade
);
comment on table insights.team_machines is 'A session is of whoever its machine is.';

create table insights.team_rules (
    is_only_row boolean primary key default true,
    smallest_group integer not null,
    signing_key text not null default replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
    constraint there_is_one_row check (is_only_row),
    constraint a_group_hides_its_members check (smallest_group >= 3)
);
comment on table insights.team_rules is
'One row where readers are limited. Of two people each could take their own figures from the sum, so 3 is the least.';

-- Who may write these tables is the application or their owner, and sees all.
create function insights.may_write()
returns boolean
language sql stable
as $$
    select has_table_privilege('insights.claude_sessions', 'insert')
$$;

-- Whoever was granted all tables must not read the key.
alter table insights.team_rules enable row level security;
create policy writers_only on insights.team_rules
using (insights.may_write());

create function insights.viewer()
returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
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
comment on function insights.viewer is
'Who looks, as the setting insights.viewer says: a signature by the key of team_rules, then the name. Null without a
signature that is right, so that a role that may only read cannot say that it is somebody.';

create function insights.is_admin()
returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select exists (select from insights.team_members where user_name = insights.viewer() and is_admin)
$$;

create function insights.sees_all()
returns boolean
language sql stable
as $$
    select insights.may_write() or insights.is_admin()
$$;

create function insights.own_machines()
returns text[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(machine), '{}') from insights.team_machines where user_name = insights.viewer()
$$;
comment on function insights.own_machines is 'Machines of whoever looks.';

create function insights.is_limited()
returns boolean
language sql stable
as $$
    select row_security_active('insights.claude_sessions') and not insights.may_write()
$$;
comment on function insights.is_limited is 'Whether this role sees only what insights.viewer may see.';

create function insights.limit_readers(smallest_group integer)
returns void
language plpgsql
as $$
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
comment on function insights.limit_readers is
'Lets roles that may only read see what insights.viewer may see; 0 lets them see all again. For the owner of the tables.
Source: docs/decisions/0021-team-views.md';

create function insights.team_weeks(first_day date, day_after date)
returns table (
    week_start date,
    business text,
    people_count bigint,
    session_count bigint,
    read_count bigint,
    active_minutes double precision,
    total_tokens bigint,
    cost_usd double precision,
    reached_count bigint,
    judged_count bigint,
    friction_session_count bigint,
    time_saved_minutes bigint
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
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
comment on function insights.team_weeks is
'What a team did in whole calendar weeks that are over, by the first business of a session; null: several, each served
by too few people. No row where fewer people than the smallest group have a part; nothing where readers are not limited.';
