"""Claude does not answer for a day: sessions wait, somebody is told once, and afterwards each is read once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest

from session_insights.errors import BudgetReached
from session_insights.llm.asking import ClaudeUnavailable
from session_insights.llm.claude import ClaudeConnection
from session_insights.notifications.failure import FailedTask
from session_insights.notifications.posting import Channel
from session_insights.settings import Settings
from session_insights.stages import extraction
from session_insights.stages.notifying import tell_failure
from session_insights.store.database import Connection, connect, execute
from tests.fakes.claude import FakeClaude, cut_connection, error, valid
from tests.fakes.webhooks import SLACK_PATH, Webhooks
from tests.helpers import sample_profile
from tests.integration.backfilling import session_of
from tests.store.test_facets import add_entry, add_session

PROFILE = sample_profile()
RUNS_A_DAY = 48
FAULTS = (error(529), error(500), cut_connection(), error(429, retry_after=3600))
TODAY = datetime.now(UTC).date()


class Extraction:
    """Runs of the DAG, as its schedule starts them: each task that fails for good calls its callback."""

    def __init__(self, connection: Connection, database_url: str, claude: FakeClaude, slack: Webhooks) -> None:
        self.connection, self.database_url = connection, database_url
        self.claude = ClaudeConnection("key-1", claude.url, max_retries=0, timeout_seconds=5)
        self.channel = Channel("slack", f"{slack.url}{SLACK_PATH}")
        self.runs = 0
        self.states: Counter[str] = Counter()

    def run(self, day: date = TODAY, **settings: Any) -> int:
        """How many sessions were selected."""
        self.runs += 1
        run_id = f"scheduled__{self.runs}"
        place: dict[str, Any] = {"settings": Settings(**settings), "profile": PROFILE, "claude": self.claude}
        due = extraction.select_sessions(self.connection, {"reader": "claude"}, run_id=run_id, **place)
        for number, session in enumerate(due):
            try:
                extraction.extract_facets(
                    self.connection, session.session_id, {"reader": "claude"}, run_id=run_id, **place
                )
                self.states["read"] += 1
            except BudgetReached:
                self.states["over the cap"] += 1
            except ClaudeUnavailable as silence:
                self.states["no answer"] += 1
                failed = FailedTask(
                    dag_id="insights_facet_extraction",
                    run_id=run_id,
                    task_id="extract_facets",
                    map_index=number,
                    try_number=3,
                    label=session.title,
                    error=str(silence),
                    log_url=None,
                    outage=("Claude", day),
                )
                tell_failure(lambda: connect(self.database_url), [self.channel], failed)
        return len(due)


@pytest.mark.parametrize("runs", [4, pytest.param(RUNS_A_DAY, marks=pytest.mark.faults)])
def test_an_outage_is_told_once_a_day_and_its_queue_is_read_once_within_the_caps(
    connection: Connection, database_url: str, runs: int, note: list[str]
) -> None:
    with FakeClaude() as claude, Webhooks() as slack:
        dag = Extraction(connection, database_url, claude, slack)
        for number in range(runs):
            name = f"session-{number}"
            add_session(connection, name)
            add_entry(connection, name, 1, f"please write {name}")
            claude.default = FAULTS[number % len(FAULTS)]
            assert dag.run() == min(20, number + 1)
        asked_in_vain = len(claude.requests)
        assert dag.states == {"no answer": asked_in_vain}
        assert execute(connection, "select count(*) as n from insights.facet_extractions") == [{"n": 0}]
        [told] = slack.accepted
        assert "Claude does not answer" in str(told.body)

        # It answers again. The cap of a day leaves room for three quarters of what waits.
        claude.default = valid()
        dag.states.clear()
        assert dag.run(daily_cap_usd=None, facet_limit=runs // 4) == runs // 4
        [price] = execute(connection, "select max(cost_usd) as cost_usd from insights.facet_extractions")
        cap = price["cost_usd"] * runs * 0.75
        days = 0
        while dag.run(daily_cap_usd=cap):
            [spent] = execute(
                connection,
                "select sum(cost_usd) as cost_usd from insights.facet_extractions"
                " where attempted_at > now() - interval '12 hours'",
            )
            assert spent["cost_usd"] <= cap
            if dag.states["over the cap"]:
                dag.states["over the cap"] = 0
                days += 1
                assert days < 10
                execute(
                    connection, "update insights.facet_extractions set attempted_at = attempted_at - interval '1 day'"
                )
        assert days >= 1
        read = Counter(session_of(request.body) for request in claude.requests[asked_in_vain:])
        assert read == {f"session-{number}": 1 for number in range(runs)}
        assert execute(connection, "select count(*) as n from insights.session_facets") == [{"n": runs}]
        assert len(slack.accepted) == 1
    note.append(
        f"| Claude refuses, {runs} runs of extraction | {asked_in_vain} requests | one message; "
        f"{runs} sessions read once each, within the caps | 0: the next run |"
    )


def test_the_next_day_of_an_outage_is_told_again(database_url: str) -> None:
    with Webhooks() as slack:
        channel = Channel("slack", f"{slack.url}{SLACK_PATH}")
        for day, task in ((21, "a"), (21, "b"), (22, "a"), (22, "c")):
            failed = FailedTask(
                "insights_facet_extraction", f"run-{task}", task, -1, 1, None, "Claude is busy", None,
                outage=("Claude", date(2026, 11, day)),
            )  # fmt: skip
            tell_failure(lambda: connect(database_url), [channel], failed)
        assert len(slack.accepted) == 2


def test_the_callback_of_a_task_tells_an_outage_from_a_failure(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    from types import SimpleNamespace

    from session_insights.bridge.failures import _failed_task
    from session_insights.bucket import ObjectStoreError
    from session_insights.errors import ReadingFailed

    task = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=3, try_number=3)
    found = {
        kind.__name__: _failed_task({"task_instance": task, "exception": kind("x")}).outage
        for kind in (ClaudeUnavailable, ObjectStoreError, ReadingFailed)
    }
    assert found["ReadingFailed"] is None
    assert (found["ClaudeUnavailable"] or ("",))[0] == "Claude"
    assert (found["ObjectStoreError"] or ("",))[0] == "The object store"
