"""A message is in its channel once, whatever is cleared, retried, killed or broken."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from session_insights.errors import DeliveryFailed, MaybeDelivered, NotDelivered, SettingsError
from session_insights.notifications.failure import FailedTask
from session_insights.notifications.message import Message
from session_insights.notifications.posting import Channel, check_channel, post
from session_insights.stages.notifying import send_everywhere, send_waiting, tell_failure
from session_insights.store.database import Connection, connect, execute
from tests.fakes.webhooks import DISCORD_PATH, SLACK_PATH, Posted, Webhooks, broken, busy, cut, gone, hangs
from tests.helpers import dump_everything

MESSAGE = Message("The week of 15 to 21 November", lines=("42 sessions of yours",))
KEY = "report:weekly:2026-11-15:2026-11-21"


@pytest.fixture
def webhooks() -> Iterator[Webhooks]:
    with Webhooks() as opened:
        yield opened


def slack(webhooks: Webhooks, **more: Any) -> Channel:
    return Channel("slack", webhooks.url + SLACK_PATH, timeout_seconds=1, **more)


def discord(webhooks: Webhooks) -> Channel:
    return Channel("discord", webhooks.url + DISCORD_PATH, timeout_seconds=1)


def hurried(pauses: list[float]) -> Callable[[Channel, dict[str, Any]], str | None]:
    """Posts without waiting; the pauses it would have made are noted."""
    return partial(post, sleep=pauses.append)


def row(connection: Connection) -> dict[str, Any]:
    [only] = execute(connection, "select * from insights.notifications")
    return only


def test_a_message_goes_to_each_channel_once_however_often_it_is_sent(
    connection: Connection, webhooks: Webhooks
) -> None:
    channels = [slack(webhooks), discord(webhooks)]
    assert send_everywhere(connection, channels, KEY, MESSAGE) == {"slack": "sent", "discord": "sent"}
    for _ in range(3):
        again = send_everywhere(connection, channels, KEY, MESSAGE)
        assert again == {"slack": "already sent", "discord": "already sent"}
    assert len(webhooks.bodies(SLACK_PATH)) == len(webhooks.bodies(DISCORD_PATH)) == 1


def test_discord_says_which_message_it_became(connection: Connection, webhooks: Webhooks) -> None:
    send_everywhere(connection, [discord(webhooks)], KEY, MESSAGE)
    assert (row(connection)["state"], row(connection)["receipt"]) == ("sent", "1")
    assert webhooks.posted[0].path == f"{DISCORD_PATH}?wait=true"


def test_what_was_sent_is_not_kept_as_well(connection: Connection, webhooks: Webhooks) -> None:
    send_everywhere(connection, [slack(webhooks)], KEY, replace(MESSAGE, lines=("with Ines Duarte",)))
    assert "Ines" not in dump_everything(connection)


def test_the_claim_is_committed_before_anything_is_posted(database_url: str, connection: Connection) -> None:
    seen = []

    def look(_: Posted) -> None:
        with connect(database_url) as other:
            seen.append(row(other)["state"])

    with Webhooks(on_post=look) as webhooks:
        send_everywhere(connection, [slack(webhooks)], KEY, MESSAGE)
    assert seen == ["sending"]


def test_many_senders_at_once_post_one_message(database_url: str, webhooks: Webhooks) -> None:
    def send() -> None:
        # Whoever comes while another one is at it is told so.
        with connect(database_url) as opened, contextlib.suppress(MaybeDelivered):
            send_everywhere(opened, [slack(webhooks)], KEY, MESSAGE)

    senders = [threading.Thread(target=send) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(webhooks.bodies(SLACK_PATH)) == 1


def test_a_sender_killed_while_it_posts_leaves_one_message_and_a_clear_word(
    database_url: str, connection: Connection
) -> None:
    script = """
        import sys
        from session_insights.notifications.message import Message
        from session_insights.notifications.posting import Channel
        from session_insights.stages.notifying import send_everywhere
        from session_insights.store.database import connect
        with connect(sys.argv[1]) as connection:
            send_everywhere(connection, [Channel("slack", sys.argv[2])], sys.argv[3], Message("killed"))
    """
    with Webhooks(hangs(30)) as webhooks:
        arguments = [sys.executable, "-c", textwrap.dedent(script), database_url, webhooks.url + SLACK_PATH, KEY]
        environment = {**os.environ, "PYTHONPATH": "plugins"}
        sender = subprocess.Popen(arguments, env=environment)
        deadline = time.monotonic() + 30
        while not webhooks.posted and time.monotonic() < deadline:
            time.sleep(0.02)
        sender.send_signal(signal.SIGKILL)
        sender.wait()
        for _ in range(2):
            with pytest.raises(MaybeDelivered, match=r"Look whether it is there.*delete its row"):
                send_everywhere(connection, [slack(webhooks)], KEY, MESSAGE)
        assert len(webhooks.posted) == 1


def test_a_sender_killed_before_it_claims_leaves_the_message_for_the_next(
    connection: Connection, webhooks: Webhooks
) -> None:
    execute(
        connection,
        "insert into insights.notifications (channel, dedupe_key, payload) values ('slack', %(key)s, '{}')",
        key=KEY,
    )
    assert send_everywhere(connection, [slack(webhooks)], KEY, MESSAGE) == {"slack": "sent"}
    assert webhooks.bodies(SLACK_PATH)[0]["text"] == MESSAGE.title


@pytest.mark.parametrize("answer", [hangs(3), cut()])
def test_no_answer_is_not_taken_for_a_failure(connection: Connection, webhooks: Webhooks, answer: Any) -> None:
    webhooks.will(answer)
    with pytest.raises(MaybeDelivered, match="no answer"):
        send_everywhere(connection, [slack(webhooks)], KEY, MESSAGE)
    with pytest.raises(MaybeDelivered):
        send_everywhere(connection, [slack(webhooks)], KEY, MESSAGE)
    assert (len(webhooks.posted), row(connection)["state"]) == (1, "sending")


def test_a_busy_channel_is_waited_for_as_long_as_it_asks(connection: Connection, webhooks: Webhooks) -> None:
    webhooks.will(busy(3), busy(0.5, in_body=True), broken())
    pauses: list[float] = []
    send_everywhere(connection, [discord(webhooks)], KEY, MESSAGE, send=hurried(pauses))
    assert pauses == [3.0, 0.5, 8.0]
    assert len(webhooks.bodies(DISCORD_PATH)) == 1


def test_a_channel_that_asks_for_an_hour_is_left_for_the_next_try(connection: Connection, webhooks: Webhooks) -> None:
    webhooks.will(busy(3_600))
    pauses: list[float] = []
    with pytest.raises(NotDelivered, match="429"):
        send_everywhere(connection, [slack(webhooks)], KEY, MESSAGE, send=hurried(pauses))
    assert (pauses, row(connection)["state"]) == ([], "waiting")


def test_a_dead_channel_fails_after_its_tries_and_the_next_run_posts(
    connection: Connection, webhooks: Webhooks
) -> None:
    webhooks.will(*[broken()] * 4)
    with pytest.raises(NotDelivered, match="answered 500") as caught:
        send_everywhere(connection, [slack(webhooks)], KEY, MESSAGE, send=hurried([]))
    assert caught.value.may_try_again
    assert (row(connection)["state"], row(connection)["error"]) == ("waiting", "slack: answered 500")
    changed = replace(MESSAGE, title="The figures are newer")
    assert send_everywhere(connection, [slack(webhooks)], KEY, changed) == {"slack": "sent"}
    assert [body["text"] for body in webhooks.bodies(SLACK_PATH)] == ["The figures are newer"]


def test_a_webhook_that_is_gone_fails_at_once_and_is_tried_again_when_asked(
    connection: Connection, webhooks: Webhooks
) -> None:
    webhooks.will(gone())
    with pytest.raises(NotDelivered, match="the webhook is gone") as caught:
        send_everywhere(connection, [slack(webhooks)], KEY, MESSAGE)
    assert (caught.value.may_try_again, row(connection)["state"]) == (False, "failed")
    assert send_everywhere(connection, [slack(webhooks)], KEY, MESSAGE) == {"slack": "sent"}


def test_one_dead_channel_does_not_silence_the_other(connection: Connection, webhooks: Webhooks) -> None:
    nobody = Channel("slack", "http://127.0.0.1:9/none")
    with pytest.raises(NotDelivered, match="slack: cannot be reached"):
        send_everywhere(connection, [nobody, discord(webhooks)], KEY, MESSAGE, send=hurried([]))
    assert len(webhooks.bodies(DISCORD_PATH)) == 1


def test_a_changed_report_is_posted_again_only_when_asked_and_marked(
    connection: Connection, webhooks: Webhooks
) -> None:
    channels, changed = [slack(webhooks)], replace(MESSAGE, lines=("43 sessions of yours",))
    send_everywhere(connection, channels, KEY, MESSAGE)
    assert send_everywhere(connection, channels, KEY, changed) == {"slack": "already sent"}
    assert send_everywhere(connection, channels, KEY, MESSAGE, revise=True) == {"slack": "already sent"}
    assert send_everywhere(connection, channels, KEY, changed, revise=True) == {"slack": "revision sent"}
    assert send_everywhere(connection, channels, KEY, changed, revise=True) == {"slack": "already sent"}
    assert [body["text"] for body in webhooks.bodies(SLACK_PATH)] == [MESSAGE.title, f"Revised: {MESSAGE.title}"]


def test_no_error_and_no_log_line_has_the_webhooks_address(
    connection: Connection, webhooks: Webhooks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    webhooks.will(gone(), cut())
    told = []
    for channel in (slack(webhooks), discord(webhooks), Channel("slack", f"http://127.0.0.1:9{SLACK_PATH}")):
        try:
            send_everywhere(connection, [channel], f"{KEY}{channel.url}"[:60], MESSAGE, send=hurried([]))
        except DeliveryFailed as error:
            told.append(f"{error!r} {error} {channel}")
    assert len(told) == 3
    assert "token" not in " ".join([*told, caplog.text])


def test_an_address_that_is_none_is_refused_without_telling_it() -> None:
    with pytest.raises(SettingsError, match="slack: its webhook is no https address") as caught:
        check_channel(Channel("slack", "T0/B0/slacktoken"))
    assert "slacktoken" not in str(caught.value)


# Failures ----------------------------------------------------------------------------------------------------------

FAILED = FailedTask(
    dag_id="insights_session_sync",
    run_id="manual__1",
    task_id="sync_sessions",
    map_index=2,
    try_number=3,
    label="40 files",
    error="connection to postgresql://app:hunter2secret@db:5432/x failed\nTraceback",
    log_url="http://127.0.0.1:8080/dags/insights_session_sync/runs/manual__1",
)


def test_a_failure_is_told_once_a_try_with_its_secrets_masked(database_url: str, webhooks: Webhooks) -> None:
    for failed in (FAILED, FAILED, replace(FAILED, try_number=4)):
        tell_failure(lambda: connect(database_url), [slack(webhooks)], failed)
    bodies = webhooks.bodies(SLACK_PATH)
    assert len(bodies) == 2
    assert bodies[0]["blocks"][1]["text"]["text"].splitlines() == [
        "sync_sessions “40 files”, try 3",
        "connection to postgresql: //app:[secret]@db:5432/x failed",
    ]
    assert "hunter2" not in str(bodies)


def test_a_failure_of_the_database_itself_is_told_all_the_same(webhooks: Webhooks) -> None:
    tell_failure(lambda: connect("postgresql://a:b@127.0.0.1:9/none"), [slack(webhooks)], FAILED)
    assert len(webhooks.bodies(SLACK_PATH)) == 1


def test_a_dead_channel_does_not_keep_what_waits_for_the_other(connection: Connection, webhooks: Webhooks) -> None:
    dead, alive = Channel("slack", "http://127.0.0.1:9/none"), discord(webhooks)
    for channel in (dead, alive):
        execute(
            connection,
            "insert into insights.notifications (channel, dedupe_key, payload) values (%(name)s, 'failure:1', '{}')",
            name=channel.name,
        )
    with pytest.raises(NotDelivered):
        send_waiting(connection, [dead, alive], ["failure"], send=hurried([]))
    assert len(webhooks.bodies(DISCORD_PATH)) == 1


def test_a_failure_that_no_channel_took_is_told_later(
    database_url: str, connection: Connection, webhooks: Webhooks
) -> None:
    webhooks.will(broken())
    with pytest.raises(NotDelivered):
        tell_failure(lambda: connect(database_url), [slack(webhooks)], FAILED)
    assert send_waiting(connection, [slack(webhooks)], ["failure"]) == {"slack": 1}
    assert send_waiting(connection, [slack(webhooks)], ["failure"]) == {"slack": 0}
    assert len(webhooks.bodies(SLACK_PATH)) == 1
