"""Drafts → entries: clean, masked, capped; and what all of them together say."""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import lru_cache

from session_insights.records import Entry, EntryKind
from session_insights.transcripts.drafts import Draft, shorten
from session_insights.transcripts.identity import PROGRAMS
from session_insights.transcripts.lines import clean
from session_insights.transcripts.redaction import mask_secrets


class Story:
    """What all entries together say."""

    def __init__(self) -> None:
        self.digest = hashlib.blake2b(digest_size=16)
        self.kinds: Counter[EntryKind] = Counter()
        self.first_prompt: str | None = None

    def add(self, entry: Entry) -> None:
        self.digest.update(f"{entry.kind}\x1f{entry.tool}\x1f{entry.text}\x1e".encode())
        self.kinds[entry.kind] += 1
        if entry.kind == "prompt" and self.first_prompt is None:
            self.first_prompt = entry.text


def make_entry(
    draft: Draft,
    *,
    entry_no: int,
    active_seconds: float,
    pr_url: str | None,
    initiated_by: str | None,
    is_subagent: bool,
    characters: int,
) -> Entry:
    """An entry as it is stored; a call gets a quarter of `characters`."""
    kind, is_person = draft.kind, draft.is_person
    if is_person is None:
        is_person = initiated_by not in PROGRAMS
        kind = "denial" if kind == "rejection" and initiated_by in ("headless", "sdk") else kind
    most = characters // 4 if draft.tool else characters
    return Entry(
        entry_no=entry_no,
        record_no=draft.record_no,
        kind=kind,
        at=draft.at,
        since=draft.since,
        text=shorten(mask_secrets(clean(draft.text[: most * 4])), most),
        is_person=is_person and not is_subagent,
        uuid=draft.uuid and clean(draft.uuid)[:100],
        message_id=draft.message_id and clean(draft.message_id),
        tool=one_line(draft.tool, 200),
        file_path=one_line(draft.file_path, 1000),
        skill=one_line(draft.skill, 100),
        pr_url=one_line(pr_url, 500),
        lines_added=draft.lines_added,
        lines_removed=draft.lines_removed,
        commit_count=draft.commit_count,
        active_seconds=round(active_seconds, 3),
    )


def one_line(text: str | None, most: int) -> str | None:
    """One clean, masked line, or None."""
    if text is None:
        return None
    return shorten(_masked_line(text[: most * 4]), most) or None


@lru_cache(maxsize=512)  # a session says the same names and paths again and again
def _masked_line(text: str) -> str:
    return " ".join(mask_secrets(clean(text)).split())
