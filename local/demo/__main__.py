"""`python -m local.demo --out DIR [--end YYYY-MM-DD]`: write the demo transcripts."""

from __future__ import annotations

import argparse
from datetime import date, datetime
from pathlib import Path

from local.demo import write_demo
from local.demo.storyline import TIME_ZONE


def main() -> None:
    """Read the arguments, write, say how many."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description="Write 18 weeks of demo transcripts.")
    parser.add_argument("--out", type=Path, required=True, help="folder for projects/ and labels.jsonl")
    parser.add_argument("--end", type=date.fromisoformat, default=None, help="first day without sessions (today)")
    given = parser.parse_args()
    end = given.end or datetime.now(TIME_ZONE).date()
    print(f"{write_demo(given.out, end=end)} sessions in {given.out / 'projects'}")


if __name__ == "__main__":
    main()
