"""“At a glance”: the week's finding, its lede and three or four lines, by rules from the figures."""

from __future__ import annotations

from session_insights.measures import distinct_findings, total
from session_insights.narratives.sections import Bullet
from session_insights.narratives.subject import (
    Subject,
    against,
    find_friction_changes,
    find_priority_shares,
    find_shifts,
    in_sentence,
    plain,
    worst_connector,
)
from session_insights.wording import (
    capital,
    duration,
    duration_delta,
    level_per_ten,
    level_points,
    listed,
    number,
    per_ten,
    percent,
    plural,
    points_delta,
    rate_delta,
    short_duration,
    spelled,
)


def write_headline(subject: Subject) -> str:
    """The strongest change, measured against what two sessions make; without one, a week like the last one."""
    seen, words = subject.seen, subject.words
    if not seen.now.session_count:
        return f"A {words.noun} without sessions of yours"
    if not seen.has_past or not seen.was.session_count or not seen.now.read_count:
        return _first_headline(subject)
    strongest = max(_changes(subject), key=lambda change: change[0], default=(0.0, ""))
    if strongest[0] >= 1:
        return strongest[1]
    return (
        f"A {words.noun} like the last one"
        if seen.has_judged_past and seen.has_whole_past
        else _first_headline(subject)
    )


def _first_headline(subject: Subject) -> str:
    rows = [row for row in subject.seen.current.get("attention_by_business", []) if row["business"]]
    if not subject.seen.now.read_count:
        return f"{plural(subject.seen.now.session_count, 'session')} of yours, none of them read yet"
    whole = total(subject.seen.current.get("attention_by_business", []), "active_minutes")
    if not rows or not whole:
        return f"{plural(subject.seen.now.session_count, 'session')} of yours, and no business known yet"
    top = max(rows, key=lambda row: row["active_minutes"] or 0)
    part = "Most" if (top["active_minutes"] or 0) > whole / 2 else "The largest part"
    return f"{part} of the {subject.words.noun} went to {plain(top['business'], 40)}"


def _changes(subject: Subject) -> list[tuple[float, str]]:
    """Candidates as (strength, headline); a strength of 1 is what two sessions make."""
    seen, words = subject.seen, subject.words
    now, was = seen.now, seen.was
    found: list[tuple[float, str]] = []
    shifts = find_shifts(subject)
    up_strength = 0.0
    level = level_points(now.session_count, was.session_count)
    if shifts:
        up, down = shifts[0], shifts[-1]
        if up.points >= level and -down.points >= level:
            text = f"More of the {words.noun} went to {up.business}, less to {down.business}"
        elif up.points >= level:
            text = f"More of the {words.noun} went to {up.business}"
        else:
            text = f"Less of the {words.noun} went to {down.business}"
        found.append((max(up.points, -down.points) / level, text))
        up_strength = up.points / level
    if now.priority_minutes is not None and was.priority_minutes is not None and subject.profile.priorities:
        share, before = percent(now.priority_minutes, now.read_minutes), percent(was.priority_minutes, was.read_minutes)
        if share is not None and before is not None:
            strength = abs(share - before) / level_points(now.read_count, was.read_count)
            word = "larger" if share > before else "smaller"
            if up_strength >= 1 and share < before and strength >= 1:
                text = f"More of the {words.noun} went to {shifts[0].business}, less to your priorities"
                found.append((up_strength + strength, text))
            found.append((strength, f"Your priorities got a {word} share of the {words.noun}"))
    for name, change in find_friction_changes(subject)[:1]:
        # One session can hold many points of friction, so it never weighs more than four sessions do.
        strength = min(2.0, abs(change) / level_per_ten(now.read_count, was.read_count))
        found.append((strength, f"{'More' if change > 0 else 'Fewer'} {name} than {words.last}"))
    if now.reached_count is not None and was.reached_count is not None:
        share, before = percent(now.reached_count, now.judged_count), percent(was.reached_count, was.judged_count)
        if share is not None and before is not None:
            strength = abs(share - before) / level_points(now.judged_count, was.judged_count)
            found.append((strength, f"{'More' if share > before else 'Fewer'} goals were reached than {words.last}"))
    if seen.has_whole_past:
        change = now.session_count - was.session_count
        word = "busier" if change > 0 else "quieter"
        found.append((abs(change) / max(3, 0.33 * was.session_count), f"A {word} {words.noun} than the last one"))
    return found


def write_lede(subject: Subject) -> str:
    seen, words = subject.seen, subject.words
    if not seen.now.session_count:
        return ""
    delta = ""
    if seen.has_whole_past:
        change = duration_delta(seen.now.active_minutes, seen.was.active_minutes).text
        same = change.startswith("→")
        delta = f", as long as {words.last}" if same else f", {change[2:]} than {words.last}"
    text = f"You worked {duration(seen.now.active_minutes)} in {plural(seen.now.session_count, 'session')}{delta}."
    shifts = sorted(find_shifts(subject), key=lambda shift: -shift.more_minutes) if seen.has_whole_past else []
    level = 2 * seen.now.active_minutes / seen.now.session_count
    moved = []
    if shifts and shifts[0].more_minutes >= level:
        moved.append(f"the time for {shifts[0].business} grew by {short_duration(shifts[0].more_minutes)}")
    if shifts and -shifts[-1].more_minutes >= level:
        moved.append(f"the time for {shifts[-1].business} fell by {short_duration(-shifts[-1].more_minutes)}")
    return f"{text} {capital(listed(moved))}." if moved else text


