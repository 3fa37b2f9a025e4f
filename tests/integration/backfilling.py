"""Sessions to be read in batches, and a Claude that reads them; shared by the tests of the backfill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from session_insights.errors import InsightsError, ReadingFailed
from session_insights.llm.claude import ClaudeConnection
from session_insights.settings import Settings
from session_insights.stages import backfill, collection
from session_insights.store.database import Connection, execute
from tests.fakes.claude import FakeClaude, valid
from tests.helpers import sample_profile
from tests.store.test_facets import add_entry, add_session

PROFILE = sample_profile()
SETTINGS = Settings(facet_model="claude-haiku-5-5", batch_poll_seconds=1)


def fill(connection: Connection, *names: str) -> None:
    """Small sessions of a person, due for reading."""
    for name in names:
        add_session(connection, name)
        add_entry(connection, name, 1, f"please write {name}")
        add_entry(connection, name, 2, "thanks")


def answering(**values: Any) -> FakeClaude:
    """Every answer cites an entry that exists and one that does not."""
    given = {"outcome": "mostly_achieved", "evidence": [{"facet": "outcome", "entries": [2, 99]}]} | values
    return FakeClaude(default=valid(**given))


class Backfill:
    """A run's tasks, one after the other, as the DAG starts them."""

    def __init__(self, connection: Connection, claude: FakeClaude, run_id: str = "run-1", **params: Any) -> None:
        self.connection = connection
        self.claude = ClaudeConnection("key-1", claude.url, max_retries=0, timeout_seconds=5)
        self.run_id = run_id
        self.params = params
        self.place: dict[str, Any] = {"settings": SETTINGS, "profile": PROFILE, "claude": self.claude}
        self.chunks: list[list[str]] = []
        self.submitted: list[dict[str, Any]] = []
        self.names: list[str] = []
        self.errors: list[str] = []

    def select(self) -> list[list[str]]:
        self.chunks = backfill.select_chunks(self.connection, self.params, run_id=self.run_id, **self.place)
        return self.chunks

    def submit(self, chunk: Sequence[str], **more: Any) -> dict[str, Any]:
        return backfill.submit_batch(self.connection, chunk, self.params, run_id=self.run_id, **self.place, **more)

    def settle(self) -> list[str]:
        self.names = backfill.settle_batches(self.connection, self.params, **self.place)
        return self.names

    def collect(self, name: str) -> dict[str, Any]:
        return collection.collect_batch(self.connection, name, profile=PROFILE, claude=self.claude)

    def run(self) -> dict[str, Any] | None:
        """All tasks; None when the run fails, with what its tasks said in `errors`."""
        self.select()
        self.submitted = [self.submit(chunk) for chunk in self.chunks]
        for name in self.settle():
            try:
                self.collect(name)
            except InsightsError as error:
                self.errors.append(str(error))
        try:
            return collection.close_backfill(
                self.connection, self.chunks, self.submitted, self.names, run_id=self.run_id
            )
        except ReadingFailed as error:
            self.errors.append(str(error))
            return None


def read_by(connection: Connection) -> dict[str, str]:
    """Readers of the facets that are there, by session."""
    return {
        row["session_id"]: row["reader"]
        for row in execute(connection, "select session_id, reader from insights.session_facets")
    }


def attempts(connection: Connection) -> list[tuple[str, str]]:
    rows = execute(connection, "select session_id, state from insights.facet_extractions order by id")
    return [(row["session_id"], row["state"]) for row in rows]


def session_of(params: dict[str, Any]) -> str:
    """The session that a request is about, by the words of its first prompt."""
    return str(params["messages"]).partition("please write ")[2].partition("\\n")[0]


def asked(claude: FakeClaude) -> list[str]:
    """Sessions in all batches of the fake, with repetitions."""
    return sorted(session_of(request["params"]) for batch in claude.batches.made for request in batch.requests)
