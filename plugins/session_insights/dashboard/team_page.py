"""What a team did together, as a page: the sums of groups that hide who is in them, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from session_insights.dashboard.choices import UNKNOWN
from session_insights.dashboard.database import reader
from session_insights.dashboard.desk import Desk, desk, render_page
from session_insights.dashboard.team import DEFAULT_WEEKS, MOST_WEEKS, whole_weeks
from session_insights.profile import Profile
from session_insights.reports.charts.line import draw_line, scale_top
from session_insights.reports.colours import OTHER, business_colour
from session_insights.store.database import Connection
from session_insights.store.viewing import load_team_weeks
from session_insights.windows import Window
from session_insights.wording import cents, duration, full_range, number, plural, short_day, shorten, tokens

router = APIRouter()
PERIODS = (4, 8, 26, 52)  # weeks
SEVERAL = "several businesses"


@dataclass(frozen=True)
class TeamRow:
    """One business in one week, in words. None is unknown."""

    week: str  # 16 Nov
    is_first: bool  # of its week
    business: str | None
    colour: str | None
    people: str
    sessions: str
    active: str
    reached: str | None
    friction: str | None
    saved: str | None
    tokens: str
    cost: str | None


@dataclass(frozen=True)
class TeamLine:
    """A business through the weeks."""

    business: str | None
    colour: str | None
    now: str | None  # its newest week; None: not shown, as too few people had a part
    chart: Markup


@dataclass(frozen=True)
class TeamWeeks:
    headline: str
    lines: tuple[TeamLine, ...]
    rows: tuple[TeamRow, ...]  # newest week first


def build_team(rows: Sequence[Mapping[str, Any]], weeks: Sequence[date], profile: Profile) -> TeamWeeks:
    """Rows of `insights.team_weeks` in words; `weeks` are all Mondays asked for, oldest first."""
    ordered = sorted(rows, key=lambda row: (-row["week_start"].toordinal(), *_order(row)))
    starts = [row["week_start"] for row in ordered]
    return TeamWeeks(
        headline=_headline(ordered, weeks[-1]),
        lines=_lines(rows, weeks, profile),
        rows=tuple(_row(row, row["week_start"] not in starts[:n], profile) for n, row in enumerate(ordered)),
    )


def _headline(ordered: Sequence[Mapping[str, Any]], newest: date) -> str:
    if not ordered:
        return "Nothing of these weeks can be shown"
    first = ordered[0]
    if first["week_start"] != newest:
        return "Nothing of the newest week can be shown"
    people, name = plural(first["people_count"], "person", "people"), _name(first) or "a business that is unknown"
    return f"{people} worked {duration(first['active_minutes'])} for {name} in the newest week"


def _lines(rows: Sequence[Mapping[str, Any]], weeks: Sequence[date], profile: Profile) -> tuple[TeamLine, ...]:
    by_business: dict[str | None, dict[date, Mapping[str, Any]]] = {}
    for row in rows:
        by_business.setdefault(row["business"], {})[row["week_start"]] = row
    top = scale_top([row["active_minutes"] / 60 for row in rows])
    lines = []
    sums = [
        {"business": business, "active_minutes": sum(row["active_minutes"] for row in found.values())}
        for business, found in by_business.items()
    ]
    for whole in sorted(sums, key=_order):
        found = by_business[whole["business"]]
        newest, name = found.get(weeks[-1]), _name(whole)
        hours = [found[week]["active_minutes"] / 60 if week in found else None for week in weeks]
        lines.append(
            TeamLine(
                business=name,
                colour=_colour(whole, profile),
                now=f"{duration(newest['active_minutes'])}, {plural(newest['people_count'], 'person', 'people')}"
                if newest
                else None,
                chart=draw_line(name or "Business unknown", hours, top=top, unit="active hours a week"),
            )
        )
    return tuple(lines)


def _row(row: Mapping[str, Any], is_first: bool, profile: Profile) -> TeamRow:
    judged, read = row["judged_count"], row["read_count"]
    return TeamRow(
        week=short_day(row["week_start"]),
        is_first=is_first,
        business=_name(row),
        colour=_colour(row, profile),
        people=number(row["people_count"]),
        sessions=number(row["session_count"]),
        active=duration(row["active_minutes"]),
        reached=f"{number(row['reached_count'])} of {number(judged)}" if judged else None,
        friction=f"{number(row['friction_session_count'])} of {number(read)}" if read else None,
        saved=None if row["time_saved_minutes"] is None else duration(row["time_saved_minutes"]),
        tokens=tokens(row["total_tokens"]),
        cost=None if row["cost_usd"] is None else cents(row["cost_usd"]),
    )


def _order(row: Mapping[str, Any]) -> tuple[bool, bool, float, str]:
    """Most time first; what is unknown, and what stands together, behind those with a name."""
    business = row["business"]
    return business is None, business == UNKNOWN, -row["active_minutes"], business or ""


def _name(row: Mapping[str, Any]) -> str | None:
    business = row["business"]
    return SEVERAL if business is None else None if business == UNKNOWN else shorten(business, 40)


def _colour(row: Mapping[str, Any], profile: Profile) -> str | None:
    business = row["business"]
    return OTHER if business is None else business_colour(profile, None if business == UNKNOWN else business)


@router.get("/team", response_class=HTMLResponse)
def show_team(
    request: Request,
    connection: Annotated[Connection, Depends(reader)],
    place: Annotated[Desk, Depends(desk)],
    weeks: Annotated[int, Query(ge=1, le=MOST_WEEKS)] = DEFAULT_WEEKS,
) -> HTMLResponse:
    """The last 8 weeks unless said otherwise; how to turn it on where SESSION_INSIGHTS_TEAM_GROUP_SIZE is not set."""
    first, day_after = whole_weeks(place.profile, weeks)
    mondays = [first + timedelta(weeks=n) for n in range(weeks)]
    size = place.settings.team_group_size
    values = {
        "smallest_group": size,
        "span": full_range(first, Window(first, day_after).last_day),
        "periods": PERIODS,
        "weeks": weeks,
        "first_week": short_day(mondays[0]),
        "last_week": short_day(mondays[-1]),
        "team": build_team(load_team_weeks(connection, first, day_after), mondays, place.profile) if size else None,
    }
    return render_page(request, place, "team.html", values)
