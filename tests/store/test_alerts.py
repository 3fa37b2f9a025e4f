"""Sessions in Postgres → anomalies in Postgres → one message each in the channel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from session_insights.errors import DeliveryFailed, NotDelivered
from session_insights.notifications.posting import Channel, post
from session_insights.settings import Settings
from session_insights.stages.alerts import detect_anomalies, send_alerts
from session_insights.stages.notifying import tell_cap
from session_insights.store.database import Connection, execute
from tests.fakes.webhooks import SLACK_PATH, Webhooks, broken, cut, gone
from tests.helpers import sample_profile
from tests.sql.given import insert_rows

TODAY = date(2026, 11, 19)
YESTERDAY = TODAY - timedelta(days=1)
# 01:00 in New York, the profile's zone: a day earlier than in Tokyo, and yesterday is over.
NOW = datetime(2026, 11, 19, 6, 0, tzinfo=UTC)
SETTINGS = Settings()
hurried = partial(post, sleep=lambda _: None)


@pytest.fixture
def webhooks() -> Iterator[Webhooks]:
    with Webhooks() as opened:
        yield opened


def add_day(connection: Connection, day: date, *, sessions: int = 8, **facet: Any) -> None:
    """A day of read sessions that are alike."""
    ids = [f"{day}-{number}-{facet.get('reader', '')}" for number in range(sessions)]
    insert_rows(
        connection,
        {
            "claude_sessions": [{"id": name} for name in ids],
            "session_days": [{"session_id": name, "activity_date": day} for name in ids],
            "session_facets": [{"session_id": name, "course_corrections": 1, **facet} for name in ids],
        },
    )


def add_quiet_weeks(connection: Connection, **facet: Any) -> None:
    for number in range(2, 30):
        add_day(connection, TODAY - timedelta(days=number), **facet)


def detect(connection: Connection, now: datetime = NOW) -> dict[str, Any]:
    return detect_anomalies(connection, profile=sample_profile(), now=now)


def alert(connection: Connection, webhooks: Webhooks, **more: Any) -> dict[str, Any]:
    channels = [Channel("slack", webhooks.url + SLACK_PATH)]
    return send_alerts(connection, channels, settings=SETTINGS, send=hurried, **more)


def anomalies(connection: Connection) -> list[dict[str, Any]]:
    return execute(connection, "select * from insights.anomalies order by window_start, metric")


def test_a_bad_day_is_found_kept_and_told_once(connection: Connection, webhooks: Webhooks) -> None:
    add_quiet_weeks(connection)
    add_day(connection, YESTERDAY, course_corrections=5)
    for _ in range(3):
        assert detect(connection)["abnormal"] == ["course_corrections"]
        alert(connection, webhooks)
    [kept] = anomalies(connection)
    assert (kept["state"], kept["value"], kept["baseline"]) == ("told", 5.0, 1.0)
    assert (kept["session_count"], kept["baseline_count"]) == (8, 112)
    [body] = webhooks.bodies(SLACK_PATH)
    assert "Corrections a session: 5.0 on Wed 18 Nov against 1.0" in body["blocks"][1]["text"]["text"]


def test_figures_follow_until_somebody_was_told_and_then_stay(connection: Connection, webhooks: Webhooks) -> None:
    add_quiet_weeks(connection)
    add_day(connection, YESTERDAY, course_corrections=5)
    detect(connection)
    for now in (6, 7):
        execute(
            connection, f"update insights.session_facets set course_corrections = {now} where course_corrections > 1"
        )
        detect(connection)
        alert(connection, webhooks)
    assert [kept["value"] for kept in anomalies(connection)] == [6.0]


def test_today_is_not_over_and_says_nothing(connection: Connection) -> None:
    add_quiet_weeks(connection)
    add_day(connection, YESTERDAY)
    add_day(connection, TODAY, course_corrections=9)
    assert detect(connection)["abnormal"] == []


def test_a_day_is_the_profiles_day(connection: Connection) -> None:
    add_quiet_weeks(connection)
    add_day(connection, YESTERDAY, course_corrections=5)
    # 23:30 in New York: that day still runs, though it is over in UTC.
    assert detect(connection, datetime(2026, 11, 19, 4, 30, tzinfo=UTC))["day"] == "2026-11-17"


def test_the_session_counts_on_its_own_day_and_not_when_it_was_read(connection: Connection) -> None:
    add_quiet_weeks(connection, updated_at=NOW, created_at=NOW)
    add_day(connection, YESTERDAY, course_corrections=5, created_at=NOW - timedelta(days=20))
    [kept] = (detect(connection), anomalies(connection))[1]
    assert (kept["window_start"], kept["baseline"]) == (YESTERDAY, 1.0)


def test_a_bad_week_is_one_anomaly_that_ends_when_a_day_is_normal(connection: Connection, webhooks: Webhooks) -> None:
    add_quiet_weeks(connection)
    for number in range(3):
        add_day(connection, YESTERDAY + timedelta(days=number), course_corrections=6)
        detect(connection, NOW + timedelta(days=number))
        alert(connection, webhooks)
    add_day(connection, YESTERDAY + timedelta(days=3))
    assert detect(connection, NOW + timedelta(days=3))["closed_count"] == 1
    [kept] = anomalies(connection)
    assert (kept["state"], kept["window_start"]) == ("closed", YESTERDAY)
    assert kept["window_end"] == YESTERDAY + timedelta(days=3)
    assert len(webhooks.bodies(SLACK_PATH)) == 1


def test_an_anomaly_that_was_closed_is_not_opened_again_for_the_same_day(connection: Connection) -> None:
    add_quiet_weeks(connection)
    add_day(connection, YESTERDAY, course_corrections=5)
    detect(connection)
    execute(connection, "update insights.anomalies set state = 'closed', closed_at = now()")
    detect(connection)
    assert [kept["state"] for kept in anomalies(connection)] == ["closed"]


def test_another_reader_makes_no_anomaly(connection: Connection) -> None:
    add_quiet_weeks(connection, reader="offline")
    add_day(connection, YESTERDAY, reader="claude", course_corrections=5)
    assert detect(connection)["abnormal"] == []


def test_an_unread_day_is_found_a_day_later(connection: Connection) -> None:
    add_quiet_weeks(connection)
    names = [f"unread-{number}" for number in range(8)]
    day = YESTERDAY - timedelta(days=1)
    execute(connection, "delete from insights.claude_sessions where id like %(day)s", day=f"{day}%")
    insert_rows(
        connection,
        {
            "claude_sessions": [{"id": name} for name in names],
            "session_days": [{"session_id": name, "activity_date": day} for name in names],
        },
    )
    assert detect(connection)["abnormal"] == ["unread"]


def test_nothing_read_for_days_is_found_by_the_ledger(connection: Connection) -> None:
    add_quiet_weeks(connection)
    assert detect(connection, NOW + timedelta(days=1))["abnormal"] == []
    assert detect(connection, NOW + timedelta(days=3))["abnormal"] == ["sync"]


def test_a_dead_channel_leaves_the_anomaly_for_the_next_run(connection: Connection, webhooks: Webhooks) -> None:
    add_quiet_weeks(connection)
    add_day(connection, YESTERDAY, course_corrections=5)
    detect(connection)
    webhooks.will(*[broken()] * 4)
    with pytest.raises(NotDelivered):
        alert(connection, webhooks)
    assert anomalies(connection)[0]["state"] == "open"
    assert alert(connection, webhooks)["told_count"] == 1
    assert len(webhooks.bodies(SLACK_PATH)) == 1


@pytest.mark.parametrize("answer", [cut(), gone()])
def test_what_may_be_there_or_never_will_be_is_not_tried_every_half_hour(
    connection: Connection, webhooks: Webhooks, answer: Any
) -> None:
    add_quiet_weeks(connection)
    add_day(connection, YESTERDAY, course_corrections=5)
    detect(connection)
    webhooks.will(answer)
    with pytest.raises(DeliveryFailed):
        alert(connection, webhooks)
    assert alert(connection, webhooks)["told_count"] == 0
    assert len(webhooks.posted) == 1


def test_without_a_channel_nothing_is_told_and_nothing_fails(connection: Connection) -> None:
    add_quiet_weeks(connection)
    add_day(connection, YESTERDAY, course_corrections=5)
    detect(connection)
    assert send_alerts(connection, [], settings=SETTINGS) == {"told_count": 0, "channels": []}
    assert anomalies(connection)[0]["state"] == "open"


def test_an_anomaly_of_last_week_is_no_news_to_a_new_channel(connection: Connection, webhooks: Webhooks) -> None:
    add_quiet_weeks(connection)
    add_day(connection, YESTERDAY, course_corrections=5)
    detect(connection)
    execute(connection, "update insights.anomalies set detected_at = now() - interval '3 days'")
    assert alert(connection, webhooks)["told_count"] == 0


def test_a_run_that_read_many_sessions_says_so_once(connection: Connection, webhooks: Webhooks) -> None:
    add_day(connection, YESTERDAY, sessions=60)
    attempts = [
        {"session_id": f"{YESTERDAY}-{number}-", "dag_run_id": "run", "cost_usd": 0.002} for number in range(60)
    ]
    attempts[0] |= {"state": "failed", "error": "no"}
    insert_rows(connection, {"facet_extractions": attempts})
    for _ in range(2):
        alert(connection, webhooks, run_id="run")
    alert(connection, webhooks, run_id="another run")
    [body] = webhooks.bodies(SLACK_PATH)
    assert body["blocks"][1]["text"]["text"].splitlines() == [
        "59 sessions for $0.120 at list price; 1 session failed.",
        "run",
    ]


def test_a_cap_that_is_reached_is_told_once_a_day(connection: Connection, webhooks: Webhooks) -> None:
    channels = [Channel("slack", webhooks.url + SLACK_PATH)]
    said = "not sent: the daily cap is $5.00, $4.9990 is spent and this would cost about $0.0020"
    for session in ("one", "two"):
        tell_cap(connection, channels, f"session {session}: {said}", YESTERDAY)
    [body] = webhooks.bodies(SLACK_PATH)
    assert "Sessions wait: the daily cap is $5.00, $4.9990 is spent" in str(body)
    tell_cap(connection, channels, f"session three: {said}", YESTERDAY + timedelta(days=1))
    assert len(webhooks.bodies(SLACK_PATH)) == 2


def test_an_empty_database_has_no_anomalies(connection: Connection) -> None:
    assert detect(connection)["abnormal"] == []
