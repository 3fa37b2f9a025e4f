"""A fleet's history: 500 machines, seven weeks, as many sessions as are asked for; 20,000 a day of a million."""

from __future__ import annotations

from datetime import UTC, datetime, time

from benchmarks.aggregates import LAST_DAY, fill_history
from session_insights.store.database import Connection

MACHINES, WEEKS = 500, 7
# Fewer a session than a real one has (19 and 29), so that a million fit on a disk.
MESSAGES, ENTRIES = 8, 12
NOW = datetime.combine(LAST_DAY, time(4, 30), UTC)
PROMPT_VERSION = 1

# Without statistics the triggers of each row find their rows by going through all.
# Claude Code deletes a transcript after 30 days. 2 of 100 sessions could never be read; the newest ones wait.
_MORE = """
analyze;

insert into insights.transcript_files (
    machine, path, session_id, size_bytes, mtime_ns, read_bytes, digest, state, record_counts, read_at
)
select
    machine, '/transcripts/' || id || '.jsonl', id, 250000, (extract(epoch from started_at) * 1000000000)::bigint,
    250000, md5(id), case when activity_date < %(last_day)s::date - 30 then 'vanished' else 'read' end,
    '{"user": 40, "assistant": 60}', started_at + interval '1 hour'
from numbered;

insert into insights.transcript_archive (
    machine, path, digest, session_id, size_bytes, stored_bytes, read_digest, archived_at
)
select
    machine, '/transcripts/' || id || '.jsonl', md5(number::text), id, 250000, 40000, md5(id),
    started_at + interval '1 hour'
from numbered;

update insights.facet_extractions as attempt
set
    attempted_at = session.ended_at + interval '1 hour',
    dag_run_id = 'run-' || session.ended_at::date || '-' || abs(hashtext(session.id)) %% 48
from insights.claude_sessions as session
where attempt.session_id = session.id;

insert into insights.facet_extractions (
    session_id, state, reader, model, prompt_version, prompt_hash, content_hash, error, input_tokens, output_tokens,
    cache_read_tokens, cache_write_tokens, cost_usd, duration_seconds, attempted_at
)
select
    attempt.session_id, attempt.state, attempt.reader, attempt.model, attempt.prompt_version, attempt.prompt_hash,
    attempt.content_hash, attempt.error, 4000, 600, 0, 0, 0.001, 2.5, attempt.attempted_at + again * interval '2 hours'
from insights.facet_extractions as attempt
cross join generate_series(1, 2) as again
where attempt.state = 'failed';

delete from insights.session_facets where session_id in (select id from numbered where number <= 500);
delete from insights.facet_extractions where session_id in (select id from numbered where number <= 500);
"""


def fill_fleet(connection: Connection, sessions: int) -> None:
    """Make the history, unless the database has one."""
    fill_history(connection, sessions, WEEKS, machines=MACHINES, messages=MESSAGES, entries=ENTRIES, more=_MORE)
