"""The demo transcripts: genuine in shape, the same for the same end, and what the labels say is what the files hold."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from genai_prices import Usage, calc_price

from local.demo import NotADemo, write_demo
from local.demo.storyline import BrokenStory, Calendar, Story, plan_sessions

Record = dict[str, Any]

ROOT = Path(__file__).parents[2]
NEW_YORK = ZoneInfo("America/New_York")
END = date(2026, 11, 22)  # a Sunday: eighteen whole weeks
PROFILE = yaml.safe_load((ROOT / "include" / "profile.yaml").read_text("utf-8"))
OUTCOMES = {
    "fully_achieved", "mostly_achieved", "partially_achieved", "not_achieved", "unclear_from_transcript",
}  # fmt: skip
WORKFLOWS = {
    "email", "research", "filing", "meeting-prep", "agreement", "event-planning", "relationship-maintenance",
    "skill-building", "debugging", "content-creation", "admin",
}  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    write_demo(out, end=END)
    return out


@pytest.fixture(scope="module")
def sessions(demo: Path) -> dict[str, list[Record]]:
    return {path.stem: read_records(path) for path in sorted((demo / "projects").glob("*/*.jsonl"))}


@pytest.fixture(scope="module")
def labels(demo: Path) -> list[Record]:
    return read_records(demo / "labels.jsonl")


@pytest.fixture(scope="module")
def human_labels(labels: list[Record]) -> list[Record]:
    return [label for label in labels if label["initiated_by"] == "user-interactive"]


@pytest.fixture(scope="module")
def last_full_week(human_labels: list[Record]) -> list[Record]:
    return [label for label in human_labels if label["week"] == 9]


def read_records(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def read_all_files(demo: Path) -> dict[Path, list[Record]]:
    return {path: read_records(path) for path in sorted((demo / "projects").rglob("*.jsonl"))}


def digest(out: Path) -> dict[str, str]:
    paths = sorted(path for path in out.rglob("*") if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def blocks(record: Record) -> list[Record]:
    content = record.get("message", {}).get("content", [])
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def tool_uses(records: list[Record]) -> dict[str, Record]:
    return {
        block["id"]: block for record in records for block in blocks(record) if block["type"] == "tool_use"
    }  # fmt: skip


def tool_results(records: list[Record]) -> Iterator[tuple[Record, Record]]:
    for record in records:
        yield from ((record, block) for block in blocks(record) if block["type"] == "tool_result")


def human_prompts(records: list[Record]) -> list[str]:
    """What a person typed: prompts, and words taken in while Claude worked."""
    typed = [
        record["message"]["content"]
        for record in records
        if record["type"] == "user" and record.get("origin", {}).get("kind") == "human"
    ]
    queued = [record["attachment"] for record in records if record["type"] == "attachment"]
    return typed + [each["prompt"] for each in queued if each["type"] == "queued_command"]


def own_records(sessions: dict[str, list[Record]], session_id: str) -> list[Record]:
    """Without the history that a fork has copied: records of a file that stopped earlier."""
    records = sessions[session_id]
    earlier = {
        record["uuid"]
        for other in sessions.values()
        if other[0] is not records[0] and last_time(other) < last_time(records)
        for record in other
        if "uuid" in record
    }
    return [record for record in records if record.get("uuid") not in earlier]


def last_time(records: list[Record]) -> str:
    return max(record["timestamp"] for record in records if "timestamp" in record)


# -- the files


def test_the_same_end_gives_the_same_bytes_and_times(demo: Path, tmp_path: Path) -> None:
    write_demo(tmp_path, end=END)
    assert digest(tmp_path) == digest(demo)
    for path in (demo / "projects").rglob("*.json*"):
        assert (tmp_path / path.relative_to(demo)).stat().st_mtime == path.stat().st_mtime


def test_a_week_later_everything_is_a_week_later_under_other_ids(
    sessions: dict[str, list[Record]], labels: list[Record], tmp_path: Path
) -> None:
    write_demo(tmp_path, end=END + timedelta(days=7))
    later = read_records(tmp_path / "labels.jsonl")
    assert not {label["session_id"] for label in later} & set(sessions)
    shifted = [datetime.fromisoformat(label["started_at"]).date() - timedelta(days=7) for label in later]
    assert shifted == [datetime.fromisoformat(label["started_at"]).date() for label in labels]


def test_a_day_later_the_sessions_written_before_keep_their_bytes(demo: Path, tmp_path: Path) -> None:
    write_demo(tmp_path, end=END + timedelta(days=1))
    before, after = digest(demo), digest(tmp_path)
    kept = [name for name in after if name in before and name.startswith("projects/")]
    assert len(kept) > 0.95 * len(after)
    assert all(after[name] == before[name] for name in kept)


@pytest.mark.parametrize("weekday", range(7))
def test_every_weekday_as_the_end_gives_eighteen_weeks_of_sessions(weekday: int, tmp_path: Path) -> None:
    end = END + timedelta(days=weekday)
    count = write_demo(tmp_path, end=end)
    found = read_records(tmp_path / "labels.jsonl")
    assert count == len(found) == len(list((tmp_path / "projects").glob("*/*.jsonl")))
    human = [label for label in found if label["initiated_by"] == "user-interactive"]
    days = {datetime.fromisoformat(label["started_at"]).date() for label in human}
    assert {(end - day).days // 7 for day in days} >= set(range(18))
    assert 180 <= len(human) <= 205
    times = [time for records in read_all_files(tmp_path).values() for time in times_of(records)]
    assert midnight(end - timedelta(days=126)) <= min(times)
    assert max(times) < midnight(end)


def times_of(records: list[Record]) -> list[datetime]:
    return [datetime.fromisoformat(record["timestamp"]) for record in records if "timestamp" in record]


def midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), NEW_YORK)


def test_files_are_as_old_as_their_last_record(demo: Path) -> None:
    for path, records in read_all_files(demo).items():
        modified_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        assert abs(modified_at - times_of(records)[-1]) < timedelta(seconds=2), path


def test_files_are_named_for_session_and_folder_and_only_their_owner_may_read_them(demo: Path) -> None:
    for path in (demo / "projects").glob("*/*.jsonl"):
        records = read_records(path)
        assert {record["sessionId"] for record in records if "sessionId" in record} == {path.stem}
        folders = {record["cwd"] for record in records if "cwd" in record}
        assert {"".join(c if c.isalnum() else "-" for c in folder) for folder in folders} == {path.parent.name}
        assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_written_in_seconds_and_stays_small(tmp_path: Path) -> None:
    started = time.process_time()
    write_demo(tmp_path, end=END)
    assert time.process_time() - started < 5
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 25_000_000


def test_a_killed_write_is_repaired_by_the_next(demo: Path, tmp_path: Path) -> None:
    write_demo(tmp_path, end=END)
    (tmp_path / "projects").rename(tmp_path / ".projects.old")
    (tmp_path / ".projects.new" / "half").mkdir(parents=True)
    (tmp_path / ".projects.new" / "half" / "written.jsonl").write_text("{")
    (tmp_path / "labels.jsonl").unlink()
    write_demo(tmp_path, end=END)
    assert digest(tmp_path) == digest(demo)


def test_what_an_earlier_end_left_is_replaced(demo: Path, tmp_path: Path) -> None:
    write_demo(tmp_path, end=END - timedelta(days=9))
    write_demo(tmp_path, end=END)
    assert digest(tmp_path) == digest(demo)


def test_transcripts_of_a_person_are_never_replaced(tmp_path: Path) -> None:
    real = tmp_path / "projects" / "-home-me" / "real.jsonl"
    real.parent.mkdir(parents=True)
    real.write_text("{}\n")
    with pytest.raises(NotADemo, match="holds other transcripts"):
        write_demo(tmp_path, end=END)
    assert real.read_text() == "{}\n"


def test_the_command_writes_and_says_how_many(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.demo", "--out", str(tmp_path), "--end", "2026-11-22"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    count = len(list((tmp_path / "projects").glob("*/*.jsonl")))
    assert done.stdout == f"{count} sessions in {tmp_path / 'projects'}\n"


def test_a_broken_story_is_named_with_its_line() -> None:
    story = Story("lunch", {"cwd": "indy-hall"}, ("w9 mon 12:00",), ("> hungry", "what"))
    with pytest.raises(BrokenStory, match=r"lunch, w9 mon 12:00.*no meaning in 'what'"):
        plan_sessions([story], Calendar(END))


# -- the records


def test_each_record_hangs_on_an_earlier_one_of_its_file(demo: Path) -> None:
    for path, records in read_all_files(demo).items():
        seen: set[str] = set()
        for record in (record for record in records if "uuid" in record):
            is_start = not seen or record.get("subtype") == "compact_boundary"
            assert record["parentUuid"] is None if is_start else record["parentUuid"] in seen, path
            assert record["uuid"] not in seen, path
            seen.add(record["uuid"])


def test_ids_are_shared_by_no_two_files_but_a_fork(sessions: dict[str, list[Record]]) -> None:
    owners = Counter(record["uuid"] for records in sessions.values() for record in records if "uuid" in record)
    shared = {key for key, count in owners.items() if count > 1}
    forks = [key for key, records in sessions.items() if any(record.get("uuid") in shared for record in records)]
    assert len(forks) == 2
    assert all(owners[key] == 2 for key in shared)


def test_each_tool_call_is_answered_once_and_no_answer_lacks_its_call(demo: Path) -> None:
    for path, records in read_all_files(demo).items():
        answered = Counter(block["tool_use_id"] for _, block in tool_results(records))
        assert set(answered) == set(tool_uses(records)), path
        assert set(answered.values()) <= {1}, path


def test_each_line_of_a_message_repeats_its_usage_request_and_stop_reason(demo: Path) -> None:
    for records in read_all_files(demo).values():
        said: dict[str, tuple[Any, ...]] = {}
        for record in (record for record in records if record["type"] == "assistant"):
            message = record["message"]
            facts = (message["usage"], record["requestId"], message["stop_reason"], message["model"])
            assert said.setdefault(message["id"], facts) == facts
            assert len(message["content"]) == 1


def test_only_aborted_messages_lack_a_stop_reason(sessions: dict[str, list[Record]]) -> None:
    aborted = [
        record
        for records in sessions.values()
        for record in records
        if record["type"] == "assistant" and record["message"]["stop_reason"] is None
    ]
    assert aborted
    assert all(record["isAbortedMidStream"] for record in aborted)
    assert all(record["message"]["usage"]["output_tokens"] == 1 for record in aborted)


def test_cost_state_is_what_the_messages_cost_with_those_of_sub_agents(
    demo: Path, sessions: dict[str, list[Record]]
) -> None:
    for path in (demo / "projects").glob("*/*.jsonl"):
        agents = sorted((path.parent / path.stem / "subagents").glob("*.jsonl"))
        records = own_records(sessions, path.stem) + [record for file in agents for record in read_records(file)]
        messages = {record["message"]["id"]: record["message"] for record in records if record["type"] == "assistant"}
        states = [record for record in records if record["type"] == "cost-state"]
        if states:
            expected = sum(price(message) for message in messages.values())
            assert states[-1]["totalCostUSD"] == pytest.approx(expected), path


def price(message: Record) -> float:
    usage = message["usage"]
    read, write = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
    tokens = Usage(
        input_tokens=usage["input_tokens"] + read + write,
        output_tokens=usage["output_tokens"],
        cache_read_tokens=read,
        cache_write_tokens=write,
    )
    return float(calc_price(tokens, message["model"], provider_id="anthropic").total_price)


def test_each_sub_agent_is_linked_from_its_launch_and_its_report_comes_back(
    demo: Path, sessions: dict[str, list[Record]]
) -> None:
    paths = sorted((demo / "projects").glob("*/*/subagents/agent-*.jsonl"))
    assert len(paths) >= 5
    for path in paths:
        agent_id, parent = path.stem.removeprefix("agent-"), sessions[path.parents[1].name]
        assert len(agent_id) == 17
        records = read_records(path)
        assert all(record["isSidechain"] and record["agentId"] == agent_id for record in records), path
        assert {record["sessionId"] for record in records} == {path.parents[1].name}
        launch = next(
            record
            for record, _ in tool_results(parent)
            if isinstance(record["toolUseResult"], dict) and record["toolUseResult"].get("agentId") == agent_id
        )
        meta = json.loads(path.with_suffix(".meta.json").read_text("utf-8"))
        assert meta["toolUseId"] == blocks(launch)[0]["tool_use_id"]
        notices = [record for record in parent if record.get("origin", {}).get("kind") == "task-notification"]
        assert any(agent_id in notice["message"]["content"] for notice in notices)


def test_scheduled_jobs_are_headless_and_no_person_speaks_in_them(
    sessions: dict[str, list[Record]], labels: list[Record]
) -> None:
    jobs = [label for label in labels if label["initiated_by"] == "scheduled-job"]
    assert 40 <= len(jobs) <= 60
    for label in jobs:
        records = sessions[label["session_id"]]
        assert {record["entrypoint"] for record in records if "entrypoint" in record} == {"sdk-cli"}
        assert human_prompts(records) == []
        assert label["human_prompts"] == 0


def test_the_odd_endings_are_all_there(sessions: dict[str, list[Record]]) -> None:
    every = [record for records in sessions.values() for record in records]
    kinds = Counter(record.get("subtype") or record["type"] for record in every)
    assert kinds["compact_boundary"] == 2
    assert kinds["pr-link"] >= 2
    assert kinds["queue-operation"] >= 4
    assert kinds["custom-title"] >= 1
    assert sum(not any(r["type"] == "cost-state" for r in records) for records in sessions.values()) == 1
    assert any(len(models(records)) == 2 for records in sessions.values())
    assert any("<command-name>/model</command-name>" in str(record.get("message")) for record in every)
    assert any("<bash-input>" in str(record.get("message")) for record in every)
    spans = [local_days(records) for records in sessions.values()]
    assert sum(len(days) == 2 for days in spans) >= 2


def models(records: list[Record]) -> set[str]:
    return {record["message"]["model"] for record in records if record["type"] == "assistant"}


def local_days(records: list[Record]) -> set[date]:
    stamps = [record["timestamp"] for record in records if "timestamp" in record]
    return {datetime.fromisoformat(stamp).astimezone(NEW_YORK).date() for stamp in stamps}


def test_addresses_are_made_up_and_the_only_key_is_fake(demo: Path) -> None:
    text = "\n".join(path.read_text("utf-8") for path in (demo / "projects").rglob("*.jsonl"))
    domains = {word.split("@", 1)[1] for word in text.split('"') if word.count("@") == 1 and " " not in word}
    assert {".".join(domain.split(".")[-2:]) for domain in domains} <= {"example.com", "example.org"}
    assert text.count("sk-ant-") == text.count("sk-ant-api03-FAKE-demo-key") > 0


# -- the labels


def test_labels_name_only_what_the_profile_and_the_plan_know(labels: list[Record]) -> None:
    businesses = {each["slug"] for each in PROFILE["businesses"]}
    priorities = {each["slug"] for each in PROFILE["priorities"]} | {None}
    skills = {each["name"] for each in PROFILE["skills"]}
    people = {each["name"] for each in PROFILE["people"]}
    for label in labels:
        assert label["business"] in businesses
        assert label["outcome"] in OUTCOMES
        assert label["workflow_type"] in WORKFLOWS
        assert label["priority"] in priorities
        assert label["priority_alignment"] in {"aligned", "supportive", "neutral", "drift"}
        assert label["outreach"] in {"proactive", "reactive", "automated", "none"}
        assert set(label["skills_used"]) | set(label["skills_missed"]) <= skills
        assert set(label["people"]) <= people


def test_labels_count_what_the_records_hold(sessions: dict[str, list[Record]], labels: list[Record]) -> None:
    for label in labels:
        records = own_records(sessions, label["session_id"])
        uses = tool_uses(records)
        if label["initiated_by"] == "user-interactive":
            assert label["human_prompts"] == len(human_prompts(records)), label["title"]
        by_tool = [use["input"]["skill"] for use in uses.values() if use["name"] == "Skill"]
        slashed = [
            line.removeprefix("<command-name>/").removesuffix("</command-name>")
            for record in records
            for line in str(record.get("message", {}).get("content")).splitlines()
            if line.startswith("<command-name>/") and "<command-message>" in str(record["message"]["content"])
        ]
        known = {each["name"] for each in PROFILE["skills"]}
        assert set(label["skills_used"]) == (set(by_tool) | set(slashed)) & known, label["title"]
        failed = [
            uses[block["tool_use_id"]]["name"]
            for record, block in tool_results(records)
            if block.get("is_error") and record.get("toolDenialKind") is None
        ]
        assert label["mcp_failures"] == sum(name.startswith("mcp__") for name in failed), label["title"]
        assert label["rejections"] == sum(record.get("toolDenialKind") == "user-rejected" for record in records)
        marks = [record for record in records if "[Request interrupted by user]" in str(record.get("message"))]
        assert label["interruptions"] == len(marks)
        assert label["retry_loops"] == count_retry_loops(records), label["title"]


def count_retry_loops(records: list[Record]) -> int:
    """The same call failing three times or more in a row."""
    uses, loops, run, last = tool_uses(records), 0, 0, ""
    for record, block in tool_results(records):
        use = uses[block["tool_use_id"]]
        call = json.dumps([use["name"], use["input"]])
        failed = block.get("is_error") and record.get("toolDenialKind") is None
        run = (run + 1 if call == last else 1) if failed else 0
        last = call
        loops += run == 3
    return loops


def test_each_label_has_its_file_and_its_title(sessions: dict[str, list[Record]], labels: list[Record]) -> None:
    assert {label["session_id"] for label in labels} == set(sessions)
    for label in labels:
        titles = [
            record.get("aiTitle") or record.get("customTitle")
            for record in sessions[label["session_id"]]
            if record["type"] in {"ai-title", "custom-title"}
        ]
        assert set(titles) <= {label["title"]}


def test_people_of_a_label_are_those_whom_alex_or_claude_names(
    sessions: dict[str, list[Record]], human_labels: list[Record]
) -> None:
    for label in human_labels:
        records = own_records(sessions, label["session_id"])
        said = human_prompts(records) + [
            block["text"] if block["type"] == "text" else json.dumps(block["input"], ensure_ascii=False)
            for record in records
            if record["type"] in {"user", "assistant"} and not record.get("isMeta")
            for block in blocks(record)
            if block["type"] == "text" or (block["type"] == "tool_use" and block["name"] != "Read")
        ]
        words = set(re.findall(r"\w+", " ".join(said)))
        named = {person["name"] for person in PROFILE["people"] if person["name"].split()[0] in words}
        assert set(label["people"]) == named, label["title"]


def test_no_prompt_is_heard_twice_in_a_week(sessions: dict[str, list[Record]], human_labels: list[Record]) -> None:
    for week in range(1, 11):
        heard = Counter(
            prompt
            for label in human_labels
            if label["week"] == week
            for prompt in human_prompts(own_records(sessions, label["session_id"]))
        )
        assert [prompt for prompt, count in heard.items() if count > 1] == []


# -- what is planted


def test_each_week_has_its_rhythm(human_labels: list[Record]) -> None:
    by_week = Counter(label["week"] for label in human_labels)
    earlier = [by_week.pop(week) for week in range(-8, 1)]
    assert all(4 <= count <= 6 for count in earlier)
    assert sum(by_week.values()) == pytest.approx(150, abs=10)
    assert set(by_week) == set(range(1, 10))
    assert by_week[5] == min(by_week.values())
    assert 18 <= by_week[9] <= 20
    weekdays = Counter(datetime.fromisoformat(label["started_at"]).weekday() for label in human_labels)
    assert weekdays[5] + weekdays[6] < 0.25 * len(human_labels)


def test_there_are_at_least_45_storylines(human_labels: list[Record]) -> None:
    assert len({label["story"] for label in human_labels}) >= 45


def test_the_last_full_week_has_the_planted_truth(
    sessions: dict[str, list[Record]], human_labels: list[Record], last_full_week: list[Record]
) -> None:
    before = [label for label in human_labels if label["week"] == 8]
    failing = [label for label in last_full_week if label["mcp_failures"]]
    assert len(failing) == 6
    assert sum(label["mcp_failures"] for label in failing) == 19
    assert sum(label["mcp_failures"] for label in before) <= 3
    assert sum("compose" in label["skills_used"] for label in last_full_week) == 5
    assert sum("compose" in label["skills_missed"] for label in last_full_week) == 4
    edited = [label for label in last_full_week if label["pattern"] == "generated file edited instead of its source"]
    assert {label["business"] for label in edited} == {"stb", "indy-hall"}
    assert len(edited) == 4
    for label in edited:
        uses = tool_uses(sessions[label["session_id"]]).values()
        assert any("site/dist/" in use["input"].get("file_path", "") for use in uses if use["name"] == "Edit")
        assert label["course_corrections"] >= 2


def test_system_work_displaces_indy_hall_in_the_last_two_weeks(human_labels: list[Record]) -> None:
    def share(weeks: set[int], business: str) -> float:
        chosen = [label for label in human_labels if label["week"] in weeks]
        own = [label for label in chosen if label["business"] == business]
        return sum(label["active_minutes"] for label in own) / sum(label["active_minutes"] for label in chosen)

    assert share({1, 2, 3, 4, 5, 6, 7}, "system") < 0.15
    assert share({8, 9}, "system") > 0.35
    assert share({9}, "indy-hall") < 0.35 < 0.40 < share({7}, "indy-hall")


def test_grace_liu_writes_at_last_every_week_until_the_fourth_and_then_never_again(
    sessions: dict[str, list[Record]], human_labels: list[Record]
) -> None:
    weeks = [label["week"] for label in human_labels if "Grace Liu" in label["people"]]
    assert weeks == [-8, -4, 0, 1, 2, 3, 4]
    late = [label["session_id"] for label in human_labels if label["week"] > 4]
    assert not any("Grace" in json.dumps(sessions[session_id]) for session_id in late)


def test_long_pdfs_are_read_in_loops_early_and_no_longer_late(human_labels: list[Record]) -> None:
    weeks = [label["week"] for label in human_labels if label["pattern"] == "long PDF read in full, page by page"]
    assert weeks == [2, 3, 4, 6]


def test_town_hall_and_sponsor_agreement_run_over_many_weeks(human_labels: list[Record]) -> None:
    for word in ("town hall", "Dana"):
        weeks = {label["week"] for label in human_labels if word.lower() in label["title"].lower()}
        assert len(weeks) >= 5


def test_a_week_costs_what_such_a_week_costs(last_full_week: list[Record]) -> None:
    assert 40 <= sum(label["cost_usd"] for label in last_full_week) <= 80
