"""Labelled sessions, read anew → how well the reader reads, and what changed since the last time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from session_insights.errors import SettingsError
from session_insights.evaluation import metrics
from session_insights.evaluation.history import compare_results, find_last, is_news, load_history, save_result
from session_insights.evaluation.labels import LabelSet, check_label, load_labels
from session_insights.evaluation.scoring import FACETS, outcome_pairs, score_facets
from session_insights.facets.correcting import check_value
from session_insights.facets.reading import choose_reader, question_of, read_session
from session_insights.llm.claude import ClaudeConnection
from session_insights.llm.clients import open_client
from session_insights.profile import Profile
from session_insights.records import Facet, Reading, SessionForReading
from session_insights.settings import Reader, Settings
from session_insights.store.corrections import load_all_standing
from session_insights.store.database import Connection
from session_insights.store.facets import load_session
from session_insights.transcripts.files import find_transcripts
from session_insights.transcripts.parsing import parse_file
from session_insights.transcripts.unstored import sessions_for_reading

Sessions = dict[str, SessionForReading]
Progress = Callable[[str], None]
CORRECTIONS = "corrections"
_NOT_ACHIEVED = "not_achieved"


def load_labelled(folder: Path, *, profile: Profile, settings: Settings) -> tuple[LabelSet, Sessions]:
    """Labels of a folder with their sessions, parsed from the transcripts beside them; no database.

    Raises:
        SettingsError: A label is wrong, or its session has no transcript.
    """
    labels = load_labels(folder, lambda facet, value: check_value(facet, value, profile))
    files = find_transcripts("labels", folder / "projects")
    sessions = sessions_for_reading(parse_file(file, entry_characters=settings.entry_characters) for file in files)
    missing = sorted(set(labels.sessions) - set(sessions))
    if missing:
        raise SettingsError(f"session {missing[0]}: has labels but no transcript in {folder / 'projects'}.")
    return labels, sessions


def load_corrected(connection: Connection, *, profile: Profile) -> tuple[LabelSet, Sessions]:
    """People's corrections as labels, with their sessions from the database.

    They are of sessions where a reader was wrong, so agreement on them is no measure of how often it is right.

    Raises:
        SettingsError: There is no correction that could be compared, or one names what the profile no longer has.
    """
    found: dict[str, dict[str, Any]] = {}
    for session_id, values in load_all_standing(connection).items():
        for facet in values.keys() & FACETS.keys():
            try:
                label = check_label(facet, values[facet], lambda name, given: check_value(name, given, profile))
            except SettingsError as error:
                # The profile has changed since.
                raise SettingsError(f"session {session_id}: {error} Correct it anew, or undo the correction.") from None
            found.setdefault(session_id, {})[facet] = label
    labels = LabelSet(CORRECTIONS, found)
    if not labels.sessions:
        raise SettingsError("No corrections to compare with: make some by `correct`, or name a folder by --labels.")
    return labels, {session_id: load_session(connection, session_id) for session_id in labels.sessions}


def evaluate(
    labels: LabelSet,
    sessions: Sessions,
    *,
    profile: Profile,
    settings: Settings,
    reader: Reader,
    claude: ClaudeConnection | None,
    progress: Progress,
) -> dict[str, Any]:
    """Read each labelled session, keep nothing, and say where reader and labels agree.

    Raises:
        SettingsError: The reader cannot be used; see `choose_reader`.
        ClaudeUnavailable: Claude does not answer.
    """
    chosen = choose_reader(reader, has_claude=claude is not None)
    client = open_client(chosen, claude, settings)
    readings: list[Reading] = []
    judged: list[tuple[Mapping[str, Any], Facet]] = []
    for number, (session_id, said) in enumerate(sorted(labels.sessions.items()), 1):
        read = read_session(sessions[session_id], profile=profile, settings=settings, reader=chosen, client=client)
        readings.append(read)
        if read.facet is not None and read.state == "ok":
            judged.append((said, read.facet))
        else:
            progress(f"{number} of {len(labels.sessions)}: {read.error}")
    outcomes = outcome_pairs(judged)
    question = question_of(chosen, profile)
    costs = [read.cost_usd for read in readings]
    count = len(readings)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "labels": labels.name,
        "labels_hash": labels.sha256,
        "reader": chosen,
        "model": ", ".join(sorted({read.model for read in readings})),
        "prompt_version": question.version,
        "prompt_hash": question.sha256,
        "session_count": count,
        "unread_count": count - len(judged),
        "facets": score_facets(judged),
        "not_achieved": {
            "n": sum(label == _NOT_ACHIEVED for label, _ in outcomes),
            "recall": metrics.recall(outcomes, _NOT_ACHIEVED),
            "precision": metrics.precision(outcomes, _NOT_ACHIEVED),
        },
        "outcome_confusion": metrics.confusion(outcomes),
        "input_tokens_per_session": round(
            sum(r.input_tokens + r.cache_read_tokens + r.cache_write_tokens for r in readings) / count
        ),
        "output_tokens_per_session": round(sum(read.output_tokens for read in readings) / count),
        "cost_usd": None if None in costs else round(sum(cost or 0.0 for cost in costs), 6),
    }


def judge_result(
    result: Mapping[str, Any], history: Path | None, *, margin: float, accept: bool = False
) -> dict[str, Any]:
    """Compare a result with the last one of its reader, and keep it unless it is no news, a failure, or not whole.

    Args:
        history: File of results; None compares with nothing and keeps nothing.
        margin: A figure that fell by more fails.
        accept: Keep the result even so: from now on it is what the next is compared with.

    Returns:
        `last` (the result compared with, or None), `rose`, `fell`, `failed`, `is_kept`.
    """
    if history is None:
        return {"last": None, "rose": [], "fell": [], "failed": [], "is_kept": False}
    last = find_last(load_history(history), result)
    changes = compare_results(result, last, margin=margin)
    is_whole = not result["unread_count"]
    is_kept = is_whole and is_news(result, last) and (accept or not changes["failed"])
    if is_kept:
        save_result(history, result)
    return {"last": last, **changes, "is_kept": is_kept}
