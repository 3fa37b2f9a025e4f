"""A report whose tasks are killed at every step and run again: what is there and what was posted is as without it.

A step is a statement, a message, a request to the bucket or a file put into its place; a task is killed before and
after each of them. `tests/dags/test_delivery.py` kills tasks of a live Airflow.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from session_insights.stages import reporting
from session_insights.store.database import Connection, execute
from session_insights.windows import Period, Window
from tests.fakes.object_store import ObjectStore
from tests.fakes.webhooks import DISCORD_PATH, SLACK_PATH, Webhooks
from tests.helpers import read_folder
from tests.integration.corpus import make_corpus
from tests.integration.report_tasks import KILLED, NOBODY_KNOWS, Place, Processes

WINDOWS: dict[Period, Window] = {
    "weekly": Window(date(2026, 11, 8), date(2026, 11, 15)),
    "monthly": Window(date(2026, 10, 1), date(2026, 11, 1)),
}
PATHS = {"slack": SLACK_PATH, "discord": DISCORD_PATH}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp("corpus"), seed=7, sessions=120, megabytes=4) / "projects"


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    started = Processes()
    yield started
    started.stop()


@pytest.fixture
def webhooks() -> Iterator[Webhooks]:
    with Webhooks() as opened:
        yield opened


@pytest.fixture(params=["weekly", "monthly"])
def place(
    request: pytest.FixtureRequest,
    connection: Connection,
    database_url: str,
    corpus: Path,
    object_store: ObjectStore,
    webhooks: Webhooks,
    tmp_path: Path,
) -> Place:
    """A history that was synced and read."""
    read_folder(connection, corpus)
    object_store.make_bucket("pages")
    period: Period = request.param
    return Place(database_url, object_store.url, webhooks.url, tmp_path / "reports", period, WINDOWS[period])


def tasks(period: Period) -> list[str]:
    return ["open_snapshot", *reporting.aggregate_names(period), "write_narrative", "publish_report", "upload_report"]


def open_snapshot(connection: Connection, place: Place) -> dict[str, Any]:
    return reporting.open_snapshot(connection, place.period, place.window)


def look(connection: Connection, object_store: ObjectStore, place: Place) -> dict[str, Any]:
    """All that a report leaves, to the byte; of an object also the checksum that the store has."""
    [snapshot] = execute(
        connection,
        "select metrics::text, narrative::text, period_start, period_end, report_url, uploads "
        "from insights.insights_snapshots",
    )
    listed = object_store.client.list_objects_v2(Bucket="pages").get("Contents", [])
    objects = {found["Key"]: (object_store.get("pages", found["Key"]), found["ETag"].strip('"')) for found in listed}
    assert all(hashlib.md5(body, usedforsecurity=False).hexdigest() == etag for body, etag in objects.values())
    pages = {path.name: path.read_bytes() for path in place.reports_dir.iterdir() if path.suffix != ".tmp"}
    assert {f"insights/{name}": page for name, page in pages.items()} == {key: both[0] for key, both in objects.items()}
    return {"snapshot": snapshot, "objects": objects}


def fix_time(connection: Connection) -> None:
    """A page says when its figures last changed."""
    execute(connection, "update insights.insights_snapshots set updated_at = '2026-11-15 12:00Z'")


def test_tasks_killed_at_every_step_and_run_again_leave_the_report_of_an_undisturbed_run(
    connection: Connection, object_store: ObjectStore, processes: Processes, place: Place
) -> None:
    for task in tasks(place.period):
        assert processes.run(task, place, open_snapshot(connection, place)) == 0
        fix_time(connection)
    undisturbed = look(connection, object_store, place)
    execute(connection, "delete from insights.insights_snapshots")
    for key in object_store.keys("pages"):
        object_store.client.delete_object(Bucket="pages", Key=key)
        (place.reports_dir / Path(key).name).unlink()

    kills = {}
    for task in tasks(place.period):
        snapshot = open_snapshot(connection, place) if task != "open_snapshot" else {}
        for kill_at in itertools.count(1):
            if (code := processes.run(task, place, snapshot, kill_at=kill_at)) != KILLED:
                break
            fix_time(connection)
        assert code == 0, task
        kills[task] = kill_at - 1
        fix_time(connection)
    assert min(kills.values()) >= 2, kills
    assert look(connection, object_store, place) == undisturbed

    for task in tasks(place.period):  # cleared, all of them
        assert processes.run(task, place, open_snapshot(connection, place)) == 0
    assert look(connection, object_store, place) == undisturbed


@pytest.mark.parametrize("place", ["weekly"], indirect=True)
def test_a_task_that_posts_and_is_killed_at_any_step_never_posts_twice_and_says_where_nobody_knows(
    connection: Connection, processes: Processes, place: Place, webhooks: Webhooks
) -> None:
    snapshot = open_snapshot(connection, place)
    for task in tasks(place.period)[1:]:
        assert processes.run(task, place, snapshot) == 0
    unsure = 0
    for kill_at in itertools.count(1):
        webhooks.accepted.clear()
        execute(connection, "delete from insights.notifications")
        killed = processes.run("notify", place, snapshot, kill_at=kill_at)
        # As Airflow tries it again, and somebody clears it.
        codes = [processes.run("notify", place, snapshot) for _ in range(2)]
        posted = {name: len(webhooks.bodies(path)) for name, path in PATHS.items()}
        assert max(posted.values()) <= 1
        states = {row["channel"]: row["state"] for row in execute(connection, "select * from insights.notifications")}
        if killed != KILLED:
            assert (killed, codes) == (0, [0, 0])
            break
        if codes == [0, 0]:
            assert posted == {"slack": 1, "discord": 1}
            assert set(states.values()) == {"sent"}
            continue
        # Between the claim and the note that it was posted: the try says so, and the other channel has it.
        assert codes == [NOBODY_KNOWS, NOBODY_KNOWS]
        [channel] = [name for name, state in states.items() if state == "sending"]
        assert all(count == 1 for name, count in posted.items() if name != channel)
        unsure += 1
        # Somebody looks. It is there: the task is marked as success. It is not: the report is run with `revise`.
        if not posted[channel]:
            assert processes.run("notify", place, snapshot, revise=True) == 0
            assert processes.run("notify", place, snapshot, revise=True) == 0
        assert {name: len(webhooks.bodies(path)) for name, path in PATHS.items()} == {"slack": 1, "discord": 1}
    # Of each channel: the claim is committed, the message goes out, the answer is there, its note is to be made.
    assert unsure == 2 * 4
