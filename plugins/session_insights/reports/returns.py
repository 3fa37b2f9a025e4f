"""Return: the time saved and the skills used against what was spent. Time saved is an estimate and says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from session_insights.measures import Comparison, Measures, total
from session_insights.profile import Profile
from session_insights.reports.charts.length_bar import draw_length_bar
from session_insights.reports.colours import business_colour
from session_insights.reports.value import BigFigure
from session_insights.wording import (
    PeriodWords,
    cents,
    count_delta,
    duration,
    duration_delta,
    half_up,
    listed,
    money_delta,
    number,
    short_duration,
    shorten,
)

FEWEST = 3  # sessions with a skill, before what they save says something
MOST_ROWS = 10


@dataclass(frozen=True)
class SkillReturn:
    name: str | None  # None: no skill
    read_count: str
    saved: str | None  # None is unknown
    average: str | None  # of a session with an estimate
    chart: Markup | None


@dataclass(frozen=True)
class BusinessReturn:
    name: str | None  # None: unknown
    colour: str | None
    saved: str | None
    estimates: str  # 14 of 15: sessions read that have an estimate
    with_skill: str  # 6 of 15: sessions in which a skill was used
    cost: str | None
    hour: str | None  # what an hour saved cost, at most


@dataclass(frozen=True)
class Returns:
    rail: str
    figures: tuple[BigFigure, ...]
    caution: str
    skills: tuple[SkillReturn, ...]
    all_skills: SkillReturn | None
    few: str  # skills of which too little is known
    businesses: tuple[BusinessReturn, ...]
    all_businesses: BusinessReturn | None
    needs_reader: bool


def build_returns(seen: Comparison, profile: Profile, words: PeriodWords) -> Returns:
    skills = seen.current.get("value_by_skill", [])
    businesses = seen.current.get("return_by_business", [])
    longest = max((_average(row) or 0 for row in skills), default=0)
    is_known = seen.now.time_saved_minutes is not None
    return Returns(
        rail=_rail(seen, profile),
        figures=_figures(seen, profile, words),
        caution=_caution(seen.now, profile),
        skills=tuple(_skill(row, longest) for row in skills[:MOST_ROWS]) if is_known else (),
        all_skills=_skill(_summed(skills, "skill"), 0) if is_known and skills else None,
        few=_few(skills[:MOST_ROWS]) if is_known else "",
        businesses=tuple(_business(row, profile) for row in businesses),
        all_businesses=_business(_summed(businesses, "business"), profile) if businesses else None,
        needs_reader=seen.is_offline and not is_known,
    )


def _rail(seen: Comparison, profile: Profile) -> str:
    now = seen.now
    if not now.read_count:
        return "Needs a reader: no session was read."
    if seen.is_offline and now.time_saved_minutes is None:
        text = "Rules do not judge what time was saved; cost and skills used are counted."
    else:
        text = (
            "Time saved is estimated by Claude and counts only sessions with an estimate "
            f"({number(now.time_saved_known_count)} of {number(now.read_count)})."
        )
    if profile.hourly_rate_usd is None:
        return f"{text} An hourly rate in your profile would say what it was worth."
    return f"{text} The hourly rate, {_rate(profile.hourly_rate_usd)}, is from your profile."


def _rate(usd: float) -> str:
    return f"${usd:,.0f}" if usd == half_up(usd) else cents(usd)


def _figures(seen: Comparison, profile: Profile, words: PeriodWords) -> tuple[BigFigure, ...]:
    now, was, rate = seen.now, seen.was, profile.hourly_rate_usd
    level = 2 * (now.time_saved_minutes or 0) / (now.time_saved_known_count or 1)
    saved_delta = None
    if seen.is_comparable and now.time_saved_minutes is not None and was.time_saved_minutes is not None:
        saved_delta = duration_delta(now.time_saved_minutes, was.time_saved_minutes, better="more", level=level)
    spent_delta = None
    if seen.has_whole_past and now.cost_usd is not None and was.cost_usd is not None:
        spent_delta = money_delta(now.cost_usd, was.cost_usd)

    def before(text: str | None, *, is_judged: bool = True) -> str:
        if seen.is_first:
            return f"no {words.noun} to compare with yet"
        return seen.past(words.last, text, is_judged=is_judged)

    saved = BigFigure(
        "Time saved, at least",
        None if now.time_saved_minutes is None else duration(now.time_saved_minutes),
        saved_delta,
        before(None if was.time_saved_minutes is None else short_duration(was.time_saved_minutes)),
    )
    spent = BigFigure(
        "Spent at list price",
        None if now.cost_usd is None else cents(now.cost_usd),
        spent_delta,
        before(None if was.cost_usd is None else cents(was.cost_usd), is_judged=False),
    )
    if rate is None:
        used, used_was = (
            sum(row["skill_session_count"] or 0 for row in rows.get("return_by_business", []))
            for rows in (seen.current, seen.previous)
        )
        price, price_was = _hour(now.time_saved_minutes, now.cost_usd), _hour(was.time_saved_minutes, was.cost_usd)
        return (
            saved,
            spent,
            BigFigure("An hour saved cost, at most", price, None, before(price_was)),
            BigFigure(
                "Sessions with a skill",
                number(used),
                count_delta(used, used_was) if seen.has_whole_past else None,
                before(number(used_was)),
            ),
        )
    worth, worth_was = (None if m.time_saved_minutes is None else m.time_saved_minutes / 60 * rate for m in (now, was))
    back, back_was = (_back(value, m.cost_usd) for value, m in ((worth, now), (worth_was, was)))
    return (
        saved,
        BigFigure("At your rate, at least", _dollars(worth), None, before(_dollars(worth_was)), _product(now, rate)),
        spent,
        BigFigure(
            "Return per dollar",
            None if back is None else cents(back),
            money_delta(back, back_was) if back is not None and back_was is not None and seen.is_comparable else None,
            before(None if back_was is None else cents(back_was)),
        ),
    )


def _product(now: Measures, rate: float) -> str:
    """47 h 00 × $60."""
    saved = now.time_saved_minutes
    return "" if saved is None else f"{short_duration(saved)} × {_rate(rate)}"


def _dollars(usd: float | None) -> str | None:
    return None if usd is None else f"${number(usd)}"


def _back(worth: float | None, cost: float | None) -> float | None:
    return worth / cost if worth is not None and cost else None


def _hour(minutes: float | None, cost: float | None) -> str | None:
    return cents(60 * cost / minutes) if minutes and cost is not None else None


def _caution(now: Measures, profile: Profile) -> str:
    """What holds if the estimates are twice too high."""
    if not now.time_saved_minutes or not now.cost_usd:
        return ""
    if profile.hourly_rate_usd is None:
        hour = cents(120 * now.cost_usd / now.time_saved_minutes)
        return f"If the estimates are twice too high, an hour saved cost {hour}."
    back = now.time_saved_minutes / 60 * profile.hourly_rate_usd / now.cost_usd
    even = 60 * now.cost_usd / profile.hourly_rate_usd
    text = f"If the estimates are twice too high, the return is {cents(back / 2)} per dollar."
    if back > 1:
        text += f" It stays above $1 unless fewer than {duration(even)} were saved."
    return text


def _average(row: dict[str, Any]) -> float | None:
    known = row.get("time_saved_known_count")
    return row["time_saved_minutes"] / known if known and row.get("time_saved_minutes") is not None else None


def _skill(row: dict[str, Any], longest: float) -> SkillReturn:
    average = _average(row)
    colour = "var(--quiet)" if row["skill"] is None else "var(--accent)"
    return SkillReturn(
        name=None if row["skill"] is None else shorten(row["skill"], 40),
        read_count=number(row["read_count"]),
        saved=None if average is None else short_duration(row["time_saved_minutes"]),
        average=None if average is None else f"{number(average)} min",
        chart=draw_length_bar(average, longest, colour) if average is not None and longest else None,
    )


def _summed(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """A row of sums: what is known is added; null where nothing is."""
    whole: dict[str, Any] = {key: "All"}
    for column in rows[0]:
        if column != key:
            is_known = any(row[column] is not None for row in rows)
            whole[column] = total(rows, column) if is_known else None
    return whole


def _few(rows: list[dict[str, Any]]) -> str:
    names = [f"`/{shorten(row['skill'], 40)}`" for row in rows if row["skill"] and row["read_count"] < FEWEST]
    if not names:
        return ""
    few = listed(names[:4])
    if len(names) == 1:
        return f"{few} stands for fewer than {FEWEST} sessions: too few to say what it saves."
    return f"{few} stand for fewer than {FEWEST} sessions each: too few to say what they save."


def _business(row: dict[str, Any], profile: Profile) -> BusinessReturn:
    minutes = row["time_saved_minutes"] if row["time_saved_known_count"] else None
    return BusinessReturn(
        name=None if row["business"] is None else shorten(row["business"], 40),
        colour=business_colour(profile, row["business"]),
        saved=None if minutes is None else short_duration(minutes),
        estimates=f"{number(row['time_saved_known_count'])} of {number(row['read_count'])}",
        with_skill=f"{number(row['skill_session_count'])} of {number(row['session_count'])}",
        cost=None if row["cost_usd"] is None else cents(row["cost_usd"]),
        hour=_hour(minutes, row["cost_usd"]),
    )
