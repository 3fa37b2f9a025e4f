"""Prompts live in `include/prompts`: a YAML head, a fixed part, then the part that changes with every request."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from session_insights.errors import SettingsError
from session_insights.settings import find_include_dir, load_settings

_PLACEHOLDER = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
# A block for untrusted text: its tag, the placeholder and the closing tag, a line each.
_BLOCK = re.compile(r"^<([a-z_]+)>\n\{\{\s*([a-z_]+)\s*\}\}\n</\1>$", re.MULTILINE)

_ANGLES = "<＜﹤〈〈⟨❮❬˂ᐸ"
_HIDDEN = (
    *(0x00AD, 0x061C, 0x180E, 0xFEFF),
    *range(0x200B, 0x200D),  # not the joiner that makes one emoji of two
    *(0x200E, 0x200F),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xE0000, 0xE0200),
)
_HARMLESS: dict[int, str | None] = {ord(angle): "‹" for angle in _ANGLES} | dict.fromkeys(_HIDDEN)


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=1)
    purpose: str
    answer: str
    max_tokens: int = Field(ge=100, le=64_000)
    variables: dict[str, Literal["fixed", "untrusted"]]


@dataclass(frozen=True)
class RenderedPrompt:
    """What is sent: `static` is the same for many requests (and cached), `untrusted` is this one's."""

    name: str
    version: int
    sha256: str  # of the file and of everything fixed: the same hash asks the same question
    max_tokens: int
    static: str
    untrusted: str  # blocks of untrusted text, and after them the instructions on how to treat them

    @property
    def estimated_tokens(self) -> int:
        """At 4 characters a token."""
        return (len(self.static) + len(self.untrusted)) // 4


@dataclass(frozen=True)
class Prompt:
    """One file, not yet filled in."""

    name: str
    version: int
    purpose: str
    answer: str  # the typed answer, as module.Class
    max_tokens: int
    variables: dict[str, Literal["fixed", "untrusted"]]
    fixed_text: str
    changing_text: str

    def render(self, **values: str) -> RenderedPrompt:
        """Fill in the variables.

        Untrusted text is made harmless first (`defuse`): it cannot close its block. Values are put in once, so that a
        placeholder inside a value stays as it is.

        Raises:
            SettingsError: A variable is missing, or the prompt has none of that name.
        """
        for name in sorted(set(self.variables) ^ set(values)):
            what = "needs a value for" if name in self.variables else "has no variable"
            raise SettingsError(f"Prompt {self.name} {what} '{name}'; see its head in include/prompts/{self.name}.md.")
        ready = {name: defuse(text) if self.variables[name] == "untrusted" else text for name, text in values.items()}

        def fill(text: str) -> str:
            return _PLACEHOLDER.sub(lambda found: ready[found[1]], text)

        static = fill(self.fixed_text)
        whole = "\0".join([str(self.version), self.fixed_text, self.changing_text, static])
        return RenderedPrompt(
            name=self.name,
            version=self.version,
            sha256=hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest(),
            max_tokens=self.max_tokens,
            static=static,
            untrusted=fill(self.changing_text),
        )


def defuse(text: str) -> str:
    """Untrusted text in which no tag of ours can be opened or closed, and nothing is hidden from a person's eye.

    Each `<`, and what looks like one, becomes `‹`, which reads the same. Characters that show nothing go: invisible
    tags and selectors (which models read as letters), marks that turn the direction of writing, spaces of no width.
    """
    return text.translate(_HARMLESS)


def load_prompt(name: str, *, folder: Path | None = None) -> Prompt:
    """Read `include/prompts/<name>.md`.

    Raises:
        SettingsError: Not there, or its head, blocks and placeholders do not fit together.
    """
    path = (folder or find_include_dir(load_settings()) / "prompts") / f"{name}.md"
    try:
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise SettingsError(f"Prompt {path}: {error.strerror}; see SESSION_INSIGHTS_INCLUDE_DIR.") from None
    parts = re.split(r"^---$\n?", text, maxsplit=3, flags=re.MULTILINE)
    if len(parts) != 4 or parts[0].strip():
        raise SettingsError(f"Prompt {path}: expected '---', head, '---', fixed part, '---', changing part.")
    try:
        head = _Head.model_validate(yaml.safe_load(parts[1]))
    except (yaml.YAMLError, ValidationError) as error:
        raise SettingsError(f"Prompt {path}: wrong head: {error}") from None
    fixed, changing = parts[2].strip(), parts[3].strip()
    _check(path, head, fixed, changing)
    return Prompt(name, head.version, head.purpose, head.answer, head.max_tokens, head.variables, fixed, changing)


def _check(path: Path, head: _Head, fixed: str, changing: str) -> None:
    used = set(_PLACEHOLDER.findall(fixed)) | set(_PLACEHOLDER.findall(changing))
    if used != set(head.variables):
        wrong = ", ".join(sorted(used ^ set(head.variables)))
        raise SettingsError(f"Prompt {path}: head and text name different variables: {wrong}")
    if any(head.variables[name] == "untrusted" for name in _PLACEHOLDER.findall(fixed)):
        raise SettingsError(f"Prompt {path}: untrusted text stands in the fixed part")
    blocks = list(_BLOCK.finditer(changing))
    untrusted = sorted(name for name in _PLACEHOLDER.findall(changing) if head.variables[name] == "untrusted")
    if sorted(block[2] for block in blocks) != untrusted:
        raise SettingsError(f"Prompt {path}: untrusted text stands outside a block of its own: <tag>, it, </tag>")
    if blocks and not changing[blocks[-1].end() :].strip():
        raise SettingsError(f"Prompt {path}: nothing after the last block says how to treat it")
