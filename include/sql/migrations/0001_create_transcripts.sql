-- What the sync reads: files, sessions, messages, entries, days.

create table insights.transcript_files (
    machine text not null,
    path text not null,
    session_id text,
    size_bytes bigint not null,
    mtime_ns bigint not null,
    read_bytes bigint not null default 0,
    digest text not null default '',
    state text not null,
    error text,
    bad_lines jsonb not null default '[]',
    record_counts jsonb not null default '{}',
    read_at timestamptz not null default now(),
    primary key (machine, path),
    constraint state_is_known check (state in ('read', 'failed', 'vanished')),
    constraint failed_says_why check ((state = 'failed') = (error is not null))
);
comment on table insights.transcript_files is 'One file on one machine: the sync ledger.';
comment on column insights.transcript_files.read_bytes is 'Up to the last complete line; the tail waits.';
comment on column insights.transcript_files.digest is 'BLAKE2b of the bytes read.';
comment on column insights.transcript_files.bad_lines is '[{offset, size_bytes, reason}]';
create index transcript_files_session_id on insights.transcript_files (session_id);

create table insights.claude_sessions (
    id text primary key,
    machine text not null,
    transcript_path text not null,
    parent_session_id text,
    is_subagent boolean generated always as (parent_session_id is not null) stored,
    agent_type text,
    cwd text,
    project text,
    git_branch text,
    title text,
    cli_version text,
    entrypoint text,
    category text not null,
    initiated_by text,
    forked_from text,
    resumed_from text,
    first_record_at timestamptz,
    last_record_at timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    duration_minutes double precision,
    active_minutes double precision not null default 0,
    message_count integer not null default 0,
    human_prompt_count integer not null default 0,
    tools_used jsonb not null default '{}',
    tool_error_count integer not null default 0,
    mcp_call_count integer not null default 0,
    mcp_error_count integer not null default 0,
    files_touched jsonb not null default '{}',
    skills_used jsonb not null default '[]',
    pr_urls jsonb not null default '[]',
    input_tokens bigint not null default 0,
    output_tokens bigint not null default 0,
    cache_read_tokens bigint not null default 0,
    cache_write_tokens bigint not null default 0,
    cost_usd double precision,
    unpriced_message_count integer not null default 0,
    unfinished_message_count integer not null default 0,
    interruption_count integer not null default 0,
    rejection_count integer not null default 0,
    compaction_count integer not null default 0,
    api_error_count integer not null default 0,
    lines_added integer not null default 0,
    lines_removed integer not null default 0,
    commit_count integer not null default 0,
    content_hash text not null default '',
    memories_extracted_at timestamptz,
    facets_extracted_at timestamptz,
    synced_at timestamptz not null default now(),
    constraint category_is_known check (
        category in ('human', 'automated', 'subagent', 'warmup', 'stub', 'plumbing')
    ),
    constraint cost_usd_is_not_negative check (cost_usd >= 0)
);
comment on table insights.claude_sessions is
'One session; a sub-agent is a session with a parent. Its own work only: copied history and sub-agents are not in.';
comment on column insights.claude_sessions.project is 'From cwd; a worktree belongs to its repository.';
comment on column insights.claude_sessions.forked_from is 'As its records say; resumed_from also finds old copies.';
comment on column insights.claude_sessions.first_record_at is 'In its file, copied history included.';
comment on column insights.claude_sessions.active_minutes is 'Gaps cut at 5 minutes.';
comment on column insights.claude_sessions.cost_usd is 'At list price; null when no message has a price.';
comment on column insights.claude_sessions.unfinished_message_count is
'Messages without a stop_reason: their output_tokens are a lower bound.';
comment on column insights.claude_sessions.content_hash is 'Changes when an entry of the session changes.';
create index claude_sessions_started_at on insights.claude_sessions (started_at);
create index claude_sessions_ended_at on insights.claude_sessions (ended_at);
create index claude_sessions_parent_session_id on insights.claude_sessions (parent_session_id);

