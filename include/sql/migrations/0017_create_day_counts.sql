-- What a session did on a day, by tool and by model: a window adds up days instead of reading every entry and message.

create table insights.session_tools (
    session_id text not null,
    activity_date date not null,
    tool text not null,
    call_count integer not null,
    error_count integer not null,
    primary key (session_id, activity_date, tool),
    foreign key (session_id, activity_date) references insights.session_days (session_id, activity_date)
    on delete cascade
);
comment on table insights.session_tools is
'Session × local date × tool: its own calls that ran, copied history and sub-agents not in. It comes and goes with the
row of insights.session_days.';

create table insights.session_models (
    session_id text not null,
    activity_date date not null,
    model text not null,
    message_count integer not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cache_read_tokens bigint not null,
    cache_write_tokens bigint not null,
    cost_usd numeric,
    unfinished_message_count integer not null,
    primary key (session_id, activity_date, model),
    foreign key (session_id, activity_date) references insights.session_days (session_id, activity_date)
    on delete cascade
);
comment on table insights.session_models is
'Session × local date × model: the messages it owns, with those of its sub-agents. Cost null: none has a price.';

insert into insights.session_tools (session_id, activity_date, tool, call_count, error_count)
select
    day.session_id,
    day.activity_date,
    entry.tool,
    count(*) as call_count,
    count(*) filter (where entry.kind = 'tool_error') as error_count
from insights.session_days as day
inner join insights.claude_sessions as session on day.session_id = session.id
inner join insights.session_entries as entry
    on
        day.session_id = entry.session_id
        and day.activity_date = (coalesce(entry.at, session.first_record_at) at time zone day.time_zone)::date
where
    entry.kind in ('tool', 'tool_error')
    and entry.tool is not null
    and not entry.is_copied
group by day.session_id, day.activity_date, entry.tool;

with family as (

    select
        id as session_id,
        id as member_id,
        first_record_at
    from insights.claude_sessions
    where parent_session_id is null
    union all
    select
        parent_session_id as session_id,
        id as member_id,
        first_record_at
    from insights.claude_sessions
    where
        category = 'subagent'

)

insert into insights.session_models (
    session_id, activity_date, model, message_count, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, cost_usd, unfinished_message_count
)
select
    day.session_id,
    day.activity_date,
    message.model,
    count(*) as message_count,
    sum(message.input_tokens) as input_tokens,
    sum(message.output_tokens) as output_tokens,
    sum(message.cache_read_tokens) as cache_read_tokens,
    sum(message.cache_write_5m_tokens + message.cache_write_1h_tokens) as cache_write_tokens,
    sum(message.cost_usd::numeric) as cost_usd,
    count(*) filter (where not message.is_final) as unfinished_message_count
from family
inner join insights.session_messages as message on family.member_id = message.session_id
inner join insights.session_days as day
    on
        family.session_id = day.session_id
        and day.activity_date = (coalesce(message.at, family.first_record_at) at time zone day.time_zone)::date
where message.is_owner
group by day.session_id, day.activity_date, message.model;
