"""What a run on this machine came to, in the words that it ends with."""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg

from local.sources import Source

READERS = {
    "offline": "offline by rules: no Claude connection",
    "claude": "by Claude",
    "cli": "by the claude command",
}


@dataclass(frozen=True)
class ReadCounts:
    """What the database holds."""

    human_sessions: int = 0  # long enough to be read
    read_sessions: dict[str, int] = field(default_factory=dict)  # by reader
    short_sessions: int = 0  # fewer than 2 prompts and under a minute: not read


def load_counts(insights_url: str) -> ReadCounts:
    """Count people's sessions and who read them."""
    with psycopg.connect(insights_url, connect_timeout=10) as connection:
        sessions = connection.execute(
            """
            select count(*) filter (where is_long), count(*) filter (where not is_long)
            from (
                select human_prompt_count >= 2 or active_minutes >= 1 as is_long
                from insights.claude_sessions
                where category = 'human' and human_prompt_count > 0
            ) as session
            """
        ).fetchone()
        readers = connection.execute(
            """
            select reader, count(*)
            from insights.session_facets
            join insights.claude_sessions on id = session_id and category = 'human'
            group by reader
            order by count(*) desc, reader
            """
        ).fetchall()
    long, short = sessions or (0, 0)
    return ReadCounts(long, {str(reader): int(count) for reader, count in readers}, short)


def describe_counts(counts: ReadCounts, source: Source) -> str:
    """Say what was read and by whom: `42 sessions from ~/.claude/projects; read by Claude`."""
    what = f"{counts.human_sessions} {'session' if counts.human_sessions == 1 else 'sessions'} from {source.label}"
    short = f"; {counts.short_sessions} more are too short to read" if counts.short_sessions else ""
    if not counts.read_sessions:
        return f"{what}; none is read yet{short}"
    read = sum(counts.read_sessions.values())
    if len(counts.read_sessions) == 1:
        whom = READERS.get(next(iter(counts.read_sessions)), f"by {next(iter(counts.read_sessions))}")
        return f"{what}; {'' if read == counts.human_sessions else f'{read} '}read {whom}{short}"
    by_reader = ", ".join(f"{count} {READERS.get(name, f'by {name}')}" for name, count in counts.read_sessions.items())
    return f"{what}; read: {by_reader}{short}"


def render_summary(
    *, url: str, user: str, password: str, report: str, month: str, counts: str, database: str, profile: str
) -> str:
    """Write the last lines of `make run`."""
    rows = {
        "Airflow": url,
        "Login": f"{user} / {password}",
        "Report": report,
        "Month": month,
        "Read": counts,
        "Profile": profile,
        "Database": database,
        "Stop": "make stop",
    }
    return "\n".join(["", "Session Insights is up.", "", *(f"  {name:<9} {value}" for name, value in rows.items()), ""])