create table insights.session_messages (
    session_id text not null references insights.claude_sessions (id) on delete cascade,
    message_id text not null,
    at timestamptz,
    last_record_no integer not null,
    model text not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cache_read_tokens bigint not null,
    cache_write_5m_tokens bigint not null,
    cache_write_1h_tokens bigint not null,
    is_final boolean not null,
    cost_usd double precision,
    is_owner boolean not null default false,
    primary key (session_id, message_id)
);
comment on table insights.session_messages is
'One API message in one session. Copied history repeats messages; the one with is_owner counts.';
create unique index one_owner_a_message on insights.session_messages (message_id) where is_owner;
create index session_messages_message_id on insights.session_messages (message_id);

create view insights.message_claims as
select
    message.session_id,
    message.message_id,
    row_number() over (
        partition by message.message_id
        order by
            message.at asc nulls last,
            session.last_record_at asc nulls last,
            session.transcript_path asc,
            message.session_id asc
    ) as place
from insights.session_messages as message
inner join insights.claude_sessions as session on message.session_id = session.id;
comment on view insights.message_claims is
'Who a message should belong to: place 1 is the first in time; with equal times the session that stopped first.';

create table insights.session_entries (
    session_id text not null references insights.claude_sessions (id) on delete cascade,
    entry_no integer not null,
    record_no integer not null,
    kind text not null,
    at timestamptz,
    since timestamptz,
    text text not null,
    is_person boolean not null,
    is_copied boolean not null default false,
    uuid text,
    message_id text,
    tool text,
    file_path text,
    skill text,
    pr_url text,
    lines_added integer not null,
    lines_removed integer not null,
    commit_count integer not null,
    active_seconds real not null,
    primary key (session_id, entry_no),
    constraint kind_is_known check (kind in (
        'prompt', 'steering', 'command', 'reply', 'tool', 'tool_error', 'rejection', 'denial', 'interruption',
        'compaction', 'api_error'
    ))
);
comment on table insights.session_entries is
'One thing said or done, in file order, redacted and capped; what facets cite and pages show.';
comment on column insights.session_entries.since is 'The first record after the entry before.';
comment on column insights.session_entries.active_seconds is 'Since the entry before, gaps cut at 5 minutes.';
comment on column insights.session_entries.is_copied is 'History that another session owns.';
create index session_entries_uuid on insights.session_entries (uuid) where uuid is not null;

create view insights.own_entries as
select
    entry.session_id,
    entry.entry_no,
    entry.kind,
    entry.at,
    entry.since,
    entry.text,
    entry.is_person,
    entry.tool,
    entry.file_path,
    entry.skill,
    entry.pr_url,
    entry.lines_added,
    entry.lines_removed,
    entry.commit_count,
    case
        when before.is_copied then least(extract(epoch from entry.at - entry.since), 300)
        else entry.active_seconds
    end as active_seconds
from insights.session_entries as entry
left join insights.session_entries as before
    on entry.session_id = before.session_id and before.entry_no = entry.entry_no - 1
where not entry.is_copied;
comment on view insights.own_entries is
'A session''s own entries. The pause between copied history and the first of them is not its time.';

create table insights.session_days (
    session_id text not null references insights.claude_sessions (id) on delete cascade,
    activity_date date not null,
    time_zone text not null,
    human_prompt_count integer not null,
    active_minutes double precision not null,
    message_count integer not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cache_read_tokens bigint not null,
    cache_write_tokens bigint not null,
    cost_usd double precision,
    unpriced_message_count integer not null,
    unfinished_message_count integer not null,
    primary key (session_id, activity_date)
);
comment on table insights.session_days is
'Session × local date: what every window sums. Tokens and cost include the sub-agents; sub-agents have no rows.';
create index session_days_activity_date on insights.session_days (activity_date, session_id);
