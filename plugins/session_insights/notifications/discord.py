"""A message as a Discord embed. Markup is escaped, and `allowed_mentions` is empty: nobody is ever called.

Source: https://docs.discord.com/developers/resources/message#embed-object-embed-limits
"""

from __future__ import annotations

import re
from typing import Any

from session_insights.notifications.message import Message, Tone, fit_line, fit_lines, plain_line, web_address

LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_FIELD = 256, 4_096, 1_024
MOST_FIELDS, LONGEST_EMBED = 25, 6_000
_COLOURS: dict[Tone, int] = {"neutral": 0x0B5A73, "good": 0x0A6650, "bad": 0xA2380F}
_MARKUP = re.compile(r"[\\*_~`|<>\[\]]|^[#-]")
# Somebody is called only by an @; the character after it has no width and breaks the name.
_CALL = re.compile(r"@(?=\w|&|!)")


def render_discord(message: Message) -> dict[str, Any]:
    """The body of a webhook call: one embed of at most 6,000 characters."""
    title = fit_line(message.title, LONGEST_TITLE, _escape)
    embed: dict[str, Any] = {"title": title or "–", "color": _COLOURS[message.tone]}
    footer = plain_line(message.footer)
    room = LONGEST_EMBED - len(title) - len(footer) - 100  # for what is left out
    if lines := fit_lines(message.lines, min(LONGEST_DESCRIPTION, room), _escape):
        embed["description"] = lines
        room -= len(lines)
    fields: list[dict[str, Any]] = []
    for field in message.fields[:MOST_FIELDS]:
        # Discord refuses a field without a name or a value.
        name = fit_line(field.name, LONGEST_TITLE, _escape) or "–"
        value = fit_lines(field.lines, min(LONGEST_FIELD, room - len(name)), _escape) or "–"
        if len(name) + len(value) > room:
            break
        fields.append({"name": name, "value": value, "inline": False})
        room -= len(name) + len(value)
    if fields:
        embed["fields"] = fields
    left = len(message.fields) - len(fields)
    if left:
        footer = f"… and {left} more. {footer}".strip()
    if footer:
        embed["footer"] = {"text": footer}  # printed as it is: a footer has no markup
    if link := web_address(message.link):
        embed["url"] = link
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def _escape(text: str) -> str:
    return _CALL.sub("@\u200b", _MARKUP.sub(r"\\\g<0>", text))
