"""What a team did together, for each of its members: groups that hide who is in them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from session_insights.dashboard.api import ONCE, PROBLEMS, Place, Reads
from session_insights.profile import Profile
from session_insights.store.viewing import load_team_weeks

router = APIRouter(prefix="/api", tags=["Session Insights"], responses=PROBLEMS, dependencies=ONCE)
DEFAULT_WEEKS, MOST_WEEKS = 8, 52


class TeamWeek(BaseModel):
    """One business in one week. Null is unknown."""

    week_start: date = Field(description="A Monday; the week is over.")
    business: str | None = Field(description="Null: several, each served by too few people to stand alone.")
    people_count: int
    session_count: int
    read_count: int
    active_minutes: float
    total_tokens: int
    cost_usd: float | None
    reached_count: int
    judged_count: int
    friction_session_count: int
    time_saved_minutes: int | None


class Team(BaseModel):
    """What too few people did is in no row, so the rows do not add up to all that was done."""

    weeks: list[TeamWeek]


@router.get("/team", summary="What the team did together")
def get_team(
    connection: Reads,
    place: Place,
    weeks: Annotated[
        int, Query(ge=1, le=MOST_WEEKS, description="So many calendar weeks that are over.")
    ] = DEFAULT_WEEKS,
) -> Team:
    """The last 8 weeks unless said otherwise; nothing where SESSION_INSIGHTS_TEAM_GROUP_SIZE is not set."""
    rows = load_team_weeks(connection, *whole_weeks(place.profile, weeks))
    return Team(weeks=[TeamWeek.model_validate(row) for row in rows])


def whole_weeks(profile: Profile, count: int) -> tuple[date, date]:
    """The first day of the last `count` weeks that are over, and the day after them: two Mondays."""
    today = datetime.now(UTC).astimezone(profile.zone).date()
    this_week = today - timedelta(days=today.weekday())
    return this_week - timedelta(weeks=count), this_week
