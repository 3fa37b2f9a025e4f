"""A small generated corpus with faults."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

GENERATOR = Path(__file__).parent.parent.parent / "benchmarks" / "gen_corpus.py"


def make_corpus(out: Path, *, seed: int, sessions: int = 60, megabytes: int = 6) -> Path:
    """Truth in `truth.json`, transcripts in `projects`."""
    options = {"out": out, "sessions": sessions, "mb": megabytes, "faults": 8, "seed": seed}
    arguments = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
    subprocess.run([sys.executable, GENERATOR, *arguments], check=True, capture_output=True)
    return out
