"""A backfill that breaks off at any moment: the next one finds what was sent, and nothing is sent or kept twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from session_insights.errors import SettingsError
from session_insights.llm.asking import ClaudeUnavailable
from session_insights.llm.batches import MaybeSent
from session_insights.stages import backfill
from session_insights.store.database import Connection, connect, execute
from tests.fakes.claude import FakeClaude, cut_connection, error, slow
from tests.integration.backfilling import Backfill, answering, asked, attempts, fill, read_by

THREE = ("one", "two", "three")
PROGRAM = """
import sys
from session_insights import cli
from session_insights.stages import backfill
backfill._SETTLE_SECONDS = 0.3
backfill._MOST_REQUESTS = int(sys.argv[1])
code = cli.main(["extract", "--reader", "batch", *sys.argv[2:]])
# Not ru_maxrss, which starts with what the parent took.
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
sys.exit(code)
"""


@pytest.fixture
def claude() -> Iterator[FakeClaude]:
    with answering() as fake:
        yield fake


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "_SETTLE_SECONDS", 0.05)


def start_backfill(database_url: str, claude: FakeClaude, *, most_requests: int = 1000) -> subprocess.Popen[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SESSION_INSIGHTS_")},
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "SESSION_INSIGHTS_DATABASE_URL": database_url,
        "SESSION_INSIGHTS_BATCH_POLL_SECONDS": "1",
        "ANTHROPIC_API_KEY": "key-1",
        "ANTHROPIC_BASE_URL": claude.url,
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(most_requests)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    told, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return told


def wait_until(is_so: object, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def send(run: Backfill) -> None:
    run.submit(run.select()[0])


def test_killed_after_the_api_made_the_batch_and_before_we_knew_it_is_not_sent_again(
    connection: Connection, database_url: str, claude: FakeClaude
) -> None:
    fill(connection, *THREE)
    claude.batches.fail(slow(20), made=True)
    process = start_backfill(database_url, claude)
    wait_until(lambda: claude.batches.made)
    process.kill()
    process.communicate()
    [left] = execute(connection, "select provider_id, request_count from insights.facet_batches")
    assert left == {"provider_id": None, "request_count": 3}
    assert finish(start_backfill(database_url, claude)).startswith("Read 3 of 3 sessions in 1 batch")
    assert asked(claude) == sorted(THREE)


@pytest.mark.parametrize("is_made", [True, False])
@pytest.mark.parametrize("fault", [cut_connection(), error(500), error(529)])
def test_an_answer_that_was_missed_is_looked_for_before_anything_is_sent_again(
    connection: Connection, claude: FakeClaude, fault: object, is_made: bool
) -> None:
    fill(connection, *THREE)
    claude.batches.fail(fault, made=is_made)  # type: ignore[arg-type]
    run = Backfill(connection, claude)
    with pytest.raises(MaybeSent):
        send(run)
    assert run.select() == [[*run.chunks[0]]]
    run.submit(run.chunks[0])  # as Airflow tries the task again
    [name] = run.settle()
    assert run.collect(name)["ok_count"] == 3
    assert asked(claude) == sorted(THREE)
    assert len(claude.batches.made) == 1


def test_a_sent_batch_that_the_list_shows_late_is_found(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, *THREE)
    claude.batches.fail(cut_connection(), made=True)
    run = Backfill(connection, claude)
    with pytest.raises(MaybeSent):
        send(run)
    late = claude.batches.made.pop()
    real = claude.batches._list

    def show_late(query: dict[str, list[str]]) -> object:
        shown = real(query)
        claude.batches.made.append(late)
        claude.batches._list = real  # type: ignore[method-assign]
        return shown

    claude.batches._list = show_late  # type: ignore[method-assign,assignment]
    assert run.settle() == [late.id]


@pytest.mark.parametrize(("fault", "kind"), [(error(429), ClaudeUnavailable), (error(400), SettingsError)])
def test_a_batch_that_the_api_refused_leaves_its_sessions_free(
    connection: Connection, claude: FakeClaude, fault: object, kind: type[Exception]
) -> None:
    fill(connection, *THREE)
    claude.batches.fail(fault)  # type: ignore[arg-type]
    run = Backfill(connection, claude)
    with pytest.raises(kind):
        send(run)
    assert execute(connection, "select count(*) as n from insights.facet_batch_requests") == [{"n": 0}]
    assert run.run() is not None


def test_killed_before_anything_was_sent_sends_what_was_planned(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, *THREE)
    run = Backfill(connection, claude)
    [chunk] = run.select()

    def die(_: float | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.submit(chunk, may_spend=die)
    [name] = run.settle()
    assert run.collect(name)["ok_count"] == 3
    assert [call for call in claude.calls if call.startswith("GET") and call.endswith("/batches")] == []


def test_an_ended_batch_of_somebody_else_is_not_taken_for_ours(connection: Connection, claude: FakeClaude) -> None:
    fill(connection, *THREE)
    claude.batches.fail(cut_connection(), made=False)
    run = Backfill(connection, claude)
    with pytest.raises(MaybeSent):
        send(run)
    stranger = claude.batches.add(["a", "b", "c"])
    [name] = run.settle()
    assert name != stranger.id
    assert run.collect(name)["ok_count"] == 3


def test_a_running_batch_of_somebody_else_is_let_go_when_its_results_show_whose_it_is(
    connection: Connection, claude: FakeClaude
) -> None:
    fill(connection, *THREE)
    claude.batches.fail(cut_connection(), made=False)
    run = Backfill(connection, claude)
    with pytest.raises(MaybeSent):
        send(run)
    stranger = claude.batches.add(["a", "b", "c"], seconds=60)
    assert run.settle() == [stranger.id]
    stranger.ends_at = 0
    with pytest.raises(ClaudeUnavailable, match="is somebody else's"):
        run.collect(stranger.id)
    assert attempts(connection) == []
    [name] = run.settle()
    assert name != stranger.id
    assert run.collect(name)["ok_count"] == 3


def test_two_that_settle_at_once_send_a_plan_once(
    connection: Connection, database_url: str, claude: FakeClaude
) -> None:
    fill(connection, *THREE)
    run = Backfill(connection, claude)
    [chunk] = run.select()

    def die(_: float | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.submit(chunk, may_spend=die)
    claude.batches.fail(
        slow(0.5, lambda request: claude.batches.answer("GET", "/msgbatch_0001", {}, request)), made=True
    )

    def settle() -> None:
        with connect(database_url) as own:
            Backfill(own, claude).settle()

    both = [threading.Thread(target=settle) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(30)
    assert len(claude.batches.made) == 1


def test_1300_sessions_survive_a_worker_killed_at_any_moment(
    connection: Connection, database_url: str, claude: FakeClaude
) -> None:
    names = [f"session-{number:04}" for number in range(1300)]
    with connection.transaction():
        fill(connection, *names)
    chance = random.Random(4)
    was_cut_short = 0
    for _ in range(5):
        process = start_backfill(database_url, claude, most_requests=400)
        calls, kept = len(claude.calls), len(attempts(connection))
        moment = chance.choice(["sending", "collecting"])
        if moment == "sending":
            wait_until(lambda calls=calls, process=process: len(claude.calls) > calls or process.poll() is not None)
        else:
            wait_until(
                lambda kept=kept, process=process: len(attempts(connection)) > kept or process.poll() is not None
            )
        time.sleep(chance.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        was_cut_short += process.wait() == -signal.SIGKILL
        process.communicate()
    assert was_cut_short >= 2
    told = finish(start_backfill(database_url, claude, most_requests=400))
    assert told
    assert asked(claude) == names
    assert Counter(attempts(connection)) == Counter((name, "ok") for name in names)
    assert len(read_by(connection)) == 1300


def test_1300_sessions_take_few_calls_and_little_memory(
    connection: Connection, database_url: str, claude: FakeClaude
) -> None:
    names = [f"session-{number:04}" for number in range(1300)]
    with connection.transaction():
        fill(connection, *names)
        execute(
            connection,
            "update insights.session_entries set text = text || repeat(' word and word', 700) where entry_no = 1",
        )
    started = time.monotonic()
    told = finish(start_backfill(database_url, claude))
    seconds = time.monotonic() - started
    peak = int(told.partition("VmHWM:")[2].split()[0])
    print(f"{seconds:.1f} s, {len(claude.calls)} calls, peak {peak // 1024} MB: {told}")
    assert told.startswith("Read 1,300 of 1,300 sessions in ")
    posts = [call for call in claude.calls if call.startswith("POST")]
    assert len(posts) == len(claude.batches.made) <= 3
    assert len(claude.calls) <= 20
    assert peak <= 300 * 1024


def test_ctrl_c_leaves_the_batch_alone_and_the_next_call_takes_it_up(
    connection: Connection, database_url: str, claude: FakeClaude
) -> None:
    fill(connection, *THREE)
    claude.batches.seconds = 60
    process = start_backfill(database_url, claude)
    wait_until(lambda: sum(call.endswith("/msgbatch_0001") for call in claude.calls) > 0)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "The batches go on without you; the same command takes up where this one was."
    claude.batches.made[0].ends_at = 0
    assert finish(start_backfill(database_url, claude)).startswith("Read 3 of 3 sessions")
    assert len(claude.batches.made) == 1
