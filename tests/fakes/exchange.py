"""One call to a fake server, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One call as it came in."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def schema(self) -> dict[str, Any]:
        """What the answer must look like, from `output_config` or from the words of the system prompt."""
        given = self.body.get("output_config", {}).get("format", {}).get("schema")
        if given is not None:
            return dict(given)
        for block in self.body.get("system", []):
            _, found, schema = block["text"].partition("nothing else:\n")
            if found:
                return dict(json.loads(schema))
        return {"type": "object", "properties": {}}

    @property
    def prompt(self) -> str:
        """The first user message as text."""
        content = self.body["messages"][0]["content"]
        return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


@dataclass
class Response:
    """What goes back: a JSON body, raw bytes, or nothing at all where `cut` is set."""

    body: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    raw: bytes | None = None  # instead of a body
    cut_at: int | None = None  # bytes of it, then the line goes dead


Behaviour = Callable[[Request], Response]
