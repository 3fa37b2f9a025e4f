"""The commands of `session-insights` and what each takes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from session_insights.reports.publishing import Format
from session_insights.settings import Reader

Run = Callable[[argparse.Namespace], dict[str, Any]]


def build_parser(run: Mapping[str, Run]) -> argparse.ArgumentParser:
    """The options of each command.

    Args:
        run: Command → what runs it.
    """
    parser = argparse.ArgumentParser(
        prog="session-insights",
        description="Claude Code transcripts → sessions → facets → reports.",
        epilog="The database is named by SESSION_INSIGHTS_DATABASE_URL; other settings are in .env.example.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument("--json", action="store_true", help="one JSON object on stdout")
        sub.set_defaults(run=run[name])
        return sub

    command("migrate", "create or update the tables")
    sync = command("sync", "read transcripts that changed")
    sync.add_argument("--source", action="append", help="a projects root or s3://bucket/prefix; again for more")
    sync.add_argument("--machine", help="where the sources are from; default: this machine's name")
    sync.add_argument("--from-archive", action="store_true", help="read every archived file again instead")
    extract = command("extract", "read sessions and keep what they were about")
    extract.add_argument("--session-id", action="append", help="only this session; again for more")
    extract.add_argument("--since", help="first day, as 2026-11-15")
    extract.add_argument("--until", help="last day, included")
    extract.add_argument("--limit", type=_positive, help="sessions at most; default 20, of batch 10,000")
    extract.add_argument("--force", action="store_true", help="also what is read already")
    extract.add_argument("--dry-run", action="store_true", help="say what would be sent, send nothing")
    extract.add_argument("--reader", choices=get_args(Reader), help="batch: half price, answered within a day")
    purge = command("purge", "delete sessions everywhere, or take a person's name out")
    purge.add_argument("--session-id", action="append", default=[], help="a session and its sub-agents; again for more")
    purge.add_argument("--with-forks", action="store_true", help="also sessions that hold copied history of them")
    purge.add_argument("--person", metavar="NAME", help="replace the name by [person] in entries, titles and facets")
    purge.add_argument("--dry-run", action="store_true", help="say what would go, delete nothing")
    maintain = command("maintain", "delete what has grown old, as the settings of days say; vacuum")
    maintain.add_argument("--dry-run", action="store_true", help="say what would go, delete nothing")
    correct = command("correct", "say what a reader got wrong, for good; without a value: what was said")
    correct.add_argument("session_id", metavar="SESSION_ID")
    correct.add_argument(
        "--set",
        dest="values",
        nargs="+",
        action="extend",
        default=[],
        metavar="FACET=VALUE",
        help="as outcome=not_achieved, skills_missed=a,b",
    )
    correct.add_argument("--undo", action="append", default=[], metavar="FACET", help="the reader's value again")
    correct.add_argument("--by", help="who says so; default: the profile's owner")
    correct.add_argument("--note", help="why")
    evaluation = command("eval", "how well a reader reads, against labels")
    evaluation.add_argument("--labels", action="append", metavar="FOLDER", help="again for more; default: corrections")
    evaluation.add_argument("--reader", choices=["auto", "claude", "cli", "offline"])
    evaluation.add_argument("--history", type=Path, help="file of results: compare with the last, add this one")
    evaluation.add_argument("--margin", type=float, default=0.05, help="a figure may fall by so much; default 0.05")
    evaluation.add_argument("--accept", action="store_true", help="add a result that fell further, too")
    report = command("report", "figures, text and page of a period")
    report.add_argument("--period", choices=["weekly", "monthly"], default="weekly")
    report.add_argument("--since", help="first day, as 2026-11-15")
    report.add_argument("--until", help="last day, included")
    report.add_argument("--out", type=Path, help="folder for the pages")
    report.add_argument("--format", action="append", choices=get_args(Format), help="again for more; default: both")
    report.add_argument("--upload", action="store_true", help="also put them into the bucket of the settings")
    report.add_argument("--reader", choices=["auto", "claude", "cli", "offline"], help="who writes the text")
    report.add_argument("--notify", action="store_true", help="post its summary, once a report and channel")
    report.add_argument("--revise", action="store_true", help="post it again if it was posted and has changed")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
