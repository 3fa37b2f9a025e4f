"""`session-insights eval` and `correct`, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.evaluation import HISTORY, LABELLED, build_hand
from local.evaluation import main as make_eval
from session_insights.cli import main
from session_insights.evaluation.history import load_history
from session_insights.facets.answer import FacetAnswer
from session_insights.settings import Settings
from session_insights.stages.evaluating import load_labelled
from session_insights.store.database import Connection, execute
from session_insights.transcripts.files import find_transcripts
from session_insights.transcripts.parsing import parse_file
from tests.building import assistant, transcript, user, write_transcript
from tests.fakes.claude import FakeClaude, Request, Response, refusal, valid
from tests.helpers import sample_profile, sync_folder

JUDGED = set(FacetAnswer.model_fields)


@pytest.fixture(scope="module")
def hand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labelled") / "hand"
    build_hand(folder)
    return folder


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No database, no key, nobody's skills."""
    for name in ("SESSION_INSIGHTS_DATABASE_URL", "SESSION_INSIGHTS_PROFILE", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "nobody"))


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert main([*arguments, "--json"]) == code
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def two_sessions(folder: Path) -> Path:
    """A session that went well and one that did not, with labels."""
    for session_id, outcome in (("good", "fully_achieved"), ("bad", "not_achieved")):
        talk = transcript(user(f"the {session_id} one"), assistant(), user("hm"), assistant(), session_id=session_id)
        write_transcript(folder / "projects", talk)
        label = folder / "labels" / f"{session_id}.yaml"
        label.parent.mkdir(exist_ok=True)
        label.write_text(f"session: {session_id}\noutcome: {outcome}\nbusinesses: [stb]\n", encoding="utf-8")
    return folder


def test_the_hand_labelled_set_is_read_without_a_database(
    hand: Path, alone: None, capsys: pytest.CaptureFixture[str]
) -> None:
    [result] = run(capsys, "eval", "--labels", str(hand), "--reader", "offline")["results"]
    assert (result["session_count"], result["unread_count"], result["cost_usd"]) == (30, 0, 0)
    assert result["facets"]["outcome"]["n"] == 30
    assert sum(n for row in result["outcome_confusion"].values() for n in row.values()) == 30


def test_the_hand_labelled_set_has_every_outcome_business_kind_of_work_and_alignment(hand: Path) -> None:
    labels, sessions = load_labelled(hand, profile=sample_profile(), settings=Settings())
    said = list(labels.sessions.values())

    def all_of(facet: str) -> set[Any]:
        return {label[facet] for label in said if facet in label}

    assert len(sessions) == len(said) == 30
    assert len(all_of("outcome")) == 5
    assert {slug for label in said for slug in label["businesses"]} == {
        business.slug for business in sample_profile().businesses
    }
    assert len(all_of("workflow_type")) == 11
    assert all_of("priority_alignment") == {"aligned", "supportive", "neutral", "drift"}
    assert all_of("outreach_type") == {"proactive", "reactive", "none"}
    assert sum(len(label["businesses"]) > 1 for label in said) == 2


def test_every_judged_label_gives_its_reason() -> None:
    for path in (LABELLED / "labels").glob("*.yaml"):
        for facet, said in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            if facet in JUDGED:
                assert isinstance(said, dict), f"{path.name}: {facet}"
                assert said["because"], f"{path.name}: {facet}"


def test_hand_labelled_sessions_are_of_the_genuine_format(hand: Path) -> None:
    for file in find_transcripts("here", hand / "projects"):
        parsed = parse_file(file, entry_characters=8000)
        assert parsed.bad_lines == ()
        assert parsed.sessions[0].category == "human"
        assert {"user", "assistant"} <= parsed.record_counts.keys()


