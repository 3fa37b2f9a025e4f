"""Whatever a message says, a channel takes it: within its limits, cut at whole lines."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from session_insights.notifications.discord import render_discord
from session_insights.notifications.message import Field, Message
from session_insights.notifications.slack import render_slack

# Ordinary words, and whatever gets longer when it is escaped.
texts = st.one_of(
    st.text(max_size=400),
    st.text(alphabet="&<>*_`|@a \\[]#\n", max_size=3_000),
    st.integers(0, 3_000).map(lambda n: "&" * n),
)
fields = st.builds(Field, name=texts, lines=st.lists(texts, max_size=60).map(tuple))
messages = st.builds(
    Message,
    title=texts,
    lines=st.lists(texts, max_size=80).map(tuple),
    fields=st.lists(fields, max_size=70).map(tuple),
    link=st.one_of(st.none(), st.text(max_size=2_000).map("https://".__add__)),
    footer=texts,
)


@given(messages)
def test_discord_takes_any_message(message: Message) -> None:
    body = render_discord(message)
    [embed] = body["embeds"]
    assert body["allowed_mentions"] == {"parse": []}
    assert len(embed["title"]) <= 256
    assert len(embed.get("description", "")) <= 4_096
    assert len(embed.get("fields", [])) <= 25
    for field in embed.get("fields", []):
        assert 1 <= len(field["name"]) <= 256
        assert 1 <= len(field["value"]) <= 1_024
    assert len(embed.get("footer", {}).get("text", "")) <= 2_048
    assert _embed_size(embed) <= 6_000


@given(messages)
def test_slack_takes_any_message(message: Message) -> None:
    body = render_slack(message)
    assert 1 <= len(body["blocks"]) <= 50
    assert body["blocks"][0]["type"] == "header"
    assert len(body["blocks"][0]["text"]["text"]) <= 150
    for block in body["blocks"]:
        for text in [block["text"]] if "text" in block else block["elements"]:
            assert 1 <= len(text["text"]) <= 3_000
    assert (body["unfurl_links"], body["unfurl_media"]) == (False, False)


def test_what_does_not_fit_is_left_out_in_whole_lines_and_counted() -> None:
    lines = tuple(f"line {number:02d} {'word ' * 20}".strip() for number in range(100))
    [embed] = render_discord(Message("t", fields=(Field("Lines", lines),)))["embeds"]
    shown = embed["fields"][0]["value"].splitlines()
    assert shown[:-1] == list(lines[: len(shown) - 1])
    assert shown[-1] == f"… and {100 - (len(shown) - 1)} more"


def test_no_escape_is_cut_in_two() -> None:
    message = Message("&" * 400, lines=("&" * 400,))
    texts = [block["text"]["text"] for block in render_slack(message)["blocks"]]
    assert all(text.replace("&amp;", "").strip("…") == "" for text in texts)


def test_fields_that_do_not_fit_are_counted_in_both_channels() -> None:
    message = Message("t", fields=tuple(Field(f"field {n}", ("value",)) for n in range(60)))
    assert render_discord(message)["embeds"][0]["footer"]["text"] == "… and 35 more."
    assert render_slack(message)["blocks"][-1]["text"]["text"] == "… and 15 more"


def _embed_size(embed: dict[str, Any]) -> int:
    parts = [embed["title"], embed.get("description", ""), embed.get("footer", {}).get("text", "")]
    parts += [text for field in embed.get("fields", []) for text in (field["name"], field["value"])]
    return sum(map(len, parts))
