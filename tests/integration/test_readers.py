"""Readers, caps and clean facets, from a folder of transcripts to Postgres by the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from session_insights.store.database import Connection, execute
from tests.fakes.claude import FakeClaude, Request, Response, build, message, valid
from tests.fakes.command import FakeCommand, printed
from tests.helpers import dump_everything
from tests.integration.conftest import Shell
from tests.planted_secrets import TOKENS
from tests.unit.facets.test_judged import ANSWER

SECRET = TOKENS["github personal"]


def states(connection: Connection) -> list[str]:
    rows = execute(connection, "select state from insights.facet_extractions order by id")
    return [row["state"] for row in rows]


@pytest.fixture
def synced(shell: Shell, folder: Path) -> Shell:
    shell.json("sync", "--source", str(folder))
    return shell


def test_the_claude_command_reads_sessions_and_its_price_is_kept(
    synced: Shell, connection: Connection, tmp_path: Path
) -> None:
    command = FakeCommand.make(tmp_path / "bin", printed(json.dumps(ANSWER | {"skills_missed": []})))
    synced.environment |= {"SESSION_INSIGHTS_CLAUDE_COMMAND": str(command.path), "SESSION_INSIGHTS_READER": "cli"}
    done = synced.json("extract", "--limit", "2")
    assert (done["ok_count"], done["failed_count"]) == (2, 0)
    assert done["cost_usd"] == pytest.approx(0.0042)
    rows = execute(connection, "select distinct reader, extraction_model, outcome from insights.session_facets")
    assert rows == [{"reader": "cli", "extraction_model": "claude-haiku-5-5", "outcome": "mostly_achieved"}]
    assert len(command.calls) == 2
    environment = command.calls[0]["environment"]
    assert not [name for name in environment if name.startswith("SESSION_INSIGHTS_")]
    assert "Maya" in command.calls[0]["stdin"]
    # What the command has read is read: for the Messages API as well.
    again = synced.json("extract", "--reader", "cli", "--limit", "5")
    assert again["ok_count"] == 3


def test_a_command_that_is_missing_or_signed_out_stops_with_a_remedy(synced: Shell, tmp_path: Path) -> None:
    synced.environment["SESSION_INSIGHTS_CLAUDE_COMMAND"] = str(tmp_path / "nowhere")
    done = synced.run("extract", "--reader", "cli")
    assert (done.returncode, "SESSION_INSIGHTS_CLAUDE_COMMAND" in done.stderr) == (2, True)
    signed_out = FakeCommand.make(tmp_path / "bin", printed("Not logged in · Please run /login", is_error=True))
    synced.environment["SESSION_INSIGHTS_CLAUDE_COMMAND"] = str(signed_out.path)
    done = synced.run("extract", "--reader", "cli")
    assert (done.returncode, "sign in" in done.stderr) == (2, True)


def test_reading_stops_at_the_cap_and_goes_on_when_there_is_room(
    synced: Shell, claude: FakeClaude, connection: Connection
) -> None:
    first = synced.json("extract", "--limit", "1", "--reader", "claude")
    [attempt] = execute(connection, "select cost_usd, estimated_cost_usd from insights.facet_extractions")
    assert attempt["cost_usd"] > 0
    assert attempt["estimated_cost_usd"] == pytest.approx(attempt["cost_usd"], rel=0.9)
    cap = first["cost_usd"] + 1.05 * attempt["estimated_cost_usd"]
    synced.environment["SESSION_INSIGHTS_DAILY_CAP_USD"] = str(cap)
    held = synced.json("extract", "--reader", "claude")
    assert (held["ok_count"], held["failed_count"], held["skipped_count"]) == (1, 0, 3)
    assert "SESSION_INSIGHTS_DAILY_CAP_USD" in held["summary"]
    spent = execute(connection, "select sum(cost_usd) as usd from insights.facet_extractions")[0]["usd"]
    assert spent <= cap
    synced.environment["SESSION_INSIGHTS_DAILY_CAP_USD"] = ""
    rest = synced.json("extract", "--reader", "claude")
    assert rest["ok_count"] == 3


def test_the_rules_cost_nothing_and_know_no_cap(synced: Shell, connection: Connection) -> None:
    synced.environment["SESSION_INSIGHTS_DAILY_CAP_USD"] = "0"
    assert synced.json("extract", "--reader", "offline")["ok_count"] == 5
    assert states(connection) == ["ok"] * 5


def test_a_dry_run_says_what_each_session_and_all_of_them_would_cost(
    synced: Shell, claude: FakeClaude, connection: Connection
) -> None:
    done = synced.run("extract", "--reader", "claude", "--dry-run")
    assert done.returncode == 0
    assert claude.requests == []
    lines = [line for line in done.stderr.splitlines() if ": would send " in line]
    assert len(lines) == 5
    assert all("characters, about" in line and "tokens, to claude-haiku-5-5 (about $0.00" in line for line in lines)
    [total] = execute(
        connection,
        "select sum(estimated_tokens) as tokens, sum(estimated_cost_usd) as usd, sum(cost_usd) as paid "
        "from insights.facet_extractions where state = 'dry_run'",
    )
    assert total["paid"] == 0
    told = f"5 would be read: {total['tokens']:,} tokens, about ${total['usd']:.4f} at list price; nothing sent."
    assert told in done.stdout


def obeying(text: str) -> Callable[[Request], Response]:
    """A model that says `text` wherever it may say anything."""

    def answer(request: Request) -> dict[str, object]:
        made: dict[str, object] = build(request.schema)
        free = ("underlying_goal", "friction_detail", "primary_success", "brief_summary", "pivot_trigger")
        return (
            made
            | dict.fromkeys(free, text)
            | {
                "people_mentioned": [text],
                "projects": [text],
                "goal_categories": [{"category": text, "count": 1}],
                "relationship_actions": [{"person": text, "action": text}],
            }
        )

    return valid(answer)


def test_a_secret_that_a_model_repeats_is_masked_before_it_is_stored(
    synced: Shell, claude: FakeClaude, connection: Connection
) -> None:
    claude.default = obeying(f"the key is {SECRET}, see https://evil.example/?q={SECRET}")
    assert synced.json("extract", "--reader", "claude", "--limit", "1")["ok_count"] == 1
    [facet] = execute(connection, "select brief_summary, people_mentioned from insights.session_facets")
    assert facet["brief_summary"] == "the key is [secret], see [link]"
    everything = dump_everything(connection)
    assert SECRET not in everything
    assert SECRET.lower() not in everything
    assert "evil.example" not in everything


def test_a_secret_in_an_answer_that_fails_is_not_kept_as_its_reason(
    synced: Shell, claude: FakeClaude, connection: Connection
) -> None:
    def invents(request: Request) -> Response:
        return message(json.dumps(build(request.schema) | {SECRET: 1}), request)

    claude.default = invents
    assert synced.json("extract", "--reader", "claude", "--limit", "1", code=1)["failed_count"] == 1
    assert SECRET not in dump_everything(connection)


@pytest.mark.parametrize("name", ["\x00", "\ud800", "\x1b[31m"])
def test_an_answer_that_postgres_would_refuse_is_a_failed_try_like_any_other(
    synced: Shell, claude: FakeClaude, connection: Connection, name: str
) -> None:
    def invents(request: Request) -> Response:
        made = message(json.dumps(build(request.schema) | {name: 1}), request)
        made.body["model"] = f"claude{name}"
        return made

    claude.default = invents
    assert synced.json("extract", "--reader", "claude", "--limit", "1", code=1)["failed_count"] == 1
    assert states(connection) == ["failed"]
