"""`make eval`: how well a reader reads what is labelled here: by hand, planted in the demo, planted in the corpus.

Everything is made in a folder that is thrown away; no database is used. Transcripts of hand-labelled sessions are
written from `tests/labelled/sessions` by the demo's own writer, so they have the genuine format.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from local.demo import make_transcript, save_transcript, write_demo
from local.demo.storyline import Calendar, load_stories, plan_sessions
from session_insights.cli import main as session_insights

ROOT = Path(__file__).parent.parent
LABELLED = ROOT / "tests" / "labelled"
HISTORY = ROOT / "docs" / "evaluation" / "history.jsonl"
END = date(2026, 11, 22)  # the same bytes each time, so that results can be compared
# What the demo calls a facet.
_PLANTED = {
    "outcome": "outcome",
    "workflow_type": "workflow_type",
    "priority_alignment": "priority_alignment",
    "outreach_type": "outreach",
    "session_cut_short": "cut_short",
    "skills_missed": "skills_missed",
    "skills_used": "skills_used",
    "people_mentioned": "people",
    "course_corrections": "course_corrections",
    "decisions_made": "decisions_made",
    "knowledge_filed": "knowledge_filed",
    "mcp_failures": "mcp_failures",
    "retry_loops": "retry_loops",
    "artifacts_created": "artifacts_created",
}


def build_hand(out: Path) -> None:
    """The sessions of `tests/labelled`, which the rules were not tuned on."""
    labels = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in (LABELLED / "labels").glob("*.yaml")}
    calendar = Calendar(END)
    for session in plan_sessions(load_stories(LABELLED / "sessions"), calendar, habits=()):
        transcript = make_transcript(session, seed=f"labelled {END}", done={})
        save_transcript(transcript, out / "projects")
        name = session.key.partition(":")[0]
        save_label(out, transcript.id, {facet: said for facet, said in labels.pop(name).items() if facet != "session"})
    if labels:
        raise ValueError(f"labels without a session: {', '.join(sorted(labels))}")


def build_demo(out: Path) -> None:
    """The people's sessions of the demo; rules were tuned on them, so this is a check and no test."""
    write_demo(out, end=END)
    for label in read_lines(out / "labels.jsonl"):
        if label["initiated_by"] == "user-interactive":
            facets = {facet: label[planted] for facet, planted in _PLANTED.items()}
            facets |= {"businesses": [label["business"]], "priority_matched": label["priority"] or "none"}
            save_label(out, label["session_id"], facets)


def build_corpus(out: Path) -> None:
    """Generated sessions with a planted outcome; their words say little else."""
    options = {"out": out, "sessions": 60, "mb": 6, "faults": 0, "seed": 7}
    arguments = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
    subprocess.run([sys.executable, ROOT / "benchmarks" / "gen_corpus.py", *arguments], check=True, capture_output=True)
    for truth in read_lines(out / "truth_sessions.jsonl"):
        if truth["kind"] == "human":
            save_label(out, truth["session_id"], {"outcome": truth["outcome"], "people_mentioned": truth["people"]})


SETS: dict[str, Callable[[Path], None]] = {"hand": build_hand, "demo": build_demo, "corpus": build_corpus}


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def save_label(out: Path, session_id: str, facets: dict[str, Any]) -> None:
    path = out / "labels" / f"{session_id}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"session": session_id} | facets, sort_keys=False), encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.evaluation", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--reader", default="offline")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--history", type=Path, default=HISTORY)
    given, others = parser.parse_known_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        labels = []
        for name in given.sets:
            SETS[name](Path(folder) / name)
            labels += ["--labels", str(Path(folder) / name)]
        # The labels were given for the sample profile, without the skills of whoever runs this.
        os.environ.pop("SESSION_INSIGHTS_PROFILE", None)
        os.environ["CLAUDE_CONFIG_DIR"] = folder
        return session_insights(["eval", "--reader", given.reader, "--history", str(given.history), *labels, *others])


if __name__ == "__main__":
    sys.exit(main())
