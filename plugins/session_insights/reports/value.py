"""Value: time saved, what was made, and whether goals were reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from session_insights.measures import Comparison, by_key, total
from session_insights.profile import Profile
from session_insights.reports.charts.strip import Part, draw_strip
from session_insights.reports.colours import business_colour
from session_insights.wording import (
    Delta,
    PeriodWords,
    cents,
    count_delta,
    duration,
    duration_delta,
    number,
    plural,
    short_duration,
    shorten,
)

_OUTCOMES = (
    ("fully_achieved", "Fully", "var(--accent)"),
    ("mostly_achieved", "Mostly", "var(--accent-2)"),
    ("partially_achieved", "Partly", "var(--grey)"),
    ("not_achieved", "Not", "var(--bad)"),
)


@dataclass(frozen=True)
class BigFigure:
    label: str
    value: str | None  # None: unknown
    delta: Delta | None
    was: str
    note: str = ""  # how it was reckoned


@dataclass(frozen=True)
class ValueRow:
    name: str | None
    slug: str | None  # whole, as it is stored
    colour: str | None
    read_count: str
    saved: str | None
    artifacts: str | None
    decisions: str | None
    filed: str | None


@dataclass(frozen=True)
class Value:
    figures: tuple[BigFigure, ...]
    rows: tuple[ValueRow, ...]
    all: ValueRow
    outcome: Markup | None
    outcomes: tuple[str, ...]  # the same in words: 21 fully
    outcome_caption: str
    price: str  # what an hour saved cost
    needs_reader: bool  # time saved is unknown because rules read the sessions


def build_value(seen: Comparison, profile: Profile, words: PeriodWords) -> Value:
    now, was = seen.now, seen.was
    level = 2 * (now.time_saved_minutes or 0) / (now.time_saved_known_count or 1)
    counts = (
        ("Artifacts", now.artifacts_created, was.artifacts_created),
        ("Decisions", now.decisions_made, was.decisions_made),
        ("Notes filed", now.knowledge_filed, was.knowledge_filed),
    )
    saved = BigFigure(
        "Time saved, at least",
        None if now.time_saved_minutes is None else duration(now.time_saved_minutes),
        duration_delta(now.time_saved_minutes, was.time_saved_minutes, better="more", level=level)
        if seen.is_comparable and now.time_saved_minutes is not None and was.time_saved_minutes is not None
        else None,
        _was(seen, words, None if was.time_saved_minutes is None else short_duration(was.time_saved_minutes)),
    )
    figures = [saved]
    for label, count, before in counts:
        delta = count_delta(count, before) if seen.is_comparable and count is not None and before is not None else None
        shown = None if count is None else number(count)
        figures.append(BigFigure(label, shown, delta, _was(seen, words, None if before is None else number(before))))
    rows = sorted(
        seen.current.get("value_by_business", []),
        key=lambda row: (row["business"] is None, -(row["artifacts_created"] or 0) - (row["read_count"] or 0)),
    )
    columns = ("time_saved_minutes", "artifacts_created", "decisions_made", "knowledge_filed")
    whole: dict[str, Any] = {"business": "All", "read_count": total(rows, "read_count")}
    for column in (*columns, "time_saved_known_count"):
        known = [row[column] for row in rows if row.get(column) is not None]
        whole[column] = sum(known) if known else None
    parts = _outcomes(seen)
    return Value(
        figures=tuple(figures),
        rows=tuple(_row(row, profile) for row in rows),
        all=_row(whole, profile),
        outcome=draw_strip(parts) if parts else None,
        outcomes=tuple(f"{part.heading} {part.words.lower()}" for part in parts if part.count),
        outcome_caption=_outcome_caption(seen),
        price=_price(seen, words),
        needs_reader=seen.is_offline and now.time_saved_minutes is None,
    )


def _was(seen: Comparison, words: PeriodWords, value: str | None) -> str:
    if seen.is_first:
        return f"no {words.noun} to compare with yet"
    return seen.past(words.last, value)


def _row(row: dict[str, Any], profile: Profile) -> ValueRow:
    def shown(column: str) -> str | None:
        return None if row.get(column) is None else number(row[column])

    is_saved_known = row.get("time_saved_known_count") and row.get("time_saved_minutes") is not None
    return ValueRow(
        name=None if row["business"] is None else shorten(row["business"], 40),
        slug=row["business"],
        colour=business_colour(profile, row["business"]),
        read_count=number(row["read_count"] or 0),
        saved=short_duration(row["time_saved_minutes"]) if is_saved_known else None,
        artifacts=shown("artifacts_created"),
        decisions=shown("decisions_made"),
        filed=shown("knowledge_filed"),
    )


def _outcomes(seen: Comparison) -> list[Part]:
    counts = {name: row["session_count"] or 0 for name, row in by_key(seen.current, "outcomes", "outcome").items()}
    parts = [Part(number(counts.get(key, 0)), words, counts.get(key, 0), colour) for key, words, colour in _OUTCOMES]
    return parts if sum(part.count for part in parts) else []


def _outcome_caption(seen: Comparison) -> str:
    if not seen.now.read_count:
        return "Needs a reader."
    counts = by_key(seen.current, "outcomes", "outcome")
    unclear = (counts.get("unclear_from_transcript") or {}).get("session_count") or 0
    unknown = (counts.get(None) or {}).get("session_count") or 0
    rest = [f"{number(unclear)} {'is' if unclear == 1 else 'are'} unclear"] if unclear else []
    rest += [f"{number(unknown)} {'is' if unknown == 1 else 'are'} unknown"] if unknown else []
    text = f"{number(seen.now.judged_count)} of {plural(seen.now.read_count, 'session')} could be judged"
    return f"{text}{'; ' + ', '.join(rest) if rest else ''}."


def _price(seen: Comparison, words: PeriodWords) -> str:
    """An estimate names what holds if it is twice too high."""
    now, was = seen.now, seen.was
    if not now.time_saved_minutes or not now.cost_usd:
        return ""
    hour = 60 * now.cost_usd / now.time_saved_minutes
    last = ""
    if seen.has_past and was.time_saved_minutes and was.cost_usd:
        last = f"; {words.last} {cents(60 * was.cost_usd / was.time_saved_minutes)}"
    return (
        f"{cents(now.cost_usd)} for at least {duration(now.time_saved_minutes)} is at most {cents(hour)} an hour"
        f"{last}. "
        f"If the estimates are twice too high, it is {cents(2 * hour)}."
    )
