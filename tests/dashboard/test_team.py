"""The team's page: sums of groups that are large enough, and nothing from which one of them could be told."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi import HTTPException

from session_insights.dashboard.team_page import build_team
from session_insights.profile import Profile
from session_insights.store.database import Connection, execute
from tests.dashboard.conftest import OpenClient
from tests.dashboard.team import TEAM, OpenAs
from tests.unit.reports.test_hostile_text import HOSTILE, Tags

WEEKS = [date(2026, 11, 2) + timedelta(weeks=n) for n in range(3)]
ROW = {
    "week_start": WEEKS[2],
    "business": "stb",
    "people_count": 6,
    "session_count": 12,
    "read_count": 11,
    "active_minutes": 150.0,
    "total_tokens": 2_000_000,
    "cost_usd": 4.5,
    "reached_count": 7,
    "judged_count": 9,
    "friction_session_count": 2,
    "time_saved_minutes": 90,
}


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_each_member_sees_the_same_sums_and_what_is_hidden_in_no_row(open_as: OpenAs) -> None:
    page = open_as("cyn").get("/team?weeks=52").text
    assert page == open_as("ben").get("/team?weeks=52").text
    rows = [words_of(row) for row in re.findall(r"<tr>.*?</tr>", page.split("<tbody>")[1], flags=re.S)]
    assert rows == [
        "9 Nov stb 5 5 50 min unknown 0 of 5 unknown 0 unknown",
        "2 Nov stb 5 5 50 min unknown 0 of 5 unknown 0 unknown",
    ]
    assert "Groups of fewer than 5 people are not shown" in page
    # What ben did for 10k is his alone: it has no row, no line, no name.
    assert "10k" not in page
    assert not [member.user for member in TEAM if re.search(rf"\b{member.user}\b", page)]


def test_without_enough_people_the_page_says_so(open_as: OpenAs, limited: Connection) -> None:
    execute(limited, "delete from insights.team_machines where user_name in ('dan', 'eve', 'flo')")
    page = open_as("ben").get("/team?weeks=52").text
    assert "Nothing of these weeks can be shown" in page
    assert "<tbody>" not in page
    assert "stb" not in page


@pytest.mark.parametrize("name", [text.replace("\0", "") for text in HOSTILE])
def test_hostile_names_are_text(open_as: OpenAs, limited: Connection, name: str) -> None:
    execute(limited, "update insights.session_facets set businesses = jsonb_build_array(%(name)s::text)", name=name)
    page = open_as("ben").get("/team?weeks=52").text
    assert "<tbody>" in page
    tags = Tags()
    tags.feed(page)
    assert {tag for tag, _ in tags.seen} & {"img", "iframe", "style", "base", "object", "embed"} == set()
    assert sum(tag == "script" for tag, _ in tags.seen) == 1
    for _, attributes in tags.seen:
        for attribute, value in attributes:
            assert not attribute.startswith("on")
            if attribute in ("href", "src"):
                assert re.match(r"/(?!/)|#main|data:,", value or ""), value
    assert "\u202e" not in page


def test_the_page_is_in_the_navigation_of_every_page_where_it_is_on(open_as: OpenAs, open_client: OpenClient) -> None:
    for path in ("/", "/sessions", "/health", "/nowhere", "/team"):
        assert '<a href="/team"' in open_as("ben").get(path).text, path


def test_where_it_is_off_it_is_not_in_the_navigation_and_says_how_to_turn_it_on(
    open_client: OpenClient, database_url: str
) -> None:
    client = open_client(database_url)
    for path in ("/", "/nowhere", "/team"):
        assert 'href="/team"' not in client.get(path).text, path
    page = client.get("/team")
    assert page.status_code == 200
    for remedy in ("SESSION_INSIGHTS_TEAM_GROUP_SIZE", "SESSION_INSIGHTS_DASHBOARD_URL", "insights_setup"):
        assert remedy in page.text


@pytest.mark.parametrize(("status", "expected"), [(401, 307), (403, 403)])
def test_who_may_not_look_gets_nothing(open_client: OpenClient, database_url: str, status: int, expected: int) -> None:
    def refuse() -> None:
        raise HTTPException(status)

    answer = open_client(database_url, guard=refuse, follow_redirects=False).get("/team?weeks=4")
    assert answer.status_code == expected
    assert answer.headers.get("location") == ("/auth/login?next=/team?weeks=4" if expected == 307 else None)
    assert "SESSION_INSIGHTS_TEAM_GROUP_SIZE" not in answer.text


@pytest.mark.parametrize("weeks", ["0", "53", "x", "-1", "1e3"])
def test_a_number_of_weeks_that_is_none_is_named(open_as: OpenAs, weeks: str) -> None:
    answer = open_as("ben").get("/team", params={"weeks": weeks})
    assert answer.status_code == 422
    assert "weeks:" in answer.text


def build(profile: Profile, *changes: dict[str, Any]) -> Any:
    return build_team([ROW | change for change in changes], WEEKS, profile)


def test_what_is_unknown_is_null_and_never_nought(profile: Profile) -> None:
    [row] = build(
        profile,
        {"cost_usd": None, "time_saved_minutes": None, "judged_count": 0, "read_count": 0, "business": "unknown"},
    ).rows
    assert (row.cost, row.saved, row.reached, row.friction, row.business, row.colour) == (None,) * 6
    [row] = build(profile, {}).rows
    assert (row.cost, row.saved, row.reached, row.friction) == ("$4.50", "1 h 30 min", "7 of 9", "2 of 11")


def test_weeks_are_newest_first_and_names_come_before_what_has_none(profile: Profile) -> None:
    team = build(
        profile,
        {"business": None, "active_minutes": 900.0},
        {"business": "unknown", "active_minutes": 800.0},
        {"business": "10k", "active_minutes": 60.0},
        {},
        {"week_start": WEEKS[0]},
    )
    assert [(row.week, row.is_first, row.business) for row in team.rows] == [
        ("16 Nov", True, "stb"),
        ("16 Nov", False, "10k"),
        ("16 Nov", False, None),
        ("16 Nov", False, "several businesses"),
        ("2 Nov", True, "stb"),
    ]
    assert team.headline == "6 people worked 2 h 30 min for stb in the newest week"
    assert [line.business for line in team.lines] == ["stb", "10k", None, "several businesses"]
    # A week in which too few took part is a gap in the line, no nought.
    assert "stb active hours a week, 3 weeks: 2.5, unknown, 2.5" in team.lines[0].chart


def test_a_newest_week_of_too_few_is_said_to_be_hidden(profile: Profile) -> None:
    team = build(profile, {"week_start": WEEKS[1]})
    assert team.headline == "Nothing of the newest week can be shown"
    assert team.lines[0].now is None