def test_the_same_sessions_are_written_each_time(hand: Path, tmp_path: Path) -> None:
    def contents(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.*l"))}

    build_hand(tmp_path / "again")
    assert contents(tmp_path / "again") == contents(hand)


def test_the_history_in_docs_is_of_these_labels(hand: Path) -> None:
    labels, _ = load_labelled(hand, profile=sample_profile(), settings=Settings())
    kept = [result for result in load_history(HISTORY) if result["labels"] == "hand"]
    assert kept[-1]["labels_hash"] == labels.sha256


def test_a_fall_fails_and_says_where(
    hand: Path, alone: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = tmp_path / "history.jsonl"
    arguments = ["--sets", "hand", "--history", str(history)]
    assert make_eval(arguments) == 0
    assert make_eval(arguments) == 0
    [before] = load_history(history)
    before["facets"]["outcome"]["agreement"] = 1.0
    history.write_text(json.dumps(before) + "\n", encoding="utf-8")
    capsys.readouterr()
    assert make_eval(arguments) == 1
    assert "Fell too far: outcome." in capsys.readouterr().out
    assert make_eval([*arguments, "--margin", "0.9"]) == 0


def test_claude_is_scored_by_what_it_answers_and_what_it_takes(
    alone: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, history = two_sessions(tmp_path / "mine"), tmp_path / "history.jsonl"
    with FakeClaude(default=valid(outcome="not_achieved", businesses=["stb"])) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        arguments = ["eval", "--labels", str(folder), "--reader", "claude", "--history", str(history)]
        [result] = run(capsys, *arguments)["results"]
        assert len(server.requests) == 2
    assert (result["reader"], result["model"]) == ("claude", "claude-haiku-5-5")
    assert result["facets"]["outcome"]["agreement"] == 0.5
    assert result["facets"]["businesses"]["f1"] == 1.0
    assert result["not_achieved"] == {"n": 1, "recall": 1.0, "precision": 0.5}
    assert result["input_tokens_per_session"] > 100
    assert result["cost_usd"] > 0
    [kept] = load_history(history)
    assert (kept["prompt_hash"], kept["labels"]) == (result["prompt_hash"], "mine")


def test_a_session_that_claude_refuses_is_counted_and_not_scored(
    alone: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = two_sessions(tmp_path / "mine")

    def answer_one(request: Request) -> Response:
        return (refusal() if "the bad one" in request.prompt else valid(outcome="fully_achieved"))(request)

    with FakeClaude(default=answer_one) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        answer = run(capsys, "eval", "--labels", str(folder), "--reader", "claude", code=1)
    [result] = answer["results"]
    assert result["session_count"] == 2
    assert result["unread_count"] == 1
    assert result["facets"]["outcome"]["n"] == 1


def test_labels_without_a_transcript_are_named(alone: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = two_sessions(tmp_path / "mine")
    (folder / "labels" / "z.yaml").write_text("session: nobody\noutcome: not_achieved\n", encoding="utf-8")
    assert main(["eval", "--labels", str(folder)]) == 2
    assert "session nobody: has labels but no transcript" in capsys.readouterr().err


def test_a_correction_that_the_profile_no_longer_knows_is_named(
    connection: Connection,
    database_url: str,
    alone: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_DATABASE_URL", database_url)
    sync_folder(connection, two_sessions(tmp_path / "mine") / "projects")
    run(capsys, "correct", "bad", "--set", "businesses=goodsomm")
    profile = tmp_path / "profile.yaml"
    profile.write_text("owner: A\ntime_zone: UTC\nbusinesses: [{slug: stb, about: courses}]\n", encoding="utf-8")
    monkeypatch.setenv("SESSION_INSIGHTS_PROFILE", str(profile))
    assert main(["eval"]) == 2
    assert "session bad: businesses" in capsys.readouterr().err


def test_corrections_by_the_command_hold_and_are_labels(
    connection: Connection,
    database_url: str,
    alone: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_DATABASE_URL", database_url)
    sync_folder(connection, two_sessions(tmp_path / "mine") / "projects")
    assert main(["eval"]) == 2
    assert "No corrections" in capsys.readouterr().err
    run(capsys, "extract", "--reader", "offline")
    given = ("--set", "outcome=not_achieved", "skills_missed=compose", "--note", "never sent")
    said = run(capsys, "correct", "good", *given)
    assert said["corrected"] == {"outcome": "not_achieved", "skills_missed": ["compose"]}
    run(capsys, "extract", "--session-id", "good", "--force", "--reader", "offline")
    [row] = execute(connection, "select outcome from insights.session_facets where session_id = 'good'")
    assert row["outcome"] == "not_achieved"
    [act] = execute(connection, "select distinct corrected_by, note from insights.facet_corrections")
    assert act == {"corrected_by": "Alex", "note": "never sent"}

    [result] = run(capsys, "eval", "--reader", "offline")["results"]
    assert (result["labels"], result["session_count"]) == ("corrections", 1)
    assert result["facets"]["outcome"]["agreement"] == 0.0

    run(capsys, "correct", "good", "--undo", "outcome", "--by", "Maya")
    [row] = execute(connection, "select outcome from insights.session_facets where session_id = 'good'")
    assert row["outcome"] != "not_achieved"
    assert [act["corrected_by"] for act in run(capsys, "correct", "good")["acts"]] == ["Alex", "Alex", "Maya"]
    assert main(["correct", "good"]) == 0
    assert "Alex: outcome is not_achieved (never sent)" in capsys.readouterr().out
    assert main(["correct", "good", "--set", "retry_loops=3"]) == 2
    assert "counted from the transcript" in capsys.readouterr().err
    assert main(["correct", "good", "--set", "outcome=splendid"]) == 2
    assert "'fully_achieved'" in capsys.readouterr().err
