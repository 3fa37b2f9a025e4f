"""Friction highlights: eight weeks of it, the findings with their sessions, and where it started."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from session_insights.measures import Comparison, Measures, by_key, distinct_findings, total
from session_insights.profile import Profile
from session_insights.readers import JUDGED_COLUMNS, is_judged
from session_insights.reports.charts.line import draw_line, scale_top
from session_insights.reports.charts.strip import Part, draw_strip
from session_insights.reports.evidence import EvidenceItem, build_evidence
from session_insights.wording import (
    Delta,
    PeriodWords,
    capital,
    finding_words,
    level_per_ten,
    number,
    per_ten,
    plural,
    rate_delta,
    short_day,
    spelled,
)

_LINES = (
    ("Course corrections", "course_corrections"),
    ("Connector failures", "mcp_failures"),
    ("Retry loops", "retry_loops"),
    ("Sessions cut short", "cut_short_count"),
)
_ORIGINS = (
    (
        "Claude",
        "var(--accent)",
        {"wrong_approach": "wrong approach", "buggy_code": "faulty code", "loop_detected": "loops"},
    ),
    ("The request", "var(--accent-2)", {"misunderstanding": "misunderstanding"}),
    ("Tools", "var(--grey)", {"tool_limitation": "limits", "no_results": "nothing found"}),
)
MOST_FINDINGS = 3


@dataclass(frozen=True)
class Line:
    label: str
    key: str  # the measure: course_corrections
    delta: Delta | None
    detail: str  # 37 in 41; was 30 in 38
    chart: Markup
    first_week: str
    last_week: str
    cells: tuple[str | None, ...]  # for the table; None is unknown


@dataclass(frozen=True)
class Finding:
    title: str
    key: str  # as `top_friction` names it
    detail: str  # 5 of 41 sessions, 11 times; last week 2 of 38 sessions
    evidence: tuple[EvidenceItem, ...]
    more_count: int  # sessions behind it that are not listed


@dataclass(frozen=True)
class Friction:
    is_read: bool
    caption: str
    level: str  # the difference under which periods are called level; empty where none are compared
    lines: tuple[Line, ...]
    weeks: tuple[str, ...]
    read_counts: tuple[str, ...]
    findings: tuple[Finding, ...]
    findings_title: str
    incidents: str  # findings of one session, in a sentence
    origin: Markup | None
    origins: tuple[str, ...]  # the same in words: Claude 30 (wrong approach 21, loops 9)
    origin_caption: str


def build_friction(seen: Comparison, profile: Profile, words: PeriodWords) -> Friction:
    weeks, changes = _weeks(seen), seen.week_changes
    level = level_per_ten(seen.now.read_count, seen.was.read_count)
    rates = {
        key: [per_ten(w[key], w["read_count"]) if w[key] is not None else None for w in weeks] for _, key in _LINES
    }
    top = scale_top([rate for line in rates.values() for rate in line])
    names = tuple(short_day(date.fromisoformat(str(week["week_start"])[:10])) for week in weeks)
    findings = [row for row in distinct_findings(seen.current) if row["session_count"] >= 2][:MOST_FINDINGS]
    single = [row for row in distinct_findings(seen.current) if row["session_count"] == 1]
    origins = _origins(seen)
    lines = tuple(
        _line(label, key, seen, rates[key], top, level, names, changes if key in JUDGED_COLUMNS else ())
        for label, key in _LINES
    )
    return Friction(
        is_read=seen.now.read_count > 0,
        caption=f"{capital(spelled(len(weeks)))} weeks of friction, per 10 sessions read."
        + ("" if words.noun == "week" else f" Above each line: {words.this}.")
        + (" A dashed line: the reader changed." if changes else ""),
        level=f"{level:g}" if any(line.delta for line in lines) else "",
        lines=lines,
        weeks=names,
        read_counts=tuple(number(week["read_count"]) for week in weeks),
        findings=tuple(_finding(row, seen, profile, words) for row in findings),
        findings_title=f"Top {('one', 'two', 'three')[len(findings) - 1]}, with the sessions behind "
        f"{'it' if len(findings) == 1 else 'them'}"
        if findings
        else "",
        incidents=_incidents(single, seen.now.read_count),
        origin=draw_strip(origins, stacked_on_phone=True) if origins else None,
        origins=tuple(f"{part.heading} ({part.words})" for part in origins if part.count),
        origin_caption=_origin_caption(seen, words),
    )


def _weeks(seen: Comparison) -> list[dict[str, Any]]:
    """Where nothing was read, nothing is known."""
    weeks = []
    for row in seen.current.get("summary_by_week", []):
        is_read = (row.get("read_count") or 0) > 0
        counts = {key: row.get(key) if is_read else None for _, key in _LINES}
        weeks.append({"week_start": row["week_start"], "read_count": row.get("read_count") or 0, **counts})
    return weeks


def _line(
    label: str,
    key: str,
    seen: Comparison,
    rates: list[float | None],
    top: int,
    level: float,
    names: tuple[str, ...],
    gaps: Collection[int],
) -> Line:
    count, before = getattr(seen.now, key), getattr(seen.was, key)
    now = None if count is None else per_ten(count, seen.now.read_count)
    was = per_ten(before, seen.was.read_count) if before is not None and seen.has_past else None
    detail = f"{number(count)} in {number(seen.now.read_count)}" if now is not None else ""
    if was is not None and detail:
        detail += f"; was {number(before)} in {number(seen.was.read_count)}"
    return Line(
        label=label,
        key=key,
        delta=rate_delta(now, was, better="less", level=level) if now is not None and was is not None else None,
        detail=detail,
        chart=draw_line(label, rates, top=top, unit="per 10 sessions read", gaps=gaps),
        first_week=names[0] if names else "",
        last_week=names[-1] if names else "",
        cells=tuple(None if rate is None else f"{rate:.1f}" for rate in rates),
    )


def _finding(row: Mapping[str, Any], seen: Comparison, profile: Profile, words: PeriodWords) -> Finding:
    before = by_key(seen.previous, "top_friction", "finding").get(row["finding"])
    evidence = build_evidence(row.get("evidence") or [], profile, says_times=not row.get("call_count"))
    detail = _extent(row, seen.now.read_count)
    if seen.has_judged_past or (seen.has_past and not is_judged(row["finding"])):
        detail += f"; {words.last} {_extent(before, seen.was.read_count) if before else 'none'}"
    return Finding(
        title=finding_words(row["finding"]),
        key=row["finding"],
        detail=detail,
        evidence=evidence,
        more_count=max(0, row["session_count"] - len(evidence)),
    )


def _extent(row: Mapping[str, Any], read_count: int) -> str:
    """5 of 41 sessions, 11 times; for a connector: 6 of 41 sessions, 19 of 64 calls."""
    sessions = f"{number(row['session_count'])} of {plural(read_count, 'session')}"
    if row.get("call_count"):
        return f"{sessions}, {number(row['point_count'])} of {plural(row['call_count'], 'call')}"
    return f"{sessions}, {plural(row['point_count'] or 0, 'time')}"


def _incidents(rows: list[dict[str, Any]], read_count: int) -> str:
    """One incident is called one; several are counted, each with its session where it is known."""
    if not rows:
        return ""
    words = []
    for row in rows[:3]:
        title = next((item.get("title") for item in row.get("evidence") or [] if item.get("title")), None)
        finding = finding_words(row["finding"])
        words.append(f"{finding} in “{title}”" if title else finding)
    more = f" and {plural(len(rows) - 3, 'other')}" if len(rows) > 3 else ""
    what = "One incident, not a pattern" if len(rows) == 1 else f"{number(len(rows))} incidents, not patterns"
    return f"{what}: {'; '.join(words)}{more} (1 of {plural(read_count, 'session')}{' each' if len(rows) > 1 else ''})."


def _origins(seen: Comparison) -> list[Part]:
    rows = by_key(seen.current, "friction_origin", "friction_kind")
    points = {kind: row["point_count"] or 0 for kind, row in rows.items()}
    if not sum(points.values()):
        return []
    parts, placed = [], set()
    for name, colour, kinds in _ORIGINS:
        here = {kind: points.get(kind, 0) for kind in kinds}
        placed |= set(kinds)
        words = ", ".join(f"{kinds[kind]} {count}" for kind, count in here.items() if count)
        count = sum(here.values())
        parts.append(Part(f"{name} {count}", words, count, colour))
    rest = {kind: count for kind, count in points.items() if kind not in placed}
    words = ", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in rest.items() if count)
    parts.append(Part(f"Other {sum(rest.values())}", words, sum(rest.values()), "var(--quiet)"))
    return parts


def _of_read(side: Measures, read: str) -> str:
    """22 of 41 sessions."""
    return read if side.friction_session_count is None else f"{number(side.friction_session_count)} of {read}"


def _origin_caption(seen: Comparison, words: PeriodWords) -> str:
    now = total(seen.current.get("friction_origin", []), "point_count")
    text = f"{plural(now, 'friction point')} in {_of_read(seen.now, plural(seen.now.read_count, 'session'))} read"
    if seen.has_judged_past:
        was = total(seen.previous.get("friction_origin", []), "point_count")
        text += f"; {words.last} {number(was)} in {_of_read(seen.was, number(seen.was.read_count))}"
    return text + "."
