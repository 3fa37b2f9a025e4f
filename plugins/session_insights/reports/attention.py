"""Where attention went: bars by day and business, and the table that is their key."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from session_insights.measures import Comparison, by_key, total
from session_insights.profile import Profile
from session_insights.reports.charts.day_bars import DayBar, Segment, draw_day_bars
from session_insights.reports.colours import OTHER, business_colour
from session_insights.windows import Window
from session_insights.wording import (
    WEEKDAYS,
    PeriodWords,
    cents,
    clock,
    count_delta,
    duration,
    half_up,
    listed,
    number,
    percent,
    plural,
    short_day,
    shorten,
    tokens,
)

DayLink = Callable[[Window], str]  # days → where their sessions are listed
MOST_BARS = 31  # longer windows are drawn by week


@dataclass(frozen=True)
class BusinessRow:
    name: str | None  # None: unknown
    slug: str | None  # whole, as it is stored
    colour: str | None
    session_count: str
    minutes: str
    share: str
    change: str
    tokens: str
    cost: str


@dataclass(frozen=True)
class Attention:
    caption: str
    caption_more: str
    chart: Markup | None
    bars: tuple[tuple[str, str], ...]  # what the chart shows, without its businesses: Mon 16, 5:08
    rows: tuple[BusinessRow, ...]
    all: BusinessRow
    notes: tuple[str, ...]
    has_past: bool  # minutes by business compare with the window before


def build_attention(
    seen: Comparison, profile: Profile, window: Window, words: PeriodWords, link_days: DayLink | None = None
) -> Attention:
    rows = sorted(
        seen.current.get("attention_by_business", []),
        key=lambda row: (row["business"] is None, -(row["active_minutes"] or 0)),
    )
    before = by_key(seen.previous, "attention_by_business", "business")
    minutes = total(rows, "active_minutes")
    gone = {"business": None, "active_minutes": total(list(before.values()), "active_minutes")}
    whole = {name: total(rows, name) for name in ("session_count", "active_minutes", "total_tokens", "cost_usd")}
    bars = _bars(seen, profile, window, [row["business"] for row in rows], link_days)
    return Attention(
        caption="Active time per day, hours and minutes." if len(window.days) <= MOST_BARS else "Active time per week.",
        caption_more=_longest_day(bars, window),
        chart=_chart(bars, rows, profile, words) if minutes else None,
        bars=tuple((bar.label, clock(bar.minutes)) for bar in bars) if minutes else (),
        rows=tuple(_row(row, before.get(row["business"]), minutes, profile, seen) for row in rows),
        all=_row({"business": "All", **whole}, gone, minutes, profile, seen),
        notes=tuple(_notes(seen)),
        has_past=seen.is_comparable,
    )


def _row(
    row: dict[str, Any], before: dict[str, Any] | None, minutes: float, profile: Profile, seen: Comparison
) -> BusinessRow:
    active = row["active_minutes"] or 0
    was = (before or {}).get("active_minutes") or 0
    return BusinessRow(
        name=None if row["business"] is None else shorten(row["business"], 40),
        slug=row["business"],
        colour=business_colour(profile, row["business"]),
        session_count=number(row["session_count"] or 0),
        minutes=number(active),
        share=f"{percent(active, minutes) or 0}%",
        change=count_delta(active, was, less="less").text if seen.is_comparable else "",
        tokens=tokens(row.get("total_tokens") or 0),
        cost=cents(row["cost_usd"]) if row.get("cost_usd") is not None else "",
    )


def _bars(
    seen: Comparison, profile: Profile, window: Window, order: list[str | None], link_days: DayLink | None
) -> list[DayBar]:
    """A bar a day, or a week where days are too many; segments in the order of the table."""
    step = 1 if len(window.days) <= MOST_BARS else 7
    minutes: dict[tuple[date, str | None], float] = {}
    for row in seen.current.get("attention_by_day", []):
        day = date.fromisoformat(str(row["activity_date"])[:10])
        start = window.start + timedelta(days=(day - window.start).days // step * step)
        key = (start, row["business"])
        minutes[key] = minutes.get(key, 0) + (row["active_minutes"] or 0)
    bars = []
    for start in window.days[::step]:
        name = WEEKDAYS[start.weekday()][:3]
        axis = (name, str(start.day)) if step == 1 else ("from", short_day(start))
        stack = [(slug, minutes.get((start, slug), 0)) for slug in order]
        href = link_days(Window(start, min(start + timedelta(days=step), window.end))) if link_days else None
        bars.append(DayBar(label=" ".join(axis), axis=axis, segments=_segments(stack, profile), href=href))
    return bars


def _segments(stack: Iterable[tuple[str | None, float]], profile: Profile) -> tuple[Segment, ...]:
    """Businesses without a colour of their own stand together as “other”; unknown comes last."""
    own, other, unknown = [], 0.0, 0.0
    for slug, minutes in stack:
        colour = business_colour(profile, slug)
        if slug is None:
            unknown += minutes
        elif colour == OTHER:
            other += minutes
        else:
            own.append(Segment(shorten(slug, 20), minutes, colour))
    rest = [Segment("other", other, OTHER), Segment("unknown business", unknown, None)]
    return tuple(segment for segment in [*own, *rest] if segment.minutes > 0)


def _chart(bars: list[DayBar], rows: list[dict[str, Any]], profile: Profile, words: PeriodWords) -> Markup:
    week = [
        Segment("unknown" if segment.colour is None else segment.name, segment.minutes, segment.colour)
        for segment in _segments([(row["business"], row["active_minutes"] or 0) for row in rows], profile)
    ]
    spoken = ", ".join(f"{bar.label} {half_up(bar.minutes)}" for bar in bars)
    return draw_day_bars(
        bars,
        week,
        f"Minutes per day: {spoken}. The table below has the figures by business.",
        words.noun.capitalize(),
    )


def _longest_day(bars: list[DayBar], window: Window) -> str:
    longest = max(bars, key=lambda bar: bar.minutes, default=None)
    if longest is None or longest.minutes <= 0 or not 1 < len(window.days) <= MOST_BARS:
        return ""
    if sum(bar.minutes == longest.minutes for bar in bars) > 1:
        return ""
    day = window.days[bars.index(longest)]
    name = WEEKDAYS[day.weekday()] if len(window.days) <= 7 else short_day(day)
    top = max(longest.segments, key=lambda segment: segment.minutes)
    inside = "" if top.colour is None else f", {duration(top.minutes)} of it for {top.name}"
    return f"{name} was the longest day: {duration(longest.minutes)}{inside}."


def _notes(seen: Comparison) -> list[str]:
    notes = []
    unknown = by_key(seen.current, "attention_by_business", "business").get(None)
    unread = seen.now.session_count - seen.now.read_count
    if unknown and unknown["session_count"]:
        why = f"; {plural(unread, 'session')} {'was' if unread == 1 else 'were'} not read" if unread else ""
        notes.append(
            f"Unknown: {plural(unknown['session_count'], 'session')} without a known business{why}. "
            "Time and tokens are counted; the business is not guessed."
        )
    if seen.now.total_tokens:
        cached = percent(seen.now.cache_read_tokens, seen.now.total_tokens)
        notes.append(f"Tokens are counted once per API message; {cached}% are cache reads.")
    if seen.now.unpriced_message_count:
        notes.append(
            f"{plural(seen.now.unpriced_message_count, 'message')} came from a model without a list price: "
            "the cost is at least this."
        )
    if seen.now.unfinished_message_count:
        notes.append(
            f"{plural(seen.now.unfinished_message_count, 'message')} ended without a final count: output tokens "
            "and cost are at least these."
        )
    kinds = [row for row in seen.current.get("workflow_mix", []) if row["workflow_type"] and row["session_count"]]
    if kinds:
        kinds = sorted(kinds, key=lambda row: (-row["session_count"], row["workflow_type"]))[:5]
        mix = listed([f"{row['workflow_type'].replace('-', ' ')} {row['session_count']}" for row in kinds])
        notes.append(f"Most frequent kinds of work, in sessions: {mix}.")
    return notes
