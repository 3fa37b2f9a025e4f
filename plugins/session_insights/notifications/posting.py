"""One message to one webhook. The address is a secret: no error and no log line has it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

import httpx

from session_insights.errors import MaybeDelivered, NotDelivered, SettingsError
from session_insights.notifications.discord import render_discord
from session_insights.notifications.message import Message
from session_insights.notifications.slack import render_slack

# It tells every address that it calls, and ours ends in a token.
logging.getLogger("httpx").setLevel(logging.WARNING)

ChannelName = Literal["slack", "discord"]
RENDERERS: dict[ChannelName, Callable[[Message], dict[str, Any]]] = {"slack": render_slack, "discord": render_discord}
LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True)
class Channel:
    """Where messages go."""

    name: ChannelName
    url: str
    proxy: str | None = None
    timeout_seconds: float = 20

    def __repr__(self) -> str:
        return f"Channel({self.name})"


def check_channel(channel: Channel) -> Channel:
    """The channel, if its address can be one.

    Raises:
        SettingsError: It is no http address.
    """
    parts = urlsplit(channel.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{channel.name}: its webhook is no https address; copy it again from {channel.name}.")
    return channel


def post(
    channel: Channel,
    payload: dict[str, Any],
    *,
    tries: int = 4,
    sleep: Callable[[float], None] = time.sleep,
) -> str | None:
    """Post once; what the channel refused for now is tried again after the pause that it asks for.

    Returns:
        The message's id where the channel gives one (Discord), else None.

    Raises:
        NotDelivered: The message is not there.
        MaybeDelivered: No answer came, so it may be there.
    """
    for attempt in range(1, tries + 1):
        try:
            return _post_once(channel, payload)
        except NotDelivered as error:
            pause = error.retry_after if error.retry_after is not None else min(2.0**attempt, LONGEST_PAUSE_SECONDS)
            if not error.may_try_again or attempt == tries or pause > LONGEST_PAUSE_SECONDS:
                raise
            sleep(pause)
    raise AssertionError("unreachable")


def _post_once(channel: Channel, payload: dict[str, Any]) -> str | None:
    try:
        # No redirect is followed: the token would go along.
        answer = httpx.post(
            _address(channel),
            json=payload,
            timeout=httpx.Timeout(channel.timeout_seconds, connect=10),
            proxy=channel.proxy,
        )
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        raise NotDelivered(f"{channel.name}: cannot be reached: {type(error).__name__}", may_try_again=True) from None
    except httpx.HTTPError as error:
        raise MaybeDelivered(f"{channel.name}: no answer after the message was sent: {type(error).__name__}") from None
    if answer.is_success:
        return _receipt(answer)
    told = f"{channel.name}: answered {answer.status_code}"
    if answer.status_code == 429 or answer.status_code >= 500:
        raise NotDelivered(told, may_try_again=True, retry_after=_retry_after(answer))
    remedy = {401: "the webhook's token is wrong", 403: "the webhook may not post", 404: "the webhook is gone"}
    reason = remedy.get(answer.status_code) or answer.text[:200]
    raise NotDelivered(f"{told}: {reason}; check the connection", may_try_again=False)


def _address(channel: Channel) -> str:
    """Discord says the message's id only when it is asked to wait for it."""
    if channel.name != "discord":
        return channel.url
    parts = urlsplit(channel.url)
    return urlunsplit(parts._replace(query=f"{parts.query}&wait=true".lstrip("&")))


def _receipt(answer: httpx.Response) -> str | None:
    try:
        body = answer.json()
    except json.JSONDecodeError:
        return None
    return str(body["id"]) if isinstance(body, dict) and body.get("id") else None


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds, from the header or from Discord's answer."""
    try:
        body = answer.json()
        told = body.get("retry_after") if isinstance(body, dict) else None
    except json.JSONDecodeError:
        told = None
    try:
        return max(0.0, float(told if told is not None else answer.headers["retry-after"]))
    except (KeyError, ValueError, TypeError):
        return None
