"""A session's page: transcript, facets with their evidence, and where a person says otherwise."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from session_insights.dashboard.desk import may_correct
from session_insights.dashboard.forms import COOKIE
from session_insights.facets.correcting import JUDGED
from session_insights.store.corrections import load_corrections
from session_insights.store.database import Connection, execute
from session_insights.store.figures import load_rows
from session_insights.windows import Window
from tests.dashboard.pages.building import NOON, add_session, said

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> [link](javascript:alert(3)) \u202eevil {{ 7*7 }}"
ORIGIN = {"origin": "http://insights.test", "sec-fetch-site": "same-origin"}


def open_page(client: TestClient, session_id: str = "s") -> tuple[str, str]:
    """The page, and the token of its forms."""
    answer = client.get(f"/sessions/{session_id}")
    assert answer.status_code == 200, answer.text
    found = re.search(r'name="token" value="([^"]+)"', answer.text)
    assert found
    return answer.text, found[1]


def send(client: TestClient, token: str, headers: Any = ORIGIN, session_id: str = "s", **form: str) -> Any:
    return client.post(
        f"/sessions/{session_id}/facets",
        data={"token": token, "action": "set"} | form,
        headers=headers,
        follow_redirects=False,
    )


def row_of(page: str, facet: str) -> str:
    return page.split(f'id="f-{facet}"')[1].split("</dd>")[0]


def test_prompts_errors_and_rejections_are_marked_and_judgements_point_at_entries(
    client: TestClient, connection: Connection
) -> None:
    add_session(
        connection,
        "s",
        entries=[
            said("Move the picture left"),
            {"kind": "reply", "text": "Done."},
            {"kind": "tool_error", "tool": "Bash", "text": "exit 1"},
            {"kind": "rejection", "text": "dist again", "is_person": True},
            {"kind": "steering", "text": "No, the source", "is_person": True},
        ],
        facet={
            "outcome": "mostly_achieved",
            "course_corrections": 2,
            "evidence": {"outcome": [2, 5], "course_corrections": [4, 5]},
        },
    )
    page, _ = open_page(client)
    assert re.search(r'<li id="e1" class="u">.*?, prompt', page)
    assert re.search(r'<li id="e3" class="e">.*?Tool error: Bash', page)
    assert re.search(r'<li id="e4" class="e">.*?Rejected by', page)
    assert re.search(r'<li id="e5" class="u">.*?steering, correction', page)
    assert 'href="#e2"' in row_of(page, "outcome")
    assert "Mostly achieved" in row_of(page, "outcome")
    assert '<span class="unk">unknown</span>' in row_of(page, "decisions_made")
    assert "claude --resume s" in page


def test_long_quiet_runs_are_folded_and_what_is_cited_stays_open(client: TestClient, connection: Connection) -> None:
    tools = [{"kind": "tool", "tool": "Read", "text": f"file {n}"} for n in range(20)]
    add_session(connection, "s", entries=[said("Go"), *tools, said("Thanks")], facet={"evidence": {"outcome": [11]}})
    page, _ = open_page(client)
    assert "Entries 2 to 10: 9 tool calls, no errors" in page
    assert "Entries 12 to 21: 10 tool calls, no errors" in page
    assert '<li id="e11"' in re.sub(r"<details class=\"fold\">.*?</details>", "", page, flags=re.S)


@pytest.mark.parametrize("length", [10, 8000])
def test_a_long_transcript_comes_in_pages_that_hold_every_entry_once(
    client: TestClient, connection: Connection, length: int
) -> None:
    add_session(connection, "s", entries=[said(f"{n} " + "x" * length) for n in range(450)])
    numbers, link = [], ""
    while link is not None:
        page = client.get(f"/sessions/s{link}").text
        assert len(page) <= 300_000
        numbers += [int(number) for number in re.findall(r'<li id="e(\d+)"', page)]
        following = re.search(r'href="/sessions/s(\?from=\d+)" rel="next"', page)
        link = following[1] if following else None
    assert numbers == list(range(1, 451))


def test_evidence_on_another_page_of_the_transcript_leads_there(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s", entries=[said(str(n)) for n in range(410)], facet={"evidence": {"outcome": [405]}})
    page, _ = open_page(client)
    assert 'href="/sessions/s?from=405#e405"' in row_of(page, "outcome")


def test_nothing_in_a_transcript_becomes_markup(client: TestClient, connection: Connection) -> None:
    kinds = ("prompt", "steering", "command", "reply", "tool", "tool_error", "rejection", "denial", "api_error")
    texts = ("underlying_goal", "brief_summary", "friction_detail", "primary_success", "pivot_trigger")
    add_session(
        connection,
        "s",
        title=HOSTILE,
        project=HOSTILE,
        machine=HOSTILE,
        git_branch=HOSTILE,
        initiated_by=HOSTILE,
        skills_used=[HOSTILE],
        entries=[
            {"kind": kind, "text": HOSTILE, "tool": HOSTILE, "file_path": HOSTILE, "is_person": True} for kind in kinds
        ],
        facet=dict.fromkeys(texts, HOSTILE)
        | {
            "businesses": [HOSTILE],
            "people_mentioned": [HOSTILE],
            "relationship_actions": [{"person": HOSTILE, "action": HOSTILE}],
            "goal_categories": {HOSTILE: 1},
            "priority_matched": HOSTILE,
            "extraction_model": HOSTILE,
            "corrected": {"brief_summary": {"value": HOSTILE, "evidence": []}},
        },
    )
    execute(
        connection,
        "insert into insights.facet_extractions (session_id, state, reader, model, prompt_version, prompt_hash, "
        "content_hash, error, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, duration_seconds, "
        "dag_run_id) values ('s', 'failed', 'claude', %(text)s, 1, '', '', %(text)s, 0, 0, 0, 0, 1, %(text)s)",
        text=HOSTILE,
    )
    add_session(connection, "s/agent-1", parent_session_id="s", category="subagent", title=HOSTILE, agent_type=HOSTILE)
    for page in (open_page(client)[0], open_page(client, "s/agent-1")[0], client.get("/sessions?q=alert").text):
        assert page.count("<script") == page.count('<script src="/assets/theme.js?v=1"></script>') == 1
        assert "<img" not in page
        assert "\u202e" not in page
        assert not re.search(r'href="(?!/|#|\?|data:,")', page)
        assert "{{ 7*7 }}" in page


def test_a_sub_agent_and_its_parent_lead_to_each_other(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s")
    add_session(connection, "s/agent-1", parent_session_id="s", category="subagent", title="Look into it")
    assert 'href="/sessions/s/agent-1"' in open_page(client)[0]
    page, _ = open_page(client, "s/agent-1")
    assert 'href="/sessions/s"' in page
    assert "claude --resume" not in page


def test_tokens_and_cost_stand_by_model_and_an_unknown_price_is_unknown(
    client: TestClient, connection: Connection
) -> None:
    add_session(connection, "s")
    columns = "session_id, message_id, last_record_no, model, input_tokens, output_tokens, cache_read_tokens, "
    columns += "cache_write_5m_tokens, cache_write_1h_tokens, is_final, cost_usd, is_owner"
    execute(
        connection,
        f"insert into insights.session_messages ({columns}) values "
        "('s', 'm1', 1, 'opus', 100, 20, 3000, 0, 0, true, 1.25, true), "
        "('s', 'm2', 2, 'opus', 100, 20, 3000, 0, 0, true, 9.99, false), "
        "('s', 'm3', 3, 'local', 7, 8, 0, 0, 0, true, null, true)",
    )
    page, _ = open_page(client)
    table = page.split("Tokens and cost by model</h2>")[1].split("</table>")[0]
    assert "$1.25" in table
    assert "9.99" not in table
    assert table.index("opus") < table.index("local") < table.index("unknown")


@pytest.mark.parametrize("session_id", ["nobody", "a/b/c", "%00", "..%2f..%2fetc", "%F0%9F%98%80"])
def test_a_session_that_is_not_there_is_not_found(client: TestClient, session_id: str) -> None:
    assert client.get(f"/sessions/{session_id}").status_code == 404


def test_the_run_to_clear_is_a_link_below_airflows_own_address(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s")
    execute(
        connection,
        "insert into insights.facet_extractions (session_id, state, reader, model, prompt_version, prompt_hash, "
        "content_hash, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, duration_seconds, "
        "dag_run_id) values ('s', 'ok', 'claude', 'm', 1, '', '', 0, 0, 0, 0, 1, 'manual__2026-11-18T12:00:00+00:00')",
    )
    page = (
        TestClient(client.app, base_url="http://insights.test", root_path="/airflow/insights").get("/sessions/s").text
    )
    run = "manual__2026-11-18T12%3A00%3A00%2B00%3A00"
    assert f'<a data-airflow href="/airflow/dags/insights_facet_extraction/runs/{run}">' in page
    assert 'action="/airflow/insights/sessions/s/facets"' in page


# Correcting ------------------------------------------------------------------------------------------------------


def test_a_correction_changes_page_and_figures_and_can_be_taken_back(
    client: TestClient, connection: Connection
) -> None:
    add_session(connection, "s", facet={"outcome": "fully_achieved", "businesses": ["indy-hall"]})
    window = Window(NOON.date(), NOON.date() + timedelta(days=1))

    def reached() -> int:
        [row] = load_rows(connection, "summary", window)
        return int(row["reached_count"])

    assert reached() == 1
    _, token = open_page(client)
    answer = send(client, token, facet="outcome", value="not_achieved", note="it never went out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sessions/s#f-outcome")
    assert reached() == 0
    page, token = open_page(client)
    assert "Not achieved" in row_of(page, "outcome")
    assert "the reader said Fully achieved" in row_of(page, "outcome")
    [act] = load_corrections(connection, "s")
    assert (act["corrected_by"], act["note"]) == ("Robin", "it never went out")
    assert send(client, token, facet="outcome", action="undo").status_code == 303
    assert reached() == 1


def test_the_way_to_correct_is_shown_to_those_who_may(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s", facet={"outcome": "fully_achieved", "evidence": {"outcome": [1]}})
    page, _ = open_page(client)
    assert page.count("<form ") == page.count(">Correct</summary>") == len(JUDGED)
    assert "can be corrected by people" not in page
    client.app.dependency_overrides[may_correct] = lambda: False  # type: ignore[attr-defined]
    page = client.get("/sessions/s").text
    assert "Fully achieved" in row_of(page, "outcome")
    assert "<form" not in page
    assert ">Correct<" not in page
    assert "can be corrected by people who may change the runs of our DAGs" in page


def test_a_wrong_value_is_explained_beside_its_field_with_what_was_typed(
    client: TestClient, connection: Connection
) -> None:
    add_session(connection, "s", facet={"decisions_made": 1})
    _, token = open_page(client)
    answer = send(client, token, facet="decisions_made", value="<b>many</b>", note="so it was")
    assert answer.status_code == 422
    row = row_of(answer.text, "decisions_made")
    assert "<details open>" in row
    assert "&lt;b&gt;many&lt;/b&gt;</textarea>" in row
    assert "must be a whole number" in row.split('class="wrong"')[1]
    assert 'value="so it was"' in row
    assert load_corrections(connection, "s") == []


@pytest.mark.parametrize("facet", ["initiated_by", "nonsense", "<script>"])
def test_what_cannot_be_corrected_is_refused_in_words(client: TestClient, connection: Connection, facet: str) -> None:
    add_session(connection, "s", facet={})
    _, token = open_page(client)
    answer = send(client, token, facet=facet, value="x")
    assert answer.status_code == 422
    assert "was not changed" in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.test", "sec-fetch-site": "cross-site"},
        {"origin": "http://evil.test"},
        {"origin": "null"},
        {"origin": "http://other.insights.test", "sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "http://evil.test", "sec-fetch-site": "same-origin"},
        {},
    ],
)
def test_a_form_from_another_site_changes_nothing(
    client: TestClient, connection: Connection, headers: dict[str, str]
) -> None:
    add_session(connection, "s", facet={})
    _, token = open_page(client)
    assert send(client, token, headers, facet="outcome", value="not_achieved").status_code == 403
    assert load_corrections(connection, "s") == []


def test_a_form_without_the_token_of_this_browser_changes_nothing(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s", facet={})
    _, token = open_page(client)
    assert send(client, "x" * 43, facet="outcome", value="not_achieved").status_code == 403
    client.cookies.clear()
    assert send(client, token, facet="outcome", value="not_achieved").status_code == 403
    assert send(client, "", facet="outcome", value="not_achieved").status_code == 403
    assert load_corrections(connection, "s") == []


def test_the_token_cannot_be_read_or_sent_from_elsewhere(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s")
    cookie = client.get("/sessions/s").headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_a_sub_agents_facet_is_corrected_under_its_own_id(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s")
    add_session(connection, "s/agent-1", parent_session_id="s", category="subagent", facet={})
    _, token = open_page(client, "s/agent-1")
    assert send(client, token, session_id="s/agent-1", facet="decisions_made", value="2").status_code == 303
    assert len(load_corrections(connection, "s/agent-1")) == 1


def test_a_correction_is_found_by_its_words(client: TestClient, connection: Connection) -> None:
    add_session(connection, "s", facet={"brief_summary": "A walrus was drawn."})
    _, token = open_page(client)
    send(client, token, facet="brief_summary", value="A pelican was drawn.")
    assert "/sessions/s" in client.get("/sessions?q=pelican").text
    assert "No session fits" in client.get("/sessions?q=walrus").text


def test_a_session_whose_old_text_was_deleted_says_so_and_shows_what_is_left(
    client: TestClient, connection: Connection
) -> None:
    entries = [said("Move the picture left"), {"kind": "reply", "text": "Done."}, said("")]
    add_session(connection, "s", entries=entries, facet={"outcome": "mostly_achieved", "evidence": {"outcome": [2]}})
    assert "Entries deleted on" not in open_page(client)[0]
    connection.execute(
        "update insights.claude_sessions set entries_deleted_at = '2026-11-20 12:00+00', "
        "entries_deleted_until = '2026-08-01 12:00+00'; "
        "update insights.session_entries set text = '' where entry_no <> 2"
    )
    page, _ = open_page(client)
    assert "<b>Entries deleted on" in page
    assert "Figures, facets and the entries that a facet cites stay." in page
    assert re.findall(r'<li id="e(\d+)"', page) == ["2"]
    assert "Nothing was said in this session" not in page
    assert "3 entries" in page
