"""A report as a message: the plan's summary, made from the figures of the golden weeks."""

from __future__ import annotations

import pytest

from session_insights.notifications.message import Message
from session_insights.notifications.summary import build_summary
from tests.golden.loading import STATES, load_case


def summary(state: str) -> Message:
    case = STATES[state](load_case())
    return build_summary(case.figures, case.profile, case.window, headline="The finding", report_url=None)


def text_of(message: Message) -> str:
    fields = [line for field in message.fields for line in (field.name, *field.lines)]
    return "\n".join([message.title, *message.lines, *fields, message.footer]).strip()


def test_a_week_says_what_the_plans_summary_says() -> None:
    assert text_of(summary("weekly")) == (
        "Session Insights: week of 15 to 21 November\n"
        "The finding\n"
        "📊 42 sessions of yours | 40.3 M tokens | 61 artifacts created\n"
        "Read 41 of 42 sessions: 1 failed.\n"
        "🎯 Priority alignment\n"
        "64% of the time read went to your priorities (↓ 7 points, worse; last week 71%)\n"
        "• 13 sessions → Grow the studio\n"
        "• 8 sessions → Relaunch the shop\n"
        "• 6 sessions → Newsletter every Friday\n"
        "• 14 sessions → everything else\n"
        "⚠️ Top friction\n"
        "37 course corrections in 41 sessions, 9.0 per 10 (↑ 1.1 more, worse; last week 7.9)\n"
        "The mail connector failed: 6 of 41 sessions (last week 2 of 38 sessions)\n"
        "• Biggest: “Invite Paolo Rizzi for issue 48”: 5 of 14 calls failed\n"
        "🧩 Skills gap\n"
        "• /invoice missed in 4 sessions\n"
        "• /compose missed in 3 sessions\n"
        "• /release-notes missed in 2 sessions\n"
        "… and 1 more skill\n"
        "👥 People\n"
        "12 people (last week 9), 44% proactive outreach (n = 27 contacts with a known direction)"
    )


def test_a_first_week_compares_with_nothing() -> None:
    assert "last week" not in text_of(summary("first_week"))


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ("empty_week", "📊 No sessions of yours."),
        ("unread_week", "Read 0 of 42 sessions: 42 not read yet."),
    ],
)
def test_what_was_not_read_has_no_judged_figures(state: str, line: str) -> None:
    message = summary(state)
    assert line in message.lines
    assert message.fields == ()


def test_a_week_read_by_rules_says_so() -> None:
    assert summary("read_offline").footer.startswith("Read without a model")


def test_what_another_reader_judged_is_not_compared() -> None:
    message = summary("reader_changed")
    said = "Reader changed on 18 November, from rules to Haiku 5.5: judged figures before and after do not compare."
    assert message.footer == said
    text = text_of(message)
    assert "64% of the time read went to your priorities (another reader last week)" in text
    assert "37 course corrections in 41 sessions, 9.0 per 10\n" in text
    assert "The mail connector failed: 6 of 41 sessions (last week 2 of 38 sessions)" in text
    assert "12 people (another reader last week)" in text
