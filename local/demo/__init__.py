"""Demo transcripts: eighteen weeks of one owner's sessions, in the genuine format, the same bytes for the same end.

The words are in `stories/`, their grammar in `storyline.py`, the records in `transcript.py` and `results.py`.
`labels.jsonl` beside the transcripts says what was planted in each human session.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from local.demo.records import Pace, Record
from local.demo.storyline import TIME_ZONE, Calendar, Session, load_stories, plan_sessions
from local.demo.transcript import Transcript

__all__ = ["write_demo"]

WEEKS = 18
ALIGNED = {"indy-hall": "growing-indy-hall"}
MARK = "These transcripts are made up by local/demo; deleting this folder loses nothing.\n"


class NotADemo(FileExistsError):
    """The folder holds transcripts that this module did not make."""


def write_demo(out: Path, *, end: date) -> int:
    """Write `out/projects` and `out/labels.jsonl` afresh; return the number of session files, sub-agents not counted.

    Sessions lie in the 126 local days before `end`, New York time. A write that was killed is repaired by the next.

    Raises:
        NotADemo: `out/projects` is there and was not made here.
    """
    projects, mark, draft, old = (out / name for name in ("projects", "DEMO.txt", ".projects.new", ".projects.old"))
    if not mark.exists() and projects.is_dir() and any(projects.iterdir()):
        raise NotADemo(f"{projects} holds other transcripts; choose another folder for the demo")
    out.mkdir(parents=True, exist_ok=True)
    mark.write_text(MARK, encoding="utf-8")
    for left_over in (draft, old):
        shutil.rmtree(left_over, ignore_errors=True)
    written = list(make_transcripts(end))
    for transcript in written:
        save_transcript(transcript, draft)
    draft.mkdir(exist_ok=True)
    if projects.exists():
        projects.rename(old)
    draft.rename(projects)
    shutil.rmtree(old, ignore_errors=True)
    labels = "".join(json.dumps(build_label(transcript)) + "\n" for transcript in written)
    draft_labels = out / ".labels.new"
    draft_labels.write_text(labels, encoding="utf-8")
    draft_labels.replace(out / "labels.jsonl")
    return len(written)


def make_transcripts(end: date) -> Iterable[Transcript]:
    """All sessions that lie wholly inside the eighteen weeks, oldest first."""
    calendar = Calendar(end)
    opens = datetime.combine(end - timedelta(days=7 * WEEKS), time.min, TIME_ZONE)
    closes = datetime.combine(end, time.min, TIME_ZONE)
    done: dict[str, Transcript] = {}
    for session in plan_sessions(load_stories(), calendar):
        if opens <= session.started_at < closes:
            transcript = make_transcript(session, seed=f"{calendar.last_sunday}", done=done)
            if transcript.now < closes:
                done[session.key.partition(":")[0]] = transcript
                yield transcript


def make_transcript(session: Session, *, seed: str, done: dict[str, Transcript]) -> Transcript:
    """One session; with `minutes` in its head the pauses are stretched until it takes about as long."""

    def run(pace: Pace) -> Transcript:
        transcript = Transcript(session, seed=seed, pace=pace)
        transcript.open()
        if session.head.get("fork_of"):
            copy_history(done[session.head["fork_of"]], transcript)
        transcript.write(session.steps)
        return transcript

    transcript = run(Pace(1.0, 1.0))
    if "minutes" in session.head:
        wanted, took = 60.0 * int(session.head["minutes"]), transcript.waited
        machine = min(2.5, max(0.7, wanted / sum(took)))
        person = (wanted - took.machine * machine) / max(took.person, 1)
        transcript = run(Pace(max(0.3, person), machine))
    transcript.close()
    return transcript


def copy_history(source: Transcript, target: Transcript) -> None:
    """What `--fork-session` does: the history with the same uuids, message ids and times under a new session id."""
    turns = [place for place, record in enumerate(source.records) if record.get("subtype") == "turn_duration"]
    for record in source.records[: turns[1] + 1]:
        if "uuid" in record:
            target.records.append(record | {"sessionId": target.id})
    target.parent_uuid, target.copied = target.records[-1]["uuid"], len(target.records)
    target.context, target.fresh, target.prompt_index, target.last_prompt = source.context, 900, 2, "forked"
    target.title_due = False


def save_transcript(transcript: Transcript, projects: Path) -> None:
    """The file of a session and those of its sub-agents, readable by their owner only, as old as their last record."""
    folder = projects / re.sub(r"[^A-Za-z0-9]", "-", transcript.cwd)
    save_lines(folder / f"{transcript.id}.jsonl", transcript.records, transcript.now)
    for agent_id, records, meta in transcript.subagents:
        path = folder / transcript.id / "subagents" / f"agent-{agent_id}.jsonl"
        ended_at = datetime.fromisoformat(records[-1]["timestamp"])
        save_lines(path, records, ended_at)
        save_lines(path.with_suffix(".meta.json"), [meta], ended_at)


def save_lines(path: Path, records: list[Record], modified_at: datetime) -> None:
    """One JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    path.chmod(0o600)
    os.utime(path, (modified_at.timestamp(), modified_at.timestamp()))


def build_label(transcript: Transcript) -> dict[str, Any]:
    """What was planted: counted from the records where it can be, else from the head of the story."""
    head, tally = transcript.session.head, transcript.tally
    notes = [path for path in tally.written if "/notes/" in path]
    business = head["business"]
    priority = head.get("priority", ALIGNED.get(business))
    return {
        "session_id": transcript.id, "story": transcript.session.key.partition(":")[0],
        "week": transcript.session.week, "started_at": transcript.session.started_at.isoformat(),
        "active_minutes": round(count_active_minutes(transcript.records[transcript.copied :])), "title": head["title"],
        "initiated_by": head.get("started_by") or "user-interactive", "business": business,
        "workflow_type": head["workflow"], "priority": priority if priority != "none" else None,
        "priority_alignment": head.get("alignment", "aligned" if priority and priority != "none" else "neutral"),
        "outcome": head["outcome"], "human_prompts": tally.human_prompts,
        "course_corrections": tally.course_corrections, "pattern": head.get("pattern"), "skills_used": tally.skills,
        "skills_missed": split(head.get("missed")), "people": split(head.get("people")),
        "outreach": head.get("outreach", "none"), "mcp_failures": sum(tally.mcp_failures.values()),
        "retry_loops": tally.retry_loops, "interruptions": tally.interruptions, "rejections": tally.rejections,
        "cut_short": head.get("cut") == "yes", "pivot": head.get("pivot"), "decisions_made": tally.decisions,
        "knowledge_filed": len(notes), "artifacts_created": len(tally.written) - len(notes),
        "time_saved_minutes": int(head.get("saved", 0)), "subagents": tally.subagents,
        "cost_usd": round(tally.cost_usd, 4),
    }  # fmt: skip


def split(words: str | None) -> list[str]:
    """A list of a head: `Maya Brooks, Priya Nair`."""
    return [word.strip() for word in (words or "").split(",") if word.strip()]


def count_active_minutes(records: Iterable[Record]) -> float:
    """Pauses count up to five minutes."""
    times = [datetime.fromisoformat(record["timestamp"]) for record in records if "timestamp" in record]
    gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(times)]
    return sum(min(max(gap, 0), 300) for gap in gaps) / 60
