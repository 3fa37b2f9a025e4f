"""What is not said when there is too little to say it from."""

from __future__ import annotations

from datetime import date

import pytest

from session_insights.narratives.writing import write_offline
from session_insights.records import Figures, Rows
from session_insights.windows import Window
from tests.helpers import sample_profile

WEEK = Window(date(2026, 11, 15), date(2026, 11, 22))


def figures(session_count: int, shares: dict[str | None, float]) -> Figures:
    summary = {"session_count": session_count, "read_count": session_count}
    summary |= {"active_minutes": 100.0, "read_minutes": 100.0, "judged_count": 0}
    rows: Rows = [
        {"priority_matched": slug, "session_count": 1, "active_minutes": minutes} for slug, minutes in shares.items()
    ]
    return Figures({"summary": [summary], "priority_shares": rows}, {})


@pytest.mark.parametrize(
    ("session_count", "shares", "headline"),
    [
        (2, {None: 100.0}, "2 sessions cannot tell whether priorities get their share"),
        (40, {None: 100.0}, "“Grow Indy Hall” is 40 points short of its target"),
        (
            40,
            {"growing-indy-hall": 40.0, "building-partnerships": 20.0, "strengthening-relationships": 15.0, None: 25.0},
            "Every priority got about its share, or more",
        ),
    ],
)
def test_a_priority_far_from_its_target_is_never_called_on_it(
    session_count: int, shares: dict[str | None, float], headline: str
) -> None:
    narrative = write_offline(figures(session_count, shares), sample_profile(), WEEK)
    assert narrative.priorities.headline == headline
