"""Two weeks of sessions: what differs between them is what filters tell apart."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from session_insights.store.database import Connection
from tests.sql.given import insert_rows

LAST_DAY = date(2026, 11, 21)
WEEK = "since=2026-11-15&until=2026-11-21"
BUSINESSES = ("stb", "indy-hall", "10k", None)
PROJECTS = ("storefront", "tours", None)
MACHINES = ("laptop", "desk")
INITIATORS = ("user-interactive", "discord-mention")


def session_rows(count: int = 40) -> list[dict[str, Any]]:
    """Plain rows, for counting again: id, day, machine, project, initiated_by, business, minutes, corrections."""
    return [
        {
            "id": f"s{number}",
            "day": LAST_DAY - timedelta(days=number % 14),
            "machine": MACHINES[number % 2],
            "project": PROJECTS[number % 3],
            "initiated_by": INITIATORS[number % 5 == 0],
            "business": BUSINESSES[number % 4],
            "minutes": 5 + number,
            "corrections": number % 3,
        }
        for number in range(count)
    ]


def insert_sessions(connection: Connection, rows: list[dict[str, Any]], text: str = "Fix the tour page") -> None:
    """Sessions that were read; `text` stands wherever a transcript or a reader says something."""
    started = {row["id"]: datetime.combine(row["day"], datetime.min.time(), UTC) + timedelta(hours=18) for row in rows}
    for machine in {row["machine"] for row in rows}:
        connection.execute(
            "insert into insights.transcript_files (machine, path, size_bytes, mtime_ns, state)"
            " values (%s, '/t.jsonl', 1, 1, 'read')",
            [machine],
        )
    insert_rows(
        connection,
        {
            "claude_sessions": [
                {
                    "id": row["id"],
                    "machine": row["machine"],
                    "project": row["project"],
                    "initiated_by": row["initiated_by"],
                    "title": text,
                    "started_at": started[row["id"]],
                    "ended_at": started[row["id"]],
                }
                for row in rows
            ],
            "session_days": [
                {"session_id": row["id"], "activity_date": row["day"], "active_minutes": row["minutes"]} for row in rows
            ],
            "session_facets": [
                {
                    "session_id": row["id"],
                    "reader": "claude",
                    "extraction_model": "claude-haiku-5-5",
                    "businesses": [row["business"]] if row["business"] else [],
                    "course_corrections": row["corrections"],
                    "friction_counts": {"wrong_approach": 1},
                    "friction_detail": text,
                    "brief_summary": text,
                    "underlying_goal": text,
                    "outcome": "mostly_achieved",
                    "skills_missed": [text[:60]],
                    "people_mentioned": [text[:60]],
                    "artifacts_created": 1,
                }
                for row in rows
            ],
        },
    )
