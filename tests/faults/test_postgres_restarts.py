"""Postgres is restarted, without a clean end, in the middle of every stage: run again, it leaves the same rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from session_insights.errors import DeliveryFailed, InsightsError
from session_insights.notifications.posting import Channel
from session_insights.settings import Settings
from session_insights.stages import backfill, extraction, keeping, notifying, reporting, sync
from session_insights.store.database import Connection, connect, execute
from session_insights.store.migrations import migrate
from session_insights.windows import Window
from tests.building import assistant, transcript, user, write_transcript
from tests.fakes.claude import FakeClaude, valid
from tests.fakes.webhooks import SLACK_PATH, Webhooks
from tests.faults.conftest import MIGRATIONS, Server
from tests.faults.injecting import Statements, lasting_rows, spread
from tests.helpers import sample_profile, sync_folder
from tests.integration.backfilling import Backfill

PROFILE = sample_profile()
WINDOW = Window(date(2026, 11, 15), date(2026, 11, 22))
SESSIONS = 6


@dataclass
class Scene:
    """One run's surroundings: a database, folders, a Claude and a channel of its own."""

    url: str
    folder: Path
    projects: Path
    claude: FakeClaude
    slack: Webhooks
    told: list[str] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return Settings(
            archive=self.folder / "archive",
            reports_dir=self.folder / "reports",
            quiet_minutes=0,
            facet_model="claude-haiku-5-5",
            batch_poll_seconds=1,
        )

    @property
    def reading(self) -> dict[str, Any]:
        from session_insights.llm.claude import ClaudeConnection

        claude = ClaudeConnection("key-1", self.claude.url, max_retries=0, timeout_seconds=5)
        return {"settings": self.settings, "profile": PROFILE, "claude": claude}


def synced(scene: Scene, connection: Connection) -> None:
    sync_folder(connection, scene.projects, settings=scene.settings)
    keeping.archive_earlier(connection, [("laptop", scene.projects)], settings=scene.settings)


def read_offline(scene: Scene, connection: Connection) -> None:
    synced(scene, connection)
    options: dict[str, Any] = {"settings": scene.settings, "profile": PROFILE, "claude": None}
    for session in extraction.select_sessions(connection, {"reader": "offline"}, **options):
        extraction.extract_facets(connection, session.session_id, {"reader": "offline"}, **options)


def open_week(connection: Connection) -> dict[str, Any]:
    return reporting.open_snapshot(connection, "weekly", WINDOW)


def refresh_all(connection: Connection) -> dict[str, Any]:
    snapshot = open_week(connection)
    for name in reporting.aggregate_names("weekly"):
        reporting.refresh_figure(connection, snapshot, name)
    return snapshot


def publish(scene: Scene, connection: Connection) -> dict[str, Any]:
    snapshot = open_week(connection)
    params = {"reader": "offline"}
    reporting.write_narrative(connection, snapshot, params, settings=scene.settings, profile=PROFILE, claude=None)
    reporting.publish_report(connection, snapshot, params, settings=scene.settings, profile=PROFILE)
    return snapshot


def figured(scene: Scene, connection: Connection) -> None:
    read_offline(scene, connection)
    refresh_all(connection)


def published(scene: Scene, connection: Connection) -> None:
    figured(scene, connection)
    publish(scene, connection)


def do_migrate(scene: Scene, connection: Connection) -> None:
    migrate(connection, MIGRATIONS)


def do_extract(scene: Scene, connection: Connection) -> None:
    for session in extraction.select_sessions(connection, {"reader": "claude"}, **scene.reading):
        extraction.extract_facets(connection, session.session_id, {"reader": "claude"}, **scene.reading)


def do_backfill(scene: Scene, connection: Connection) -> None:
    run = Backfill(connection, scene.claude)
    run.place = scene.reading
    assert run.run() is not None or run.errors == []


def do_figures(scene: Scene, connection: Connection) -> None:
    refresh_all(connection)


def do_report(scene: Scene, connection: Connection) -> None:
    publish(scene, connection)


def do_notify(scene: Scene, connection: Connection) -> None:
    channels = [Channel("slack", f"{scene.slack.url}{SLACK_PATH}")]
    try:
        notifying.notify_report(connection, open_week(connection), channels, profile=PROFILE)
    except DeliveryFailed as error:
        scene.told.append(str(error))


def do_purge(scene: Scene, connection: Connection) -> None:
    keeping.purge(
        connection,
        session_ids=["session-1"],
        person=None,
        with_forks=False,
        dry_run=False,
        profile=PROFILE,
        settings=scene.settings,
    )


@dataclass(frozen=True)
class Stage:
    prepare: Callable[[Scene, Connection], None] | None  # None: an empty database
    run: Callable[[Scene, Connection], None]


