"""A message as Slack's blocks.

Text goes into `plain_text`, where Slack knows no markup; `&`, `<` and `>` are escaped, so that `<!channel>` and
`<https://…|here>` are letters.

Source: https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from typing import Any

from session_insights.notifications.message import Message, fit_line, fit_lines, web_address

MOST_BLOCKS, LONGEST_TEXT, LONGEST_HEADER = 50, 3_000, 150


def render_slack(message: Message) -> dict[str, Any]:
    """The body of a webhook call: within 50 blocks and 3,000 characters a text; nothing unfurls."""
    title = fit_line(message.title, LONGEST_HEADER, _escape)
    # Slack refuses a text without letters.
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(title or "–")}]
    if lines := fit_lines(message.lines, LONGEST_TEXT, _escape):
        blocks.append(_section(lines))
    # Header, lines, what is left out, link and footer stand beside the fields.
    room = MOST_BLOCKS - 5
    for field in message.fields[:room]:
        name = fit_line(field.name, LONGEST_HEADER, _escape) or "–"
        blocks.append(_section(f"{name}\n{fit_lines(field.lines, LONGEST_TEXT - len(name) - 1, _escape)}"))
    if len(message.fields) > room:
        blocks.append(_section(f"… and {len(message.fields) - room} more"))
    if link := web_address(message.link):
        text = f"<{_escape(link)}|{fit_line(message.link_text, LONGEST_HEADER, _escape)}>"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}})
    if footer := fit_line(message.footer, LONGEST_TEXT // 5, _escape):
        blocks.append({"type": "context", "elements": [_plain(footer)]})
    return {"text": title or "–", "blocks": blocks, "unfurl_links": False, "unfurl_media": False, "link_names": False}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _plain(text)}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
