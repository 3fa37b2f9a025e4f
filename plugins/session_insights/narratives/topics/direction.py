"""Attention and priorities: where the time went, and whether it went where it was meant to go."""

from __future__ import annotations

from typing import Any

from session_insights.measures import WELL_COVERED, by_key, total
from session_insights.narratives.sections import SectionText
from session_insights.narratives.subject import Subject, against, find_priority_shares, find_shifts, plain
from session_insights.wording import (
    capital,
    half_up,
    level_points,
    listed,
    moment,
    number,
    percent,
    plural,
    points_delta,
    spelled,
)

ABOUT_POINTS = 10  # a share this near its target is about on it, however few the sessions


def write_attention(subject: Subject) -> SectionText:
    seen, words = subject.seen, subject.words
    rows = [row for row in seen.current.get("attention_by_business", []) if row["business"]]
    whole = total(seen.current.get("attention_by_business", []), "active_minutes")
    if not rows or not whole:
        return SectionText(headline="No session has a known business yet")
    top = max(rows, key=lambda row: row["active_minutes"] or 0)
    share, name = percent(top["active_minutes"] or 0, whole), plain(top["business"], 40)
    unknown = whole - sum(row["active_minutes"] or 0 for row in rows)
    if unknown > (1 - WELL_COVERED) * whole:
        share = percent(top["active_minutes"] or 0, whole - unknown)
        return SectionText(headline=f"Where the business is known, {share}% went to {name}")
    shifts = find_shifts(subject)
    level = level_points(seen.now.session_count, seen.was.session_count)
    riser = shifts[0] if shifts and shifts[0].points >= level else None
    faller = shifts[-1] if shifts and -shifts[-1].points >= level else None
    if riser and riser.points >= (-faller.points if faller else 0):
        return SectionText(
            headline=f"More went to {riser.business}: {riser.share}% of the time, after {riser.was_share}%"
        )
    if faller:
        return SectionText(
            headline=f"Less went to {faller.business}: {faller.share}% of the time, after {faller.was_share}%"
        )
    if seen.has_past and shifts:
        part = "most of it" if (share or 0) > 50 else "the largest part"
        return SectionText(headline=f"Time was spread about as {words.last}: {part} for {name}, {share}%")
    return SectionText(headline=f"The largest part went to {name}: {share}% of the time")


def write_priorities(subject: Subject) -> SectionText:
    if not subject.seen.now.read_count:
        return SectionText(headline="Nothing was read, so nothing is known about priorities")
    shares = find_priority_shares(subject)
    if not shares:
        return SectionText(
            headline="Your profile names no priority with a target",
            paragraphs=("Add priorities with a target share to the profile to see here whether they got their time.",),
        )
    level = level_points(subject.seen.now.read_count)
    worst = shares[0]
    label = plain(worst.priority.label)
    if worst.gap >= level:
        headline = f"“{label}” is {plural(worst.gap, 'point')} short of its target"
    elif worst.gap > ABOUT_POINTS:
        headline = f"{plural(subject.seen.now.read_count, 'session')} cannot tell whether priorities get their share"
    else:
        headline = "Every priority got about its share, or more"
    return SectionText(
        headline=headline, paragraphs=tuple(text for text in (_displaced(subject), _by_sessions(subject)) if text)
    )


def _displaced(subject: Subject) -> str:
    """The longest sessions that served no priority; those that were not read are none of them."""
    unread = {row["session_id"] for row in subject.seen.current.get("unread_sessions", [])}
    read = subject.seen.now.read_minutes
    matched = sum(
        row["active_minutes"] or 0 for row in subject.seen.current.get("priority_shares", []) if row["priority_matched"]
    )
    rest = max(0.0, read - matched)
    found = [
        row
        for row in subject.seen.current.get("longest_sessions", [])
        if row["priority_matched"] is None and row["session_id"] not in unread and row["title"]
    ][:3]
    if len(found) < 2 or not rest:
        return ""
    names = [
        f"“{plain(row['title'])}” ({_day(row['started_at'], subject)}{number(row['active_minutes'])} min)"
        for row in found
    ]
    held = sum(half_up(row["active_minutes"]) for row in found)
    return (
        f"The {spelled(len(found))} longest sessions outside your priorities took {number(held)} minutes: "
        f"{listed(names)}. "
        f"In all, {number(rest)} of {number(read)} minutes read served no priority."
    )


def _day(started_at: Any, subject: Subject) -> str:
    """A weekday says which day of a week, not of a month."""
    if not started_at:
        return ""
    day = moment(str(started_at), subject.profile.zone).partition(",")[0]
    return f"{day[:3] if subject.words.noun == 'week' else day[4:]}, "


def _by_sessions(subject: Subject) -> str:
    seen, words = subject.seen, subject.words
    now, was = _alignments(seen.current), _alignments(seen.previous)
    judged = sum(count for name, count in now.items() if name)
    if not judged:
        return ""
    served = now.get("aligned", 0) + now.get("supportive", 0)
    share = percent(served, judged) or 0
    text = f"By sessions, {number(served)} of {number(judged)} judged ones served a priority ({share}%)"
    was_judged = sum(count for name, count in was.items() if name)
    if seen.has_past and was_judged:
        was_served = was.get("aligned", 0) + was.get("supportive", 0)
        was_share = percent(was_served, was_judged) or 0
        delta = points_delta(share, was_share, better="more", level=level_points(judged, was_judged))
        text += f", {against(delta, f'{was_served} of {was_judged}, {was_share}%', words)}"
    rest = []
    for name, one, many in (
        ("neutral", "was neutral", "were neutral"),
        ("drift", "drifted from what it set out to do", "drifted from what they set out to do"),
        (None, "is unknown", "are unknown"),
    ):
        count = now.get(name, 0)
        if count:
            rest.append(f"{spelled(count)} {one if count == 1 else many}")
    return f"{text}." + (f" {capital(listed(rest))}." if rest else "")


def _alignments(aggregates: Any) -> dict[str | None, int]:
    return {
        name: row["session_count"] or 0
        for name, row in by_key(aggregates, "priority_alignment", "priority_alignment").items()
    }
