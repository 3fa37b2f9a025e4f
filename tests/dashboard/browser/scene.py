"""The sessions of the browser's tests: two of a project `orchard`, and one whose every field is hostile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from session_insights.facets.offline import VERSION
from session_insights.store.database import Connection
from tests.dashboard.pages.building import add_session, said
from tests.sql.given import insert_rows

NEAR, FAR = "orchard-near", "orchard-far"
PROJECT = "orchard"
# What somebody else's mail, page or file may bring into a transcript.
HOSTILE = (
    "<script>alert(1)</script><img src=https://evil.example/a.png onerror=alert(2)>"
    '<a href="javascript:alert(3)">here</a><iframe src=https://evil.example></iframe>'
    "[link](javascript:alert(4)) ![pixel](https://evil.example/b.png) **https://evil.example/c** "
    "</style><style>*{background:url(https://evil.example/d.png)}</style></textarea></title>"
    "\"'><svg onload=alert(5)>{{ 7 * 7 }}{% raw %} \u202e\u2066mischief\u200b managed"
)
# As an id it is part of an address.
HOSTILE_ID = "hostile\"'><svg onload=alert(6)>?#&%2e"
SESSIONS = (NEAR, FAR, HOSTILE_ID)


def add_scene(connection: Connection, now: datetime) -> None:
    """Orchard: one session two days ago that failed, one 20 days ago that did not."""
    near, far = (now.replace(hour=17, minute=0) - timedelta(days=days) for days in (2, 20))
    add_session(
        connection,
        NEAR,
        ended_at=near,
        title="Prune the apple trees",
        project=PROJECT,
        entries=[
            said("please prune the apple trees"),
            {"kind": "tool", "tool": "Bash", "text": "saw --big-branches"},
            {"kind": "tool_error", "tool": "Bash", "text": "no such saw"},
            said("no, the small branches", kind="steering"),
        ],
        facet=_facet(outcome="not_achieved", evidence={"outcome": [3]}, course_corrections=1),
    )
    add_session(
        connection,
        FAR,
        ended_at=far,
        title="Water the apple trees",
        project=PROJECT,
        entries=[said("please water the apple trees")],
        facet=_facet(outcome="fully_achieved", course_corrections=0),
    )
    _add_hostile(connection, near)


def remove_scene(connection: Connection) -> None:
    connection.execute("delete from insights.claude_sessions where id = any(%s)", [list(SESSIONS)])
    connection.execute("delete from insights.transcript_files where path = %s", [HOSTILE])
    connection.execute("delete from insights.anomalies where explanation = %s", [HOSTILE])


def _add_hostile(connection: Connection, ended_at: datetime) -> None:
    kinds = ("prompt", "steering", "command", "reply", "tool", "tool_error", "rejection", "interruption", "compaction")
    add_session(
        connection,
        HOSTILE_ID,
        ended_at=ended_at,
        title=HOSTILE,
        project=HOSTILE,
        machine=HOSTILE,
        git_branch=HOSTILE,
        cwd=HOSTILE,
        cli_version=HOSTILE,
        initiated_by=HOSTILE,
        agent_type=HOSTILE,
        tools_used={HOSTILE: 3},
        files_touched=[HOSTILE],
        skills_used=[HOSTILE],
        pr_urls=["javascript:alert(7)", HOSTILE],
        entries=[
            {
                "kind": kind,
                "text": HOSTILE,
                "is_person": kind in ("prompt", "steering"),
                "tool": HOSTILE,
                "file_path": HOSTILE,
                "skill": HOSTILE,
                "pr_url": "javascript:alert(8)",
            }
            for kind in kinds
        ],
        facet=_facet(
            underlying_goal=HOSTILE,
            brief_summary=HOSTILE,
            friction_detail=HOSTILE,
            primary_success=HOSTILE,
            pivot_trigger=HOSTILE,
            priority_matched=HOSTILE,
            goal_categories={HOSTILE: 1},
            user_satisfaction_counts={HOSTILE: 1},
            friction_counts={"wrong_approach": 2, f"connector:{HOSTILE}": 3, HOSTILE: 4},
            completion_chain={"started": 1},
            projects=[HOSTILE],
            businesses=[HOSTILE],
            skills_used=[HOSTILE],
            skills_missed=[HOSTILE],
            people_mentioned=[HOSTILE],
            relationship_actions=[{"person": HOSTILE, "action": HOSTILE}],
            course_corrections=5,
            mcp_failures=3,
            outcome="not_achieved",
            evidence={"outcome": [3]},
            extraction_model=HOSTILE,
        ),
    )
    tried = {"session_id": HOSTILE_ID, "state": "failed", "error": HOSTILE, "model": HOSTILE, "dag_run_id": HOSTILE}
    insert_rows(connection, {"facet_extractions": [tried | {"attempted_at": ended_at}]})
    connection.execute(
        "insert into insights.transcript_files (machine, path, size_bytes, mtime_ns, state, error)"
        " values (%s, %s, 1, 1, 'failed', %s)",
        [HOSTILE, HOSTILE, HOSTILE],
    )


def _facet(**values: Any) -> dict[str, Any]:
    # As the rules of today leave it: a run of the live site does not read it anew.
    return {"prompt_version": VERSION, **values}
