-- upsert_session: what a file says of a session; figures are refreshed afterwards.
-- Grain:  one row
insert into insights.claude_sessions (
    id, machine, transcript_path, parent_session_id, agent_type, cwd, project, git_branch, title, cli_version,
    entrypoint, category, initiated_by, forked_from, first_record_at, last_record_at, content_hash
)
values (
    %(session_id)s, %(machine)s, %(transcript_path)s, %(parent_session_id)s, %(agent_type)s, %(cwd)s, %(project)s,
    %(git_branch)s, %(title)s, %(cli_version)s, %(entrypoint)s, %(category)s, %(initiated_by)s, %(forked_from)s,
    %(first_record_at)s, %(last_record_at)s, %(content_hash)s
)
on conflict (id) do update set
    machine = excluded.machine,
    transcript_path = excluded.transcript_path,
    parent_session_id = excluded.parent_session_id,
    agent_type = excluded.agent_type,
    cwd = excluded.cwd,
    project = excluded.project,
    git_branch = excluded.git_branch,
    title = excluded.title,
    cli_version = excluded.cli_version,
    entrypoint = excluded.entrypoint,
    category = excluded.category,
    initiated_by = excluded.initiated_by,
    forked_from = excluded.forked_from,
    first_record_at = excluded.first_record_at,
    last_record_at = excluded.last_record_at,
    content_hash = excluded.content_hash,
    synced_at = now()