STAGES = {
    "migrate": Stage(None, do_migrate),
    "sync": Stage(lambda *_: None, synced),
    "extraction": Stage(synced, do_extract),
    "backfill": Stage(synced, do_backfill),
    "figures": Stage(read_offline, do_figures),
    "report": Stage(figured, do_report),
    "notify": Stage(published, do_notify),
    "purge": Stage(published, do_purge),
}


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("transcripts") / "projects"
    for number in range(SESSIONS):
        records = transcript(
            user(f"please write page {number}"),
            assistant(tool="Write", given={"file_path": f"page-{number}.md", "content": "text"}),
            user("no, shorter"),
            assistant("Shorter now."),
            user("perfect, thank you!"),
            session_id=f"session-{number}",
        )
        write_transcript(root, records)
    return root


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "_BATCH_ENTRIES", 8)  # several transactions a sync
    monkeypatch.setattr(backfill, "_MOST_REQUESTS", 2)  # several batches
    monkeypatch.setattr(backfill, "_SETTLE_SECONDS", 0.05)


class Trials:
    """Scenes of one stage, all prepared alike."""

    def __init__(self, server: Server, migrated: str, projects: Path, folder: Path, stage: Stage) -> None:
        self._server, self._template, self._projects, self._folder = server, migrated, projects, folder
        self._stage, self._count = stage, 0

    def open(self) -> Iterator[Scene]:
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        template = self._template if self._stage.prepare else "template0"
        url = self._server.make_database(template)
        with FakeClaude(default=valid(outcome="mostly_achieved")) as claude, Webhooks() as slack:
            scene = Scene(url, folder, self._projects, claude, slack)
            if self._stage.prepare:
                with closing(connect(url)) as connection:
                    self._stage.prepare(scene, connection)
            yield scene
        self._server.drop_database(url)


def paid(scene: Scene) -> int:
    return len(scene.claude.requests) + sum(len(batch.requests) for batch in scene.claude.batches.made)


def left(scene: Scene, connection: Connection) -> dict[str, list[str]]:
    """All rows, and the names of all files in the archive and among the reports."""
    files = sorted(str(path.relative_to(scene.folder)) for path in scene.folder.rglob("*") if path.is_file())
    rows = lasting_rows(connection) | {"files": files}
    return {name: [line.replace(str(scene.folder), "") for line in lines] for name, lines in rows.items()}


def check(name: str, scene: Scene, rows: dict[str, list[str]], expected: dict[str, list[str]]) -> None:
    if name == "notify" and scene.told:
        # The server went between the post and the note of it: it is said, and never posted twice.
        assert "By itself it is not posted again" in scene.told[-1]
        rows, expected = ({k: v for k, v in each.items() if k != "notifications"} for each in (rows, expected))
    for table in expected:
        assert rows[table] == expected[table], f"{name}: {table}"
    assert len(scene.slack.accepted) == (1 if name == "notify" else 0)


@pytest.mark.parametrize(
    ("name", "points"),
    [
        *((name, 2) for name in ("sync", "notify")),
        *(pytest.param(name, 8, marks=pytest.mark.faults) for name in STAGES),
    ],
)
def test_a_stage_is_completed_by_its_next_run(
    name: str, points: int, server: Server, migrated: str, projects: Path, tmp_path: Path, note: list[str]
) -> None:
    stage = STAGES[name]
    trials = Trials(server, migrated, projects, tmp_path, stage)
    statements = Statements()
    for scene in trials.open():
        with closing(statements.open(scene.url)) as connection:
            stage.run(scene, connection)
            count = statements.count  # before the comparison adds its own
            expected, asked = left(scene, connection), paid(scene)
    extra, took, broken = 0, [], 0
    for at in spread(count, points):
        for scene in trials.open():
            cut = Statements(at, server.crash)
            with closing(cut.open(scene.url)) as connection:
                try:
                    stage.run(scene, connection)
                except (psycopg.OperationalError, InsightsError):
                    broken += 1
            started = time.monotonic()
            with closing(connect(scene.url)) as connection:
                stage.run(scene, connection)
                took.append(time.monotonic() - started)
                check(name, scene, left(scene, connection), expected)
            assert paid(scene) - asked <= 1
            extra += paid(scene) - asked
    assert broken == len(took)
    down = sum(server.seconds_down[-len(took) :]) / len(took)
    note.append(
        f"| Postgres restarted in {name} | {len(took)} of {count} statements | same rows; {extra} answers "
        f"paid again | {down:.1f} down, {sum(took) / len(took):.1f} for the next run |"
    )


def test_rows_that_a_restart_must_not_lose_are_looked_at(
    server: Server, migrated: str, projects: Path, tmp_path: Path
) -> None:
    """The comparison above would see a row that is missing, twice or different."""
    for scene in Trials(server, migrated, projects, tmp_path, STAGES["figures"]).open():
        with closing(connect(scene.url)) as connection:
            whole = lasting_rows(connection)
            assert len(whole["claude_sessions"]) == len(whole["session_facets"]) == SESSIONS
            execute(connection, "update insights.session_facets set outcome = null where session_id = 'session-1'")
            changed = lasting_rows(connection)
            assert {table for table in whole if whole[table] != changed[table]} == {"session_facets", "day_facts"}
