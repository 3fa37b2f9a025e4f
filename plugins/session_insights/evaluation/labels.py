"""Labels: what a person says of a session, with a reason a judgement.

A folder of labels has `projects/` with transcripts as Claude Code leaves them, and `labels/*.yaml`, one a session:

    session: 1f3a…            # the session's id
    outcome: not_achieved
    businesses: {is: [indy-hall], because: the quote is for a tour at Indy Hall}

A facet that is not listed is not judged. `none` for a priority says that there is none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from session_insights.errors import SettingsError
from session_insights.evaluation.scoring import FACETS

Check = Callable[[str, Any], Any]


@dataclass(frozen=True)
class LabelSet:
    """Labels of some sessions, with a name that the history knows them by."""

    name: str
    sessions: Mapping[str, Mapping[str, Any]]  # session id → facet → value

    @property
    def sha256(self) -> str:
        return hashlib.sha256(json.dumps(self.sessions, sort_keys=True).encode()).hexdigest()


def load_labels(folder: Path, check: Check) -> LabelSet:
    """All labels of a folder.

    Args:
        check: Says whether a value of a facet is possible, and how it is written; raises SettingsError.

    Raises:
        SettingsError: A file is no label: the message names it and what is wrong.
    """
    paths = sorted((folder / "labels").glob("*.yaml"))
    if not paths:
        raise SettingsError(f"No labels in {folder / 'labels'}: one YAML file a session; `make eval` builds its own.")
    sessions: dict[str, dict[str, Any]] = {}
    for path in paths:
        session_id, labels = _read_label(path, check)
        if session_id in sessions:
            raise SettingsError(f"{path}: session {session_id} has labels in another file already.")
        sessions[session_id] = labels
    return LabelSet(folder.resolve().name, sessions)


def _read_label(path: Path, check: Check) -> tuple[str, dict[str, Any]]:
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(given, dict) or not isinstance(given.get("session"), str):
        raise SettingsError(f"{path}: needs 'session:' with the session's id.")
    labels = {}
    for facet, said in given.items():
        if facet == "session":
            continue
        if facet not in FACETS:
            raise SettingsError(f"{path}: '{facet}' is not evaluated; labels can have {', '.join(FACETS)}.")
        if isinstance(said, dict) and not said.keys() <= {"is", "because"}:
            raise SettingsError(f"{path}: {facet}: write 'is:' and 'because:', or the value alone.")
        try:
            labels[facet] = check_label(facet, said["is"] if isinstance(said, dict) else said, check)
        except (SettingsError, KeyError) as error:
            raise SettingsError(f"{path}: {error}") from None
    return given["session"], labels


def check_label(facet: str, value: Any, check: Check) -> Any:
    """A label's value; those that readers count are checked for their kind alone."""
    kind = FACETS[facet]
    if kind.is_judged:
        checked = check(facet, value)
        return "none" if facet == "priority_matched" and checked is None else checked
    wanted: type = {"choice": bool, "count": int, "set": list}[kind.kind]
    if type(value) is not wanted:
        raise SettingsError(f"{facet}: must be {wanted.__name__}, not {value!r}.")
    return value
