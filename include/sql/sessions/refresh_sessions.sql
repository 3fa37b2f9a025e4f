-- refresh_sessions: a session's figures, from its own messages and entries.
-- Sums are taken over exact numbers: those of fractions would depend on the order of rows.
-- Params: session_ids
with wanted as (

    select unnest(%(session_ids)s::text[]) as session_id

),

own_messages as (

    select
        session_id,
        count(*) as message_count,
        sum(input_tokens) as input_tokens,
        sum(output_tokens) as output_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum(cache_write_5m_tokens + cache_write_1h_tokens) as cache_write_tokens,
        sum(cost_usd::numeric) as cost_usd,
        count(*) filter (where cost_usd is null) as unpriced_message_count,
        count(*) filter (where not is_final) as unfinished_message_count
    from insights.session_messages
    where
        session_id = any(%(session_ids)s)
        and is_owner
    group by session_id

),

own_entries as (

    -- Without the text, which would be carried and sorted along.
    select
        session_id,
        entry_no,
        kind,
        since,
        is_person,
        tool,
        file_path,
        skill,
        pr_url,
        lines_added,
        lines_removed,
        commit_count,
        active_seconds
    from insights.own_entries
    where session_id = any(%(session_ids)s)

),

counts as (

    select
        session_id,
        min(since) as first_at,
        sum(round(active_seconds * 1000)::bigint) / 60000.0 as active_minutes,
        count(*) filter (where kind in ('prompt', 'steering') and is_person) as human_prompt_count,
        count(*) filter (where kind = 'tool_error') as tool_error_count,
        count(*) filter (where tool like 'mcp\_\_%%') as mcp_call_count,
        count(*) filter (where tool like 'mcp\_\_%%' and kind = 'tool_error') as mcp_error_count,
        count(*) filter (where kind = 'interruption') as interruption_count,
        count(*) filter (where kind = 'rejection' and is_person) as rejection_count,
        count(*) filter (where kind = 'compaction') as compaction_count,
        count(*) filter (where kind = 'api_error') as api_error_count,
        max(entry_no) = max(entry_no) filter (where kind in ('api_error', 'interruption')) as ends_in_error,
        sum(lines_added) as lines_added,
        sum(lines_removed) as lines_removed,
        sum(commit_count) as commit_count,
        coalesce(
            jsonb_agg(distinct skill order by skill) filter (where skill is not null and kind in ('tool', 'command')),
            '[]'
        ) as skills_used,
        coalesce(jsonb_agg(distinct pr_url order by pr_url) filter (where pr_url is not null), '[]') as pr_urls
    from own_entries
    group by session_id

),

calls_by_tool as (

    select
        session_id,
        tool,
        count(*) as calls
    from own_entries
    where tool is not null
    group by session_id, tool

),

tools as (

    select
        session_id,
        jsonb_object_agg(tool, calls) as tools_used
    from calls_by_tool
    group by session_id

),

calls_by_file as (

    select
        session_id,
        file_path,
        count(*) as calls
    from own_entries
    where file_path is not null
    group by session_id, file_path

),

files as (

    select
        session_id,
        jsonb_object_agg(file_path, calls) as files_touched
    from calls_by_file
    group by session_id

),

-- Of whom the last copied message is.
origins as (

    select
        message.session_id,
        (array_agg(owner.session_id order by message.last_record_no desc, owner.session_id asc))[1] as owner_id
    from insights.session_messages as message
    inner join insights.session_messages as owner on message.message_id = owner.message_id and owner.is_owner
    where
        message.session_id = any(%(session_ids)s)
        and not message.is_owner
    group by message.session_id

),

starts as (

    -- Where history was copied, the session starts with its own first entry.
    select
        session.id as session_id,
        case
            when origins.session_id is null then session.first_record_at
            else coalesce(counts.first_at, session.last_record_at)
        end as started_at,
        coalesce(session.forked_from, origins.owner_id) as resumed_from
    from insights.claude_sessions as session
    left join counts on session.id = counts.session_id
    left join origins on session.id = origins.session_id
    where session.id = any(%(session_ids)s)

)

update insights.claude_sessions as session
set
    started_at = starts.started_at,
    ended_at = session.last_record_at,
    duration_minutes = extract(epoch from session.last_record_at - starts.started_at) / 60.0,
    resumed_from = starts.resumed_from,
    active_minutes = coalesce(counts.active_minutes, 0),
    message_count = coalesce(own_messages.message_count, 0),
    human_prompt_count = coalesce(counts.human_prompt_count, 0),
    tools_used = coalesce(tools.tools_used, '{}'),
    tool_error_count = coalesce(counts.tool_error_count, 0),
    mcp_call_count = coalesce(counts.mcp_call_count, 0),
    mcp_error_count = coalesce(counts.mcp_error_count, 0),
    files_touched = coalesce(files.files_touched, '{}'),
    skills_used = coalesce(counts.skills_used, '[]'),
    pr_urls = coalesce(counts.pr_urls, '[]'),
    input_tokens = coalesce(own_messages.input_tokens, 0),
    output_tokens = coalesce(own_messages.output_tokens, 0),
    cache_read_tokens = coalesce(own_messages.cache_read_tokens, 0),
    cache_write_tokens = coalesce(own_messages.cache_write_tokens, 0),
    cost_usd = own_messages.cost_usd,
    unpriced_message_count = coalesce(own_messages.unpriced_message_count, 0),
    unfinished_message_count = coalesce(own_messages.unfinished_message_count, 0),
    interruption_count = coalesce(counts.interruption_count, 0),
    rejection_count = coalesce(counts.rejection_count, 0),
    compaction_count = coalesce(counts.compaction_count, 0),
    api_error_count = coalesce(counts.api_error_count, 0),
    ends_in_error = coalesce(counts.ends_in_error, false),
    lines_added = coalesce(counts.lines_added, 0),
    lines_removed = coalesce(counts.lines_removed, 0),
    commit_count = coalesce(counts.commit_count, 0)
from wanted
inner join starts on wanted.session_id = starts.session_id
left join own_messages on wanted.session_id = own_messages.session_id
left join counts on wanted.session_id = counts.session_id
left join tools on wanted.session_id = tools.session_id
left join files on wanted.session_id = files.session_id
where session.id = wanted.session_id
