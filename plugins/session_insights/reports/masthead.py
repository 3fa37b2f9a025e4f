"""Head and foot of the page: what was read, by whom, for how much, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from session_insights.measures import WELL_COVERED, Comparison, first_row
from session_insights.profile import Profile
from session_insights.readers import model_name
from session_insights.windows import Window, month_of
from session_insights.wording import (
    MONTHS,
    UNKNOWN,
    PeriodWords,
    cents,
    day_range,
    full_day,
    long_day,
    moment,
    money,
    number,
    plural,
    shorten,
    zone_city,
)

MOST_CHANGES = 3


@dataclass(frozen=True)
class Masthead:
    owner: str
    made_at: str
    title: str
    tab_title: str  # with the year
    coverage: str
    has_left_out: bool
    compared_with: str
    reader: str
    cost: str
    warning: str  # partial coverage; empty when nearly everything was read
    note: str  # offline reader
    changes: tuple[str, ...]  # of the reader, in what is compared, newest first


@dataclass(frozen=True)
class Foot:
    meaning: tuple[str, ...]
    left_out: tuple[str, ...]
    cost: str
    made: str


def build_masthead(
    seen: Comparison,
    profile: Profile,
    window: Window,
    words: PeriodWords,
    made_at: datetime,
    writer: str,
    text_usd: float | None,
) -> Masthead:
    span = day_range(window.start, window.last_day)
    coverage = first_row(seen.current, "coverage")
    local = made_at.astimezone(profile.zone)
    return Masthead(
        owner=profile.owner,
        made_at=f"Made on {full_day(local.date())}, {local:%H:%M} {zone_city(profile.time_zone)} time",
        title=_title(window, words, span),
        tab_title=f"{words.noun} of {span}{'' if str(window.last_day.year) in span else f' {window.last_day.year}'}",
        coverage=_coverage(seen, coverage),
        has_left_out=_left_count(seen, coverage) > 0,
        compared_with=_compared(seen, window, words),
        reader=_reader(coverage, writer),
        cost=_cost(seen, coverage, text_usd),
        warning=_warning(seen, coverage),
        note="Read without a model: counts are complete, judgements come from rules." if seen.is_offline else "",
        changes=_changes(seen),
    )


def _changes(seen: Comparison) -> tuple[str, ...]:
    """One change shows in several comparisons; it is told once."""
    found = [*seen.series.changes.values(), *seen.week_changes.values()]
    dated = {change.day: change for change in found if change.day is not None}
    said = [dated[day].sentence for day in sorted(dated, reverse=True)]
    said += dict.fromkeys(change.sentence for change in found if change.day is None)
    if seen.reader_change and seen.reader_change.sentence not in said:
        said.insert(0, seen.reader_change.sentence)
    return tuple(said[:MOST_CHANGES])


def _title(window: Window, words: PeriodWords, span: str) -> str:
    if words.noun == "week":
        return f"The week of {span}"
    if words.noun == "month":
        return f"{MONTHS[window.start.month - 1]} {window.start.year}"
    return f"The {len(window.days)} days from {span}" if len(window.days) > 1 else full_day(window.start)


def _coverage(seen: Comparison, coverage: Mapping[str, Any]) -> str:
    sessions = seen.now.session_count
    if not sessions:
        return "No sessions of yours."
    parts = [f"Read {number(seen.now.read_count)} of {plural(sessions, 'session')}"]
    if coverage.get("failed_count"):
        parts.append(f"{number(coverage['failed_count'])} failed")
    if coverage.get("waiting_count"):
        parts.append(f"{number(coverage['waiting_count'])} {'waits' if coverage['waiting_count'] == 1 else 'wait'}")
    if corrected := coverage.get("corrected_facet_count"):
        parts.append(f"{plural(corrected, 'facet')} corrected by a person")
    return "; ".join(parts) + "."


def _left_count(seen: Comparison, coverage: Mapping[str, Any]) -> float:
    others = sum(coverage.get(key) or 0 for key in ("too_small_count", "automated_count", "subagent_count"))
    return float(seen.now.session_count - seen.now.read_count + others)


def _compared(seen: Comparison, window: Window, words: PeriodWords) -> str:
    if seen.is_first:
        return f"First report. There is no {words.noun} to compare with yet; deltas start on {long_day(_next(window))}."
    before = window.previous()
    span = MONTHS[before.start.month - 1] if words.noun == "month" else day_range(before.start, before.last_day)
    if not seen.was.session_count:
        return f"{span}: no sessions"
    if seen.known_since:
        span += f", known only from {long_day(seen.known_since)} on"
    return f"{span}: {number(seen.was.read_count)} of {plural(seen.was.session_count, 'session')} read"


def _next(window: Window) -> date:
    """The day on which the report after this one is made."""
    return (
        month_of(window.end).end if window == month_of(window.start) else window.end + timedelta(days=len(window.days))
    )


def _reader(coverage: Mapping[str, Any], writer: str) -> str:
    readers = [
        (str(row.get("reader")), str(row.get("model")), row["session_count"]) for row in coverage.get("readers") or []
    ]
    text = "this text by rules" if writer == "offline" else f"{model_name(writer)} for this text"
    if not readers:
        return f"Nothing was read; {text}"
    if len(readers) == 1:
        kind, model, _ = readers[0]
        if kind == "offline":
            return "Rules, without a model" if writer == "offline" else f"Rules for sessions, {text}"
        return f"Claude: {model_name(model)} for sessions, {text}"
    names = [f"{'rules' if kind == 'offline' else model_name(model)} {number(count)}" for kind, model, count in readers]
    return f"Sessions: {', '.join(names)}; {text}"


def _cost(seen: Comparison, coverage: Mapping[str, Any], text_usd: float | None) -> str:
    own = "No cost" if seen.is_offline and not text_usd else _report_cost(coverage, text_usd)
    sessions = UNKNOWN if seen.now.cost_usd is None else cents(seen.now.cost_usd)
    is_bound = seen.now.unpriced_message_count or seen.now.unfinished_message_count
    at_least = "at least " if is_bound and seen.now.cost_usd is not None else ""
    return f"{own}; your sessions: {at_least}{sessions} at list price"


def _report_cost(coverage: Mapping[str, Any], text_usd: float | None) -> str:
    reading = coverage.get("facet_cost_usd")
    return UNKNOWN if reading is None or text_usd is None else money(reading + text_usd)


def _warning(seen: Comparison, coverage: Mapping[str, Any]) -> str:
    sessions, read = seen.now.session_count, seen.now.read_count
    if not sessions or read >= WELL_COVERED * sessions:
        return ""
    parts = []
    if coverage.get("waiting_count"):
        waiting = coverage["waiting_count"]
        parts.append(f"{number(waiting)} {'waits' if waiting == 1 else 'wait'} to be read")
    if coverage.get("failed_count"):
        parts.append(f"{number(coverage['failed_count'])} failed")
    rest = f"; {', '.join(parts)}" if parts else ""
    shares = " Shares below are of the sessions read." if read else ""
    return f"Read {number(read)} of {plural(sessions, 'session')}{rest}.{shares}"


def build_foot(
    seen: Comparison,
    profile: Profile,
    window: Window,
    words: PeriodWords,
    *,
    made_at: datetime,
    version: str,
    writer: str,
    text_usd: float | None,
    dropped_count: int,
    error: str | None,
) -> Foot:
    coverage = first_row(seen.current, "coverage")
    zone = zone_city(profile.time_zone)
    judge = "rules" if seen.is_offline else "Claude" if seen.now.read_count else "a reader"
    if writer == "offline":
        checked = "Every number in the text was made from the figures by rules."
    elif dropped_count:
        removed = (
            f"{plural(dropped_count, 'sentence')} did not pass and {'was' if dropped_count == 1 else 'were'} removed"
        )
        checked = f"Every number in the text was checked against the figures; {removed}."
    else:
        checked = "Every number in the text was checked against the figures and passed."
    meaning = (
        f"{words.noun.capitalize()}: {full_day(window.start)[:-5]} 00:00 to {full_day(window.end)[:-5]} 00:00, "
        f"{zone} time. "
        f"A session counts in each {words.noun} in which you spoke in it.",
        "Counted by code: sessions, minutes, tokens, cost, tools, failures, loops, skills used. "
        f"Judged by {judge}: business, priority, outcome, friction, skills missed, people"
        + (". Time saved is not judged without a model." if seen.is_offline else ", time saved."),
        "“At least” means that unknown values were left at nothing. Percentages leave out what is unknown and say how "
        "many were judged.",
        checked,
    )
    reading = coverage.get("facet_cost_usd")
    read = plural(seen.now.read_count, "session")
    if writer == "offline" and not error and not reading:
        cost = f"{read} read by rules: nothing was sent to a model." if seen.is_offline else "Nothing was read."
    elif writer == "offline" and not error:
        cost = f"{read} read for {UNKNOWN if reading is None else money(reading)} at list price; this text by rules."
    else:
        parts = [UNKNOWN if usd is None else money(usd) for usd in (reading, text_usd)]
        cost = f"{read} read {parts[0]}, text {parts[1]}, together {_report_cost(coverage, text_usd)} at list price."
    if error:
        cost += f" Claude was asked for the text and gave none: {shorten(error, 200)}."
    local = made_at.astimezone(profile.zone)
    return Foot(
        meaning=meaning,
        left_out=tuple(_left_out(seen, coverage, profile)),
        cost=cost,
        made=f"Session Insights {version}; figures of {long_day(local.date())}, {local:%H:%M}.",
    )


def _left_out(seen: Comparison, coverage: Mapping[str, Any], profile: Profile) -> list[str]:
    items = []
    unread = seen.current.get("unread_sessions", [])
    for row in [row for row in unread if row["state"] == "failed"][:5]:
        title = shorten(row.get("title") or "without a title", 80)
        project = f"{shorten(row['project'], 40)} folder, " if row.get("project") else ""
        when = f"{moment(row['started_at'], profile.zone)}, " if row.get("started_at") else ""
        why = shorten(row.get("error") or "no reason was kept", 200)
        end = "" if why.endswith((".", "…")) else "."
        minutes = plural(row["active_minutes"] or 0, "min", "min")
        items.append(f"1 session failed: “{title}” ({project}{when}{minutes}). {why}{end}")
    failed = sum(row["state"] == "failed" for row in unread)
    if failed > 5:
        items.append(f"{plural(failed - 5, 'more session')} failed.")
    if coverage.get("waiting_count"):
        items.append(f"{plural(coverage['waiting_count'], 'session')} not read yet: the next run goes on with them.")
    if coverage.get("too_small_count"):
        items.append(f"{plural(coverage['too_small_count'], 'session')} of fewer than 2 prompts and under 1 minute.")
    if coverage.get("automated_count"):
        items.append(f"{plural(coverage['automated_count'], 'automated session')}, shown under System health only.")
    if coverage.get("subagent_count"):
        runs = coverage["subagent_count"]
        items.append(f"Tokens of {plural(runs, 'sub-agent run')} count with the session that started them.")
    items.append("Session Insights’ own calls to Claude.")
    return items
