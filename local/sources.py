"""Which transcripts are read: those that were named, else Claude Code's own, else demo transcripts."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.state import LocalError, make_private_folder, write_private_file

# A demo whose last session is older than this has nothing left to say about the last week.
DEMO_DAYS = 7


@dataclass(frozen=True)
class Source:
    """Where transcripts come from."""

    setting: str  # value for SESSION_INSIGHTS_SOURCES: comma list of `path` or `machine=path`
    label: str  # for people: ~/.claude/projects
    is_demo: bool = False
    is_new_demo: bool = False  # just written: what was read from an older demo is of no use any more
    looked_in: str = ""  # folders that held no transcript, for the demo's announcement


def choose_source(environment: Mapping[str, str], *, home: Path, state_dir: Path, now: dt.datetime) -> Source:
    """Choose what to read; demo transcripts are written if there is nothing else.

    Raises:
        LocalError: A folder was named that is not there.
    """
    if named := environment.get("SESSION_INSIGHTS_SOURCES", "").strip():
        for part in (part.strip() for part in named.split(",") if part.strip()):
            path = part.rpartition("=")[2]
            if "://" not in part and not Path(path).expanduser().is_dir():
                raise LocalError(f"SESSION_INSIGHTS_SOURCES names {path}, which is no folder: correct it or unset it")
        return Source(named, named)
    folders = [path / "projects" for path in _find_claude_homes(environment, home)]
    found = [folder for folder in folders if next(folder.rglob("*.jsonl"), None) is not None]
    if not found:
        return _choose_demo(state_dir, now, looked_in=" and ".join(_shorten(folder, home) for folder in folders))
    if odd := [str(folder) for folder in found if "," in str(folder) or "=" in str(folder)]:
        raise LocalError(f"{odd[0]}: a folder with a comma or an equals sign in its name cannot be read")
    return Source(",".join(map(str, found)), " and ".join(_shorten(folder, home) for folder in found))


def _find_claude_homes(environment: Mapping[str, str], home: Path) -> list[Path]:
    if named := environment.get("CLAUDE_CONFIG_DIR", "").strip():
        return [Path(part.strip()).expanduser() for part in named.split(",") if part.strip()]
    return [home / ".claude", home / ".config" / "claude"]


def _choose_demo(state_dir: Path, now: dt.datetime, *, looked_in: str) -> Source:
    # Imported here: whoever has transcripts of their own never needs it.
    from local.demo import write_demo
    from local.demo.storyline import TIME_ZONE

    today = now.astimezone(TIME_ZONE).date()
    folder = state_dir / "demo"
    setting = f"demo={folder / 'projects'}"
    written = folder / "written.json"
    if written.exists():
        end = dt.date.fromisoformat(json.loads(written.read_text())["end"])
        if dt.timedelta(0) <= today - end < dt.timedelta(days=DEMO_DAYS):
            return Source(setting, "demo transcripts", is_demo=True, looked_in=looked_in)
    shutil.rmtree(folder, ignore_errors=True)
    make_private_folder(folder)
    count = write_demo(folder, end=today)
    write_private_file(written, json.dumps({"end": today.isoformat(), "session_count": count}) + "\n")
    return Source(setting, "demo transcripts", is_demo=True, is_new_demo=True, looked_in=looked_in)


def _shorten(path: Path, home: Path) -> str:
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
