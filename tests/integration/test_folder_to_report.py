"""From a folder of transcripts to a report, by the command alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_insights.cli import main
from session_insights.store.database import Connection, execute
from tests.fakes.claude import FakeClaude, error, valid
from tests.integration.conftest import Shell


def test_the_way_of_a_record_offline(shell: Shell, folder: Path, connection: Connection, tmp_path: Path) -> None:
    assert shell.json("migrate")["applied"] == []
    synced = shell.json("sync", "--source", str(folder), "--machine", "laptop")
    assert (synced["read_count"], synced["session_count"], synced["failed_count"]) == (5, 5, 0)
    extracted = shell.json("extract")
    assert (extracted["ok_count"], extracted["failed_count"], extracted["cost_usd"]) == (5, 0, 0)
    reported = shell.json("report", "--since", "2026-11-15", "--until", "2026-11-21", "--out", str(tmp_path / "out"))
    assert reported["coverage"] == "Read 4 of 4 sessions."
    page = Path(reported["path"]).read_text(encoding="utf-8")
    assert Path(reported["path"]).parent == tmp_path / "out"
    assert "Mail to Maya, number 0" in page
    assert "Read without a model" in page
    [summary] = execute(connection, "select metrics -> 'summary' as rows from insights.insights_snapshots")
    assert summary["rows"]["current"][0]["session_count"] == 4
    assert summary["rows"]["previous"][0]["session_count"] == 1
    assert summary["rows"]["current"][0]["course_corrections"] == 4


def test_the_way_of_a_record_by_claude(
    shell: Shell, folder: Path, claude: FakeClaude, connection: Connection, tmp_path: Path
) -> None:
    shell.json("sync", "--source", str(folder))
    extracted = shell.json("extract", "--reader", "claude")
    assert (extracted["ok_count"], extracted["failed_count"]) == (5, 0)
    assert extracted["cost_usd"] > 0
    rows = execute(connection, "select distinct reader, extraction_model from insights.session_facets")
    assert rows == [{"reader": "claude", "extraction_model": "claude-haiku-5-5"}]
    asked = len(claude.requests)
    reported = shell.json("report", "--since", "2026-11-15", "--until", "2026-11-21", "--out", str(tmp_path / "out"))
    assert len(claude.requests) > asked
    assert reported["writer"] == "claude-sonnet-5-5"
    assert Path(reported["path"]).is_file()


def test_a_session_that_fails_is_counted_and_the_others_go_on(
    shell: Shell, folder: Path, claude: FakeClaude, connection: Connection
) -> None:
    shell.json("sync", "--source", str(folder))
    claude.will(*[valid(outcome="splendid")] * 2)
    extracted = shell.json("extract", "--reader", "claude", code=1)
    assert (extracted["ok_count"], extracted["failed_count"]) == (4, 1)
    [failed] = execute(connection, "select session_id, error from insights.facet_extractions where state = 'failed'")
    assert failed["session_id"] in failed["error"]


def test_a_key_that_is_refused_stops_the_command_and_says_so(shell: Shell, folder: Path, claude: FakeClaude) -> None:
    shell.json("sync", "--source", str(folder))
    claude.will(error(401))
    done = shell.run("extract", "--reader", "claude")
    assert done.returncode == 2
    assert "key" in done.stderr


def test_extraction_reads_what_is_asked_for_and_not_again(shell: Shell, folder: Path) -> None:
    shell.json("sync", "--source", str(folder))
    assert shell.json("extract", "--until", "2026-11-15")["session_ids"] == ["session-6"]
    assert shell.json("extract", "--since", "2026-11-19")["session_ids"] == ["session-3"]
    assert shell.json("extract", "--limit", "1")["session_ids"] == ["session-2"]
    assert shell.json("extract", "--session-id", "session-0")["session_ids"] == ["session-0"]
    assert shell.json("extract")["session_ids"] == ["session-1"]
    assert shell.json("extract")["session_ids"] == []
    assert shell.json("extract", "--session-id", "session-0", "--force")["session_ids"] == ["session-0"]


def test_a_dry_run_sends_nothing_and_reads_nothing(
    shell: Shell, folder: Path, claude: FakeClaude, connection: Connection
) -> None:
    shell.json("sync", "--source", str(folder))
    done = shell.run("extract", "--reader", "claude", "--dry-run", "--limit", "1")
    assert done.returncode == 0
    assert "would send" in done.stderr
    assert claude.requests == []
    assert execute(connection, "select state from insights.facet_extractions") == [{"state": "dry_run"}]
    assert execute(connection, "select 1 from insights.session_facets") == []


def test_a_report_made_again_is_the_same_to_the_byte(shell: Shell, folder: Path, tmp_path: Path) -> None:
    shell.json("sync", "--source", str(folder))
    shell.json("extract")
    week = ("report", "--since", "2026-11-15", "--until", "2026-11-21", "--out", str(tmp_path / "out"))
    first = Path(shell.json(*week)["path"]).read_bytes()
    assert Path(shell.json(*week)["path"]).read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["sync", "--source", "/nowhere"], {}, "No folder /nowhere"),
        (["sync"], {}, "--source"),
        (["extract", "--since", "soon"], {}, "since: 'soon' is not a date"),
        (["extract", "--session-id", "nobody"], {}, "session nobody: not known"),
        (["extract", "--reader", "claude"], {}, "anthropic_default"),
        (["report", "--since", "2026-11-09", "--until", "2026-11-01"], {}, "since ≤ until"),
        (["migrate"], {"SESSION_INSIGHTS_DATABASE_URL": ""}, "SESSION_INSIGHTS_DATABASE_URL"),
        (["migrate"], {"SESSION_INSIGHTS_DATABASE_URL": "postgresql://x:y@127.0.0.1:1/z"}, "does not answer"),
        (["extract"], {"SESSION_INSIGHTS_PROFILE": "/nowhere.yaml"}, "Profile /nowhere.yaml"),
        (["extract"], {"SESSION_INSIGHTS_QUIET_MINUTES": "-1"}, "SESSION_INSIGHTS_QUIET_MINUTES"),
    ],
)
def test_wrong_input_names_the_thing_and_the_remedy(
    shell: Shell,
    arguments: list[str],
    environment: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("ANTHROPIC_API_KEY", "CLAUDE_CONFIG_DIR", "SESSION_INSIGHTS_SOURCES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (shell.environment | environment).items():
        monkeypatch.setenv(name, value)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_the_password_of_a_database_is_in_no_message(shell: Shell) -> None:
    shell.environment["SESSION_INSIGHTS_DATABASE_URL"] = "postgresql://x:tell-nobody@127.0.0.1:1/z"
    assert "tell-nobody" not in shell.run("migrate").stderr
    shell.environment["SESSION_INSIGHTS_DATABASE_URL"] = "postgresql://x:tell-nobody@127.0.0.1:port/z"
    assert "tell-nobody" not in shell.run("migrate").stderr
