-- What lists and the health page ask stands in an index whole.

-- The list of sessions, newest first or sorted.
drop index insights.claude_sessions_newest;
create index claude_sessions_listed on insights.claude_sessions (category, ended_at desc nulls last, id desc)
include (human_prompt_count, active_minutes, family_cost_usd, machine, project, initiated_by)
where category in ('human', 'automated');

-- Who called a tool, and whose connector failed.
create index session_tools_tool on insights.session_tools (tool, activity_date) include (session_id);
create index session_tools_failed_connector on insights.session_tools
((coalesce(substring(tool from '^mcp__(.+?)__'), tool)), activity_date) include (session_id)
where error_count > 0 and starts_with(tool, 'mcp__');

-- Without them a filter by what stands inside a document is taken for one that leaves next to nothing.
create statistics insights.session_facets_business on (coalesce(businesses ->> 0, 'unknown'))
from insights.session_facets;
create statistics insights.session_facets_friction on (jsonb_path_exists(friction_counts, '$.* ? (@ > 0)'))
from insights.session_facets;
analyze insights.session_facets;

-- Health counts files and archived copies: in indexes that are there anyway, and read without their rows.
drop index insights.transcript_files_present;
create index transcript_files_present on insights.transcript_files (machine) include (state, read_at, mtime_ns)
where state <> 'vanished';
drop index insights.transcript_files_gone;
create index transcript_files_gone on insights.transcript_files (machine, mtime_ns) include (read_at)
where state = 'vanished';
create index transcript_files_cut on insights.transcript_files (machine) where bad_lines <> '[]';
drop index insights.transcript_archive_session_id;
create index transcript_archive_session_id on insights.transcript_archive (session_id)
include (stored_bytes, size_bytes);
