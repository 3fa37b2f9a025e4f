"""A person's word over a reader's: facets corrected, taken back, listed. For the command and the dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from session_insights.errors import SettingsError
from session_insights.facets.correcting import check_name, check_value
from session_insights.profile import Profile
from session_insights.store import corrections as store
from session_insights.store.database import Connection


def correct_facets(
    connection: Connection,
    session_id: str,
    values: Mapping[str, Any],
    *,
    by: str,
    note: str | None = None,
    undo: Sequence[str] = (),
    profile: Profile,
) -> dict[str, Any]:
    """Say what facets of a session are; figures change with their next refresh, later readings keep it.

    Args:
        values: Facet → value, as typed or as Python has it; the profile's words for businesses, priorities, skills.
        by: Who says so.
        undo: Facets that show again what the reader said.

    Returns:
        The session, the facets corrected and undone, and whether the session has been read: if not, the corrections
        are laid over its facet when it is.

    Raises:
        SettingsError: Nothing is said, or a value, a facet or the session is not known; nothing was changed.
    """
    if not values and not undo:
        raise SettingsError("Nothing to correct: give FACET=VALUE, or --undo FACET.")
    both = sorted(set(values) & set(undo))
    if both:
        raise SettingsError(f"{', '.join(both)}: either correct it or undo it.")
    if not _clean(by):
        raise SettingsError("A correction needs somebody who says so: --by NAME.")
    checked = {facet: check_value(facet, given, profile) for facet, given in values.items()}
    for facet in undo:
        check_name(facet)
    is_read = store.save_corrections(
        connection,
        session_id,
        checked,
        undone=list(dict.fromkeys(undo)),
        by=_clean(by),
        note=_clean(note or "") or None,
    )
    return {"session_id": session_id, "corrected": checked, "undone": list(undo), "is_read": is_read}


def list_corrections(connection: Connection, session_id: str) -> list[dict[str, Any]]:
    """Every act on a session, oldest first: facet, action, value, previous_value, by whom, when, note."""
    return store.load_corrections(connection, session_id)


def describe_correction(answer: Mapping[str, Any]) -> str:
    said = [f"{facet} is {'unknown' if value is None else value}" for facet, value in answer["corrected"].items()]
    said += [f"{facet} is the reader's again" for facet in answer["undone"]]
    later = "" if answer["is_read"] else " The session has not been read yet; this holds as soon as it is."
    return f"session {answer['session_id']}: {'; '.join(said)}.{later}"


def describe_acts(session_id: str, acts: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        f"{act['corrected_at']:%Y-%m-%d %H:%M} UTC {act['corrected_by']}: "
        + (f"{act['facet']} is {act['value']}" if act["action"] == "set" else f"{act['facet']} is the reader's again")
        + (f" ({act['note']})" if act["note"] else "")
        for act in acts
    ]
    return (
        "\n".join(lines)
        or f"session {session_id}: nothing was corrected; say FACET=VALUE, such as outcome=not_achieved."
    )


def _clean(text: str) -> str:
    return " ".join(text.replace("\0", "").split())[:500]
