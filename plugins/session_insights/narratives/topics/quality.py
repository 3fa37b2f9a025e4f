"""Friction, skills, value and health: how well the work went."""

from __future__ import annotations

from session_insights.measures import total
from session_insights.narratives.sections import SectionText
from session_insights.narratives.subject import Subject, find_friction_changes, plain, worst_connector
from session_insights.wording import capital, cents, half_up, listed, number, percent, plural, spelled


def write_friction(subject: Subject) -> SectionText:
    seen, words = subject.seen, subject.words
    if not seen.now.read_count:
        return SectionText(headline="Nothing was read, so friction is unknown")
    changes = find_friction_changes(subject)
    worse = [name for name, change in changes if change > 0]
    better = [name for name, change in changes if change < 0]
    if worse and better:
        return SectionText(headline=f"Fewer {better[0]}, but more {worse[0]}")
    if worse:
        return SectionText(headline=f"More {listed(worse[:2])} than {words.last}")
    if better:
        return SectionText(headline=f"Fewer {listed(better[:2])} than {words.last}")
    corrections = seen.now.course_corrections
    if seen.has_judged_past and seen.was.read_count:
        return SectionText(headline=f"About as much friction as {words.last}")
    if corrections is None:
        return SectionText(headline="How often you corrected Claude is unknown")
    if corrections == 0:
        return SectionText(headline=f"You corrected Claude in none of {subject.read}")
    return SectionText(headline=f"You corrected Claude {plural(corrections, 'time')} in {subject.read}")


def write_skills(subject: Subject) -> SectionText:
    seen, words = subject.seen, subject.words
    if not seen.now.read_count:
        return SectionText(headline="Nothing was read, so missed skills are unknown")
    missed = [row for row in seen.current.get("skills_missed", []) if row["session_count"] >= 2]
    if missed:
        top = max(missed, key=lambda row: row["session_count"])
        return SectionText(
            headline=f"`/{plain(top['skill'])}` was passed over in {spelled(top['session_count'])} sessions"
        )
    return SectionText(headline=f"No skill was passed over twice {words.this} (n = {seen.now.read_count})")


def write_value(subject: Subject) -> SectionText:
    now = subject.seen.now
    if not now.read_count:
        return SectionText(headline="Nothing was read, so the value is unknown")
    if now.time_saved_minutes and now.cost_usd:
        hour = 60 * now.cost_usd / now.time_saved_minutes
        price = f"at most {cents(hour)}" if hour >= 0.01 else "less than a cent"
        return SectionText(headline=f"An hour saved cost {price}")
    if now.reached_count is not None:
        share = percent(now.reached_count, now.judged_count)
        return SectionText(
            headline=f"Goals were reached in {number(now.reached_count)} of {number(now.judged_count)} "
            f"judged sessions ({share}%)"
        )
    return SectionText(headline="Whether goals were reached is unknown")


def write_health(subject: Subject) -> SectionText:
    seen, words = subject.seen, subject.words
    rows, before = (aggregates.get("automated_sessions", []) for aggregates in (seen.current, seen.previous))
    ran, failed = half_up(total(rows, "session_count")), half_up(total(rows, "failed_count"))
    was_ran, was_failed = half_up(total(before, "session_count")), half_up(total(before, "failed_count"))
    if not ran:
        failing = worst_connector(seen)
        if failing:
            server, row = failing
            failures = f"{number(row['error_count'])} of {plural(row['call_count'], 'call')}"
            return SectionText(headline=f"The {plain(server)} connector failed in {failures}")
        return SectionText(headline=f"No automated session ran {words.this}")
    past = f"; {words.last} {number(was_failed)} of {number(was_ran)}" if seen.has_past and was_ran else ""
    count = "None" if not failed else capital(spelled(failed))
    runs = "the one automated run" if ran == 1 else f"{number(ran)} automated runs"
    return SectionText(headline=f"{count} of {runs} failed{past}")
