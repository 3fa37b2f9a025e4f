"""Text from transcripts is printed: it calls nobody, links nowhere, formats nothing and hides nothing."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_insights.notifications.discord import render_discord
from session_insights.notifications.message import Field, Message, web_address
from session_insights.notifications.slack import render_slack

HOSTILE = (
    "@everyone", "@here", "<!channel>", "<!here|here>", "<!subteam^S1>", "<@U024BE7LH>", "<@!80351110224678912>",
    "<@&165511591545143296>", "<#C024BE7LR>", "</airdrop:816437322781949972>", "<t:1618953630:R>",
    "<https://evil.example|your report>", "[your report](https://evil.example)", "https://evil.example/x",
    "hthttps://tps://evil.example", "```\nrm -rf /\n```", "**bold**", "__under__", "~~gone~~", "||spoiler||", "> quote",
    "# heading", "- list", "line one\nline two", "a\u202ecod.exe", "zero\u200bwidth\ufeff", "\x1b[31mred",
)  # fmt: skip


def placed(text: str) -> Message:
    """The text wherever text can stand."""
    return Message(title=text, lines=(text,), fields=(Field(text, (text, text)),), footer=text)


def slack_texts(message: Message) -> list[str]:
    body = render_slack(message)
    texts = [part for block in body["blocks"] for part in ([block["text"]] if "text" in block else block["elements"])]
    assert all(part["type"] == "plain_text" for part in texts)
    return [body["text"], *(part["text"] for part in texts)]


def discord_texts(message: Message) -> list[str]:
    [embed] = render_discord(message)["embeds"]
    return [
        embed["title"],
        embed.get("description", ""),
        *(v for f in embed["fields"] for v in (f["name"], f["value"])),
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_slack_gets_letters_alone(text: str) -> None:
    for shown in slack_texts(placed(text)):
        assert "<" not in shown
        assert ">" not in shown
        assert "://" not in shown
        assert not re.search("[\x00-\x09\x0b-\x1f\u200b\u202e\ufeff]", shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_discord_gets_letters_alone(text: str) -> None:
    for shown in discord_texts(placed(text)):
        assert not re.search(r"(?<!\\)[*_~`|<>\[\]]", shown)
        assert not re.search(r"^[#-]", shown, re.MULTILINE)
        assert not re.search(r"@(everyone|here)", shown)
        assert "://" not in shown
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e\ufeff]", shown)


@given(st.text(alphabet="<>@!&#*_`|[]()\\:/ahttpsev\n\u200b\u202e", max_size=120))
def test_no_mix_of_signs_gets_through(text: str) -> None:
    for shown in slack_texts(placed(text)):
        assert not re.search(r"[<>]|://", shown)
    for shown in discord_texts(placed(text)):
        # A sign behind a backslash is a letter; of the rest Discord obeys nothing.
        rest = re.sub(r"\\.", "·", shown)
        assert not re.search(r"[*_~`|<>\[\]\\]|@\w|://", rest)


def test_nobody_is_called_and_nothing_unfurls() -> None:
    message = placed("@everyone <!channel>")
    assert render_discord(message)["allowed_mentions"] == {"parse": []}
    assert "content" not in render_discord(message)
    slack = render_slack(message)
    assert (slack["unfurl_links"], slack["unfurl_media"], slack["link_names"]) == (False, False, False)


@pytest.mark.parametrize(
    "link", ["file:///home/alex/report.html", "javascript:alert(1)", "", None, "https://a b", "https://a\u202eb"]
)
def test_only_an_address_of_the_web_becomes_a_link(link: str | None) -> None:
    assert web_address(link) is None
    message = Message("t", link=link)
    assert "url" not in render_discord(message)["embeds"][0]
    assert "mrkdwn" not in json.dumps(render_slack(message))


def test_a_link_cannot_end_early() -> None:
    block = render_slack(Message("t", link="https://x.example/a|b>c&d", link_text="Read <it>"))["blocks"][-1]
    assert block["text"] == {
        "type": "mrkdwn",
        "text": "<https://x.example/a%7Cb%3Ec&amp;d|Read &lt;it&gt;>",
        "verbatim": True,
    }