def write_bullets(subject: Subject) -> tuple[Bullet, ...]:
    """What was read says something; without a session read, there is only the time."""
    if not subject.seen.now.read_count:
        return ()
    made = (_priorities(subject), _corrections(subject), _goals(subject), _skills(subject))
    return tuple(bullet for bullet in made if bullet is not None)


def _priorities(subject: Subject) -> Bullet | None:
    seen, words = subject.seen, subject.words
    shares = find_priority_shares(subject)
    share = percent(seen.now.priority_minutes or 0, seen.now.read_minutes)
    if not shares or share is None:
        return None
    count = len(subject.profile.priorities)
    named = "Your priority" if count == 1 else f"Your {spelled(count)} priorities"
    text = f"{named} got **{share}% of the minutes read**"
    before = (
        percent(seen.was.priority_minutes or 0, seen.was.read_minutes)
        if seen.was.priority_minutes is not None
        else None
    )
    if seen.has_past and before is not None:
        delta = points_delta(share, before, better="more", level=level_points(seen.now.read_count, seen.was.read_count))
        text += f", {against(delta, f'{before}%', words)}"
    worst = shares[0]
    short = f" “{plain(worst.priority.label)}” got {worst.share}% against a target of {worst.target}%."
    return Bullet(text=f"{text}.{short if worst.gap > 0 else ''}", section="priorities")


def _corrections(subject: Subject) -> Bullet | None:
    seen, words = subject.seen, subject.words
    now, was = seen.now.course_corrections, seen.was.course_corrections
    if now is None:
        return None
    text = f"You corrected Claude **{plural(now, 'time')} in {subject.read}**"
    if seen.has_past and was is not None:
        rates = per_ten(now, seen.now.read_count) or 0, per_ten(was, seen.was.read_count) or 0
        level = level_per_ten(seen.now.read_count, seen.was.read_count)
        delta = rate_delta(*rates, better="less", level=level, unit=" per 10 sessions")
        text += f", {against(delta, f'{number(was)} in {number(seen.was.read_count)}', words)}"
    top = next((row for row in distinct_findings(seen.current) if row["session_count"] >= 2), None)
    more = ""
    if top:
        more = f" Most widespread: {in_sentence(top['finding'])}, in {number(top['session_count'])} of {subject.read}."
    return Bullet(text=f"{text}.{more}", section="friction")


def _goals(subject: Subject) -> Bullet | None:
    seen, words = subject.seen, subject.words
    if seen.now.reached_count is None:
        return None
    share = percent(seen.now.reached_count, seen.now.judged_count) or 0
    text = f"Goals were reached in **{seen.now.reached_count} of {seen.now.judged_count}** judged sessions ({share}%)"
    if seen.has_past and seen.was.reached_count is not None:
        before = percent(seen.was.reached_count, seen.was.judged_count) or 0
        level = level_points(seen.now.judged_count, seen.was.judged_count)
        delta = points_delta(share, before, better="more", level=level)
        text += f", {against(delta, f'{seen.was.reached_count} of {seen.was.judged_count}', words)}"
    saved, was_saved = seen.now.time_saved_minutes, seen.was.time_saved_minutes
    if saved is not None:
        text += f". At least {duration(saved)} were saved"
        if seen.is_comparable and was_saved is not None:
            level = 2 * saved / (seen.now.time_saved_known_count or 1)
            delta = duration_delta(saved, was_saved, better="more", level=level)
            text += f", {against(delta, short_duration(was_saved), words)}"
    return Bullet(text=text + ".", section="value")


def _skills(subject: Subject) -> Bullet | None:
    """A skill passed over, else a connector that fails: one line, if there is a pattern at all."""
    seen = subject.seen
    missed = [row for row in seen.current.get("skills_missed", []) if row["session_count"] >= 2]
    if missed:
        top = max(missed, key=lambda row: row["session_count"])
        used = next(
            (row["session_count"] for row in seen.current.get("skills_used", []) if row["skill"] == top["skill"]), 0
        )
        return Bullet(
            text=f"`/{plain(top['skill'])}` was passed over in **{plural(top['session_count'], 'session')}** "
            f"and used in {number(used)}.",
            section="skills",
        )
    failing = worst_connector(seen)
    if failing:
        server, row = failing
        return Bullet(
            text=f"The {plain(server)} connector failed in **{number(row['error_count'])} of "
            f"{plural(row['call_count'], 'call')}**.",
            section="health",
        )
    return None
