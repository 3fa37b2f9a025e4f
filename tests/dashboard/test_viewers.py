"""A team on one database: a member sees their own sessions, an admin all, and the sum hides who is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from session_insights.dashboard.app import build_app
from session_insights.dashboard.desk import Desk
from session_insights.dashboard.templates import build_templates
from session_insights.errors import SettingsError
from session_insights.profile import Member, Profile, load_profile
from session_insights.settings import Settings, find_include_dir
from session_insights.stages import setup
from session_insights.stages.correcting import correct_facets
from session_insights.stages.reporting import render_snapshot
from session_insights.store.database import Connection, connect, execute
from session_insights.store.viewing import (
    is_applied,
    limit_readers,
    load_signing_key,
    renew_rules,
    set_viewer,
    sign_viewer,
)
from tests.dashboard.conftest import TEMPLATES
from tests.sql.given import insert_rows

TEAM = tuple(
    Member(user=name, machines=(f"{name}-laptop",), is_admin=name == "ada")
    for name in ("ada", "ben", "cyn", "dan", "eve", "flo")
)
READER = "viewers_reader"
OPEN_TABLES = {"schema_migrations", "data_versions"}
# Two whole weeks that are over.
MONDAY = date(2026, 11, 2)


@pytest.fixture
def reader_url(database_url: str, connection: Connection) -> Iterator[str]:
    """A role that was granted to read every table, as a careless administrator would."""
    connection.execute(f"create role {READER} login password 'read-only'".encode())
    connection.execute(f"grant usage on schema insights to {READER}".encode())
    connection.execute(f"grant select on all tables in schema insights to {READER}".encode())
    place = urlsplit(database_url)
    yield f"postgresql://{READER}:read-only@{place.netloc.rpartition('@')[2]}{place.path}"
    connection.execute(f"drop owned by {READER}".encode())
    connection.execute(f"drop role {READER}".encode())


@pytest.fixture
def limited(connection: Connection) -> Connection:
    """Two sessions of each member, a week apart; ben alone worked for 10k, the others for stb."""
    given: dict[str, list[dict[str, Any]]] = {"claude_sessions": [], "session_days": [], "session_facets": []}
    given["session_entries"] = []
    for member in TEAM:
        for week in (0, 1):
            day, name = MONDAY + timedelta(days=7 * week + 1), f"{member.user}-{week}"
            given["claude_sessions"].append({"id": name, "machine": member.machines[0], "title": f"Of {name}"})
            given["session_days"].append({"session_id": name, "activity_date": day, "active_minutes": 10})
            business = "10k" if member.user == "ben" else "stb"
            given["session_facets"].append({"session_id": name, "businesses": [business]})
            given["session_entries"].append({"session_id": name, "entry_no": 1, "text": f"words of {name}"})
    insert_rows(connection, given)
    connection.execute(
        "insert into insights.insights_snapshots (period_type, period_start, period_end, narrative)"
        " values ('weekly', '2026-11-01', '2026-11-08', '{}')"
    )
    limit_readers(connection, TEAM, 5)
    return connection


def see_as(reader_url: str, name: str, key: str, sql: str) -> list[dict[str, Any]]:
    with connect(reader_url, is_read_only=True) as opened:
        set_viewer(opened, sign_viewer(name, key))
        return execute(opened, sql)


OpenAs = Callable[..., TestClient]


@pytest.fixture
def open_as(reader_url: str, database_url: str, limited: Connection) -> Iterator[OpenAs]:
    """One app for everybody, as in Airflow: the header `who` stands for its sign-in."""
    profile: Profile = load_profile(find_include_dir(Settings()) / "profile.yaml")

    def correct(session_id: str, values: Any, **more: Any) -> Any:
        with connect(database_url) as opened:
            return correct_facets(opened, session_id, values, profile=profile, **more)

    def render(connection: Connection, snapshot_id: int) -> str:
        return render_snapshot(connection, snapshot_id, profile)

    def who(request: Request) -> str:
        return request.headers["who"]

    app = build_app(
        guard=lambda: None,
        user_name=who,
        login_url=lambda back: back,
        open_desk=lambda templates: Desk(profile, Settings(), build_templates(templates, profile), correct, render),
        find_url=lambda: reader_url,
        templates=TEMPLATES,
        find_key=lambda: load_signing_key(limited),
    )

    def open_one(name: str) -> TestClient:
        return TestClient(app, headers={"who": name, "accept": "text/html"}, follow_redirects=False)

    yield open_one
    app.state.pool.close()


def test_a_member_lists_their_own_sessions_and_an_admin_all(open_as: OpenAs) -> None:
    def listed(name: str) -> list[str]:
        answer = open_as(name).get("/api/sessions", params={"limit": 100}).json()
        assert answer["total_count"] == len(answer["sessions"])
        return sorted(session["session_id"] for session in answer["sessions"])

    assert listed("ben") == ["ben-0", "ben-1"]
    assert listed("cyn") == ["cyn-0", "cyn-1"]
    assert len(listed("ada")) == 12
    assert listed("nobody of the team") == []
    assert listed("' or true --") == []


def test_the_session_of_somebody_else_is_not_there(open_as: OpenAs, limited: Connection) -> None:
    assert "words of ben-0" in open_as("ben").get("/sessions/ben-0").text
    assert "words of ben-0" in open_as("ada").get("/sessions/ben-0").text
    for path in ("/sessions/ben-0", "/api/sessions/ben-0", "/reports/1", "/api/snapshots/1"):
        answer = open_as("cyn").get(path)
        assert answer.status_code == 404, path
        assert "words of" not in answer.text
    assert open_as("ada").get("/api/snapshots/1").status_code == 200


def test_the_session_of_somebody_else_cannot_be_corrected(open_as: OpenAs, limited: Connection) -> None:
    given = {"facet": "outcome", "value": "not_achieved"}
    corrections = "select session_id, corrected_by from insights.facet_corrections"
    for name, expected in (("cyn", 404), ("ben", 303)):
        client = open_as(name)
        client.get(f"/sessions/{name}-0")
        token = client.cookies["session_insights_form"]
        headers = {"origin": "http://testserver"}
        answer = client.post("/sessions/ben-0/facets", data={**given, "token": token}, headers=headers)
        assert answer.status_code == expected, answer.text
        assert bool(execute(limited, corrections)) == (expected == 303)
    assert execute(limited, corrections) == [{"session_id": "ben-0", "corrected_by": "ben"}]


def test_pages_that_are_kept_are_kept_a_viewer(open_as: OpenAs) -> None:
    address = f"/?since={MONDAY}&until={MONDAY + timedelta(days=13)}"
    pages = {name: open_as(name).get(address).text for name in ("ada", "ben", "cyn")}
    assert len(set(pages.values())) == len(pages)
    assert {name: open_as(name).get(address).text for name in pages} == pages


def test_figures_of_a_member_count_their_own_sessions(open_as: OpenAs) -> None:
    query = {"since": str(MONDAY), "until": str(MONDAY + timedelta(days=13)), "name": "summary"}
    counted = {name: open_as(name).get("/api/figures", params=query).json()["figures"] for name in ("ada", "ben")}
    assert counted["ben"]["summary"][0]["session_count"] == 2
    assert counted["ada"]["summary"][0]["session_count"] == 12


def test_the_team_shows_groups_that_hide_their_members(open_as: OpenAs) -> None:
    rows = open_as("ben").get("/api/team", params={"weeks": 52}).json()["weeks"]
    # Five worked for stb; what ben did for 10k is his alone, so it is in no row.
    assert [(row["week_start"], row["business"], row["people_count"], row["active_minutes"]) for row in rows] == [
        (str(MONDAY), "stb", 5, 50.0),
        (str(MONDAY + timedelta(days=7)), "stb", 5, 50.0),
    ]


def test_small_groups_are_shown_together_if_they_are_many(open_as: OpenAs, limited: Connection) -> None:
    for number, member in enumerate(TEAM):
        execute(
            limited,
            "update insights.session_facets set businesses = %(b)s::jsonb where session_id = %(id)s",
            b=f'["business-{number % 3}"]',
            id=f"{member.user}-0",
        )
    [first, _] = open_as("ben").get("/api/team", params={"weeks": 52}).json()["weeks"]
    assert (first["business"], first["people_count"]) == (None, 6)


def test_machines_of_nobody_do_not_make_a_group(open_as: OpenAs, limited: Connection) -> None:
    execute(limited, "delete from insights.team_machines where user_name in ('dan', 'eve', 'flo')")
    assert open_as("ben").get("/api/team", params={"weeks": 52}).json() == {"weeks": []}


def test_two_answers_cannot_be_taken_from_each_other(reader_url: str, limited: Connection) -> None:
    key = load_signing_key(limited)
    asked = "select count(*) as n from insights.team_weeks('{}', '{}')"
    # A part of a week, and a week that is not over, are no answer; a filter changes none.
    assert see_as(reader_url, "ben", key, asked.format(MONDAY, MONDAY + timedelta(days=6))) == [{"n": 0}]
    assert see_as(reader_url, "ben", key, asked.format(MONDAY + timedelta(days=1), MONDAY + timedelta(days=13))) == [
        {"n": 0}
    ]
    today = datetime.now(UTC).date()
    execute(limited, "update insights.session_days set activity_date = %(today)s", today=today)
    monday = today - timedelta(days=today.weekday())
    assert see_as(reader_url, "ben", key, asked.format(monday, monday + timedelta(days=7))) == [{"n": 0}]
    execute(limited, "update insights.session_days set activity_date = %(day)s", day=MONDAY)
    filtered = f"""
    select session_count from set_config('insights.session_filter', '{{"machine": "eve-laptop"}}', false)
    cross join insights.team_weeks('{MONDAY}', '{MONDAY + timedelta(days=7)}')
    """
    assert see_as(reader_url, "ben", key, filtered) == [{"session_count": 10}]


def test_a_role_that_may_only_read_cannot_say_who_it_is(reader_url: str, limited: Connection) -> None:
    count = "select count(*) as n from insights.claude_sessions"
    key = load_signing_key(limited)
    assert see_as(reader_url, "ada", key, count) == [{"n": 12}]
    assert see_as(reader_url, "ada", "a guess", count) == [{"n": 0}]
    forged = "0" * 64 + "ada"
    with connect(reader_url) as opened:
        for value in ("ada", forged, sign_viewer("ben", key)[:64] + "ada", ""):
            set_viewer(opened, value)
            assert execute(opened, count) == [{"n": 0}], value
        assert execute(opened, "select * from insights.team_rules") == []
        for statement in (
            "set row_security = off; select count(*) from insights.claude_sessions",
            "alter table insights.claude_sessions disable row level security",
            "select insights.limit_readers(0)",
            "set role postgres",
            "insert into insights.team_members values ('viewers_reader', true)",
        ):
            with pytest.raises(psycopg.Error):
                opened.execute(statement.encode())


def test_every_table_and_view_is_limited(reader_url: str, limited: Connection) -> None:
    """A table of a later migration too, without a word about it there."""
    limited.execute("create table insights.later (what text)")
    limited.execute("insert into insights.later values ('secret')")
    limited.execute(f"grant select on insights.later to {READER}".encode())
    renew_rules(limited)
    found = execute(
        limited,
        "select relname, relkind::text, relrowsecurity, coalesce(reloptions::text, '') as options from pg_class"
        " where relnamespace = 'insights'::regnamespace and relkind in ('r', 'p', 'v', 'm')",
    )
    assert {row["relname"] for row in found if row["relkind"] in "rp" and not row["relrowsecurity"]} == OPEN_TABLES
    assert all("security_invoker=true" in row["options"] for row in found if row["relkind"] == "v")
    assert not [row for row in found if row["relkind"] == "m"]
    with connect(reader_url) as opened:
        for row in found:
            if row["relname"] not in OPEN_TABLES:
                assert execute(opened, f"select * from insights.{row['relname']}") == [], row["relname"]
    # Whoever calls these has the rights of their owner: each is known to show nothing more.
    definers = execute(
        limited,
        "select proname from pg_proc where pronamespace = 'insights'::regnamespace and prosecdef order by proname",
    )
    assert [row["proname"] for row in definers] == ["is_admin", "own_machines", "team_weeks", "viewer"]


def test_who_may_write_sees_all_without_a_viewer(database_url: str, limited: Connection) -> None:
    """A role for tasks that does not own the tables is limited by no rule."""
    limited.execute("create role viewers_app login password 'app'")
    try:
        limited.execute("grant usage on schema insights to viewers_app")
        limited.execute("grant select, insert, update, delete on all tables in schema insights to viewers_app")
        place = urlsplit(database_url)
        url = f"postgresql://viewers_app:app@{place.netloc.rpartition('@')[2]}{place.path}"
        with connect(url) as opened:
            assert execute(opened, "select count(*) as n from insights.claude_sessions") == [{"n": 12}]
            assert execute(opened, "update insights.claude_sessions set title = 'x' returning id as n")
            assert load_signing_key(opened)
            # It may look whether the rules are applied, and not change them.
            assert is_applied(opened, TEAM, 5)
            assert not is_applied(opened, TEAM[1:], 5)
            assert not is_applied(opened, TEAM, 0)
            with pytest.raises(SettingsError, match="as the owner of the schema insights"):
                limit_readers(opened, TEAM[1:], 5)
            assert is_applied(opened, TEAM, 5)
    finally:
        limited.execute("drop owned by viewers_app")
        limited.execute("drop role viewers_app")


def test_a_dashboard_whose_role_is_not_limited_shows_nothing(
    open_as: OpenAs, reader_url: str, database_url: str, limited: Connection
) -> None:
    client = open_as("ben")
    pool = client.app.state.pool  # type: ignore[attr-defined]
    pool._find_url = lambda: database_url
    with pytest.raises(SettingsError, match="a role that may only read"), pool.lend("ben"):
        pass
    limit_readers(limited, TEAM, 0)
    pool._find_url = lambda: reader_url
    with pytest.raises(SettingsError, match="insights_setup"), pool.lend("ben"):
        pass


def test_nothing_is_limited_unless_the_setting_says_so(reader_url: str, connection: Connection, tmp_path: Path) -> None:
    count = "select count(*) as n from insights.claude_sessions"
    insert_rows(connection, {"claude_sessions": [{"id": "one", "machine": "ben-laptop"}]})
    profile = tmp_path / "profile.yaml"
    sample = (find_include_dir(Settings()) / "profile.yaml").read_text(encoding="utf-8")
    profile.write_text(sample + "\nteam:\n  - {user: ben, machines: [ben-laptop]}\n", encoding="utf-8")

    def seen(name: str = "") -> int:
        key = load_signing_key(connection) if name else ""
        return int(see_as(reader_url, name, key, count)[0]["n"])

    setup.migrate(connection, Settings(profile=profile))
    assert seen() == 1
    setup.migrate(connection, Settings(profile=profile, team_group_size=5))
    assert (seen(), seen("ben"), seen("cyn")) == (0, 1, 0)
    # A shell without the setting migrates without opening anything.
    setup.migrate(connection, Settings(profile=profile))
    assert (seen(), seen("ben")) == (0, 1)
    setup.migrate(connection, Settings(profile=profile, team_group_size=0))
    assert seen() == 1


def test_a_group_of_two_hides_nobody() -> None:
    with pytest.raises(ValueError, match="fewer than 3"):
        Settings(team_group_size=2)
