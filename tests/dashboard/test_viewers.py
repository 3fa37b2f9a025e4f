"""A team on one database: a member sees their own sessions, an admin all, and the sum hides who is in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from session_insights.errors import SettingsError
from session_insights.settings import Settings, find_include_dir
from session_insights.stages import setup
from session_insights.store.database import Connection, connect, execute
from session_insights.store.viewing import (
    is_applied,
    limit_readers,
    load_signing_key,
    renew_rules,
    set_viewer,
    sign_viewer,
)
from tests.dashboard.team import MONDAY, READER, TEAM, OpenAs, see_as
from tests.sql.given import insert_rows

OPEN_TABLES = {"schema_migrations", "data_versions"}


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
