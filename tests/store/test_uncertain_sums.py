"""What a sum does not know: a model without a price is not free, a message without an end is not counted as whole."""

from __future__ import annotations

from pathlib import Path

from session_insights.store.database import Connection, execute
from tests.building import Record, assistant, transcript, user, write_transcript
from tests.helpers import sync_folder

SUMS = "cost_usd, unpriced_message_count as unpriced, unfinished_message_count as unfinished"


def unended(message_id: str) -> Record:
    """A line of a message whose stream was cut off."""
    record = assistant(message_id=message_id)
    record["message"]["stop_reason"] = None
    return record


def sums(connection: Connection, table: str) -> dict[str, object]:
    [row] = execute(connection, f"select {SUMS} from insights.{table}")
    return row


def test_a_session_of_an_unpriced_model_has_no_cost_and_not_0(connection: Connection, tmp_path: Path) -> None:
    write_transcript(tmp_path, transcript(user("go"), assistant(model="in-house-1"), assistant(model="in-house-1")))
    sync_folder(connection, tmp_path)
    for table in ("claude_sessions", "session_days"):
        assert sums(connection, table) == {"cost_usd": None, "unpriced": 2, "unfinished": 0}


def test_a_session_of_both_has_the_cost_of_what_has_a_price_and_says_what_has_none(
    connection: Connection, tmp_path: Path
) -> None:
    write_transcript(tmp_path, transcript(user("go"), assistant(model="in-house-1"), assistant(output_tokens=1000)))
    sync_folder(connection, tmp_path)
    for table in ("claude_sessions", "session_days"):
        found = sums(connection, table)
        assert found["unpriced"] == 1
        assert isinstance(found["cost_usd"], float)
        assert found["cost_usd"] > 0


def test_messages_without_a_stop_reason_are_counted_as_unfinished(connection: Connection, tmp_path: Path) -> None:
    records = transcript(user("go"), unended("a"), unended("b"), assistant(message_id="b"), assistant(message_id="c"))
    write_transcript(tmp_path, records)
    sync_folder(connection, tmp_path)
    for table in ("claude_sessions", "session_days"):
        assert sums(connection, table)["unfinished"] == 1
