"""A report as a message: the same figures and words as its page, in the order of the plan's summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from session_insights.measures import Comparison, biggest_case, by_key, compare, distinct_findings, first_row, total
from session_insights.notifications.message import Field, Message
from session_insights.profile import Profile
from session_insights.readers import is_judged
from session_insights.records import Figures
from session_insights.windows import Window
from session_insights.wording import (
    PeriodWords,
    day_range,
    finding_words,
    level_per_ten,
    level_points,
    number,
    per_ten,
    percent,
    period_words,
    plural,
    points_delta,
    rate_delta,
    shorten,
    tokens,
)

MOST_SKILLS = 3


def build_summary(
    figures: Figures, profile: Profile, window: Window, *, headline: str, report_url: str | None
) -> Message:
    """Pure; generic for a week, a month and any other days.

    Args:
        headline: The narrative's.
        report_url: Shown where it is an address that others can open.
    """
    seen = compare(figures.current, figures.previous, window)
    words = period_words(window.start, window.end)
    span = day_range(window.start, window.last_day)
    title = f"Session Insights: {words.noun} of {span}" if words.noun != "period" else f"Session Insights: {span}"
    return Message(
        title=title,
        lines=tuple(line for line in (headline, _volume(seen), _coverage(seen)) if line),
        fields=tuple(_fields(seen, profile, words)) if seen.now.read_count else (),
        link=report_url,
        link_text="Read the whole report",
        footer=" ".join(_notes(seen)),
    )


def _notes(seen: Comparison) -> Iterator[str]:
    if seen.is_offline:
        yield "Read without a model: counts are complete, judgements come from rules."
    if seen.reader_change:
        yield seen.reader_change.sentence


def _volume(seen: Comparison) -> str:
    if not seen.now.session_count:
        return "📊 No sessions of yours."
    made = seen.now.artifacts_created
    artifacts = "artifacts unknown" if made is None else f"{plural(made, 'artifact')} created"
    sessions = f"{plural(seen.now.session_count, 'session')} of yours"
    return f"📊 {sessions} | {tokens(seen.now.total_tokens)} tokens | {artifacts}"


def _coverage(seen: Comparison) -> str:
    """Only where something is missing."""
    sessions, read = seen.now.session_count, seen.now.read_count
    if read >= sessions:
        return ""
    coverage = first_row(seen.current, "coverage")
    states = [f"{number(coverage[key])} {word}" for key, word in _UNREAD.items() if coverage.get(key)]
    return f"Read {number(read)} of {plural(sessions, 'session')}{': ' if states else ''}{', '.join(states)}."


_UNREAD = {"failed_count": "failed", "waiting_count": "not read yet"}


def _fields(seen: Comparison, profile: Profile, words: PeriodWords) -> list[Field]:
    made = (
        Field("🎯 Priority alignment", tuple(_alignment(seen, profile, words))),
        Field("⚠️ Top friction", tuple(_friction(seen, words))),
        Field("🧩 Skills gap", tuple(_skills(seen))),
        Field("👥 People", tuple(_people(seen, words))),
    )
    return [field for field in made if field.lines]


def _alignment(seen: Comparison, profile: Profile, words: PeriodWords) -> list[str]:
    share, was = (
        percent(side.priority_minutes, side.read_minutes) if side.priority_minutes is not None else None
        for side in (seen.now, seen.was)
    )
    if share is None:
        return []
    line = f"{share}% of the time read went to your priorities"
    if seen.has_past:
        level = level_points(seen.now.read_count, seen.was.read_count)
        delta = "" if was is None else f"{points_delta(share, was, better='more', level=level).text}; "
        line += f" ({delta}{seen.past(words.last, None if was is None else f'{was}%')})"
    rows = by_key(seen.current, "priority_shares", "priority_matched")
    labels = {priority.slug: priority.label for priority in profile.priorities}
    matched = [(labels.get(slug, slug), row) for slug, row in rows.items() if slug is not None]
    matched.sort(key=lambda pair: -pair[1]["session_count"])
    lines = [f"• {plural(row['session_count'], 'session')} → {label}" for label, row in matched]
    if rest := (rows.get(None) or {}).get("session_count"):
        lines.append(f"• {plural(rest, 'session')} → everything else")
    return [line, *lines]


def _friction(seen: Comparison, words: PeriodWords) -> list[str]:
    lines = []
    count, before = seen.now.course_corrections, seen.was.course_corrections
    rate = None if count is None else per_ten(count, seen.now.read_count)
    was = None if before is None else per_ten(before, seen.was.read_count)
    if count is not None and rate is not None:
        line = f"{plural(count, 'course correction')} in {plural(seen.now.read_count, 'session')}, {rate:.1f} per 10"
        if seen.has_past and was is not None:
            level = level_per_ten(seen.now.read_count, seen.was.read_count)
            line += f" ({rate_delta(rate, was, better='less', level=level).text}; {words.last} {was:.1f})"
        lines.append(line)
    findings = [row for row in distinct_findings(seen.current) if row["session_count"] >= 2]
    if not findings:
        return [*lines, "Nothing else went wrong in two sessions or more."]
    top = findings[0]
    line = f"{finding_words(top['finding'])}: {_of_sessions(top, seen.now.read_count)}"
    if seen.has_judged_past or (seen.has_past and not is_judged(top["finding"])):
        past = by_key(seen.previous, "top_friction", "finding").get(top["finding"])
        line += f" ({words.last} {_of_sessions(past, seen.was.read_count) if past else 'none'})"
    lines.append(line)
    if case := biggest_case(top):
        times = (
            f", {number(case['points'])} times" if (case.get("points") or 0) > 1 and not top.get("call_count") else ""
        )
        detail = f": {case['detail']}" if case.get("detail") else ""
        lines.append(shorten(f"• Biggest: “{case.get('title') or 'without a title'}”{times}{detail}", 200))
    return lines


def _of_sessions(row: Mapping[str, Any], read_count: int) -> str:
    return f"{number(row['session_count'])} of {plural(read_count, 'session')}"


def _skills(seen: Comparison) -> list[str]:
    rows = seen.current.get("skills_missed", [])
    lines = [f"• /{row['skill']} missed in {plural(row['session_count'], 'session')}" for row in rows[:MOST_SKILLS]]
    if len(rows) > MOST_SKILLS:
        lines.append(f"… and {plural(len(rows) - MOST_SKILLS, 'more skill')}")
    return lines or ["No skill was passed over."]


def _people(seen: Comparison, words: PeriodWords) -> list[str]:
    if seen.now.people_count is None:
        return []
    line, was = plural(seen.now.people_count, "person", "people"), seen.was.people_count
    if seen.has_past:
        line += f" ({seen.past(words.last, None if was is None else number(was))})"
    rows = seen.current.get("relationship_pulse", [])
    proactive, reactive = total(rows, "proactive_count"), total(rows, "reactive_count")
    share = percent(proactive, proactive + reactive)
    if share is None:
        return [line]
    return [
        f"{line}, {share}% proactive outreach (n = {plural(proactive + reactive, 'contact')} with a known direction)"
    ]
