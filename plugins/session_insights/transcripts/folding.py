"""Records of one session, one by one → its messages and entries."""

from __future__ import annotations

import hashlib
import re
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from sys import intern
from typing import Any

from session_insights.records import Category, Entry, EntryKind, ParsedSession
from session_insights.transcripts import people, tools
from session_insights.transcripts.lines import clean
from session_insights.transcripts.redaction import mask_secrets
from session_insights.transcripts.steering import SteeringQueue
from session_insights.transcripts.usage import SYNTHETIC, Usage

LONGEST_GAP_SECONDS = 300
OWN_WORK = "[session-insights]"  # in the first prompt of our own calls through `claude`
_CONVERSATION = frozenset({"user", "assistant", "system", "attachment", "progress"})
_WORKTREE = re.compile(r"[/\\]\.claude[/\\]worktrees[/\\].*$")


@dataclass(slots=True)
class Draft:
    """An entry in the making."""

    record_no: int
    kind: EntryKind
    at: datetime | None
    text: str
    since: datetime | None = None
    is_person: bool | None = False  # None: as the session turns out
    uuid: str | None = None
    message_id: str | None = None
    tool: str | None = None
    given: Any = None
    file_path: str | None = None
    skill: str | None = None
    pr_url: str | None = None
    lines_added: int = 0
    lines_removed: int = 0
    commit_count: int = 0
    active_seconds: float = 0.0


class SessionFold:
    """Takes records in file order; `finish` gives the session."""

    def __init__(self, session_id: str, parent_session_id: str | None, *, entry_characters: int) -> None:
        self.session_id = session_id
        self.parent_session_id = parent_session_id
        self.agent_type: str | None = None
        self._characters = entry_characters
        self._drafts: list[Draft] = []
        self._calls: dict[str, Draft] = {}
        self._usage: dict[str, Usage] = {}
        self._seen: set[int] = set()  # hashes of uuids: a file may have millions
        self._titles: dict[str, str] = {}
        self._facts: dict[str, str] = {}
        self._steering = SteeringQueue()
        self._first_at: datetime | None = None
        self._last_at: datetime | None = None
        self._moments = array("d")  # times of records
        self._places = array("l")  # of the entry that each of them leads to
        self._since: datetime | None = None
        self._prompts_of_people = self._prompts_of_programs = 0
        self._starts_queued = self._looks_interactive = False

    def add(self, record: dict[str, Any], record_no: int) -> None:
        kind = record.get("type")
        if kind == "queue-operation":
            self._starts_queued = self._starts_queued or (record.get("operation") == "dequeue" and not self._drafts)
            self._steering.operate(record, record_no, self._span(record))
            return
        if kind in ("ai-title", "custom-title", "summary"):
            self._keep_title(kind, record)
            return
        if kind == "pr-link" and isinstance(record.get("prUrl"), str):
            self._keep_pull_request(record["prUrl"])
            return
        if kind == "file-history-snapshot" or "thinkingMetadata" in record:
            self._looks_interactive = True
        uuid = record.get("uuid")
        if kind not in _CONVERSATION:
            self._span(record)
            return
        if isinstance(uuid, str):
            known = hash(uuid)
            if known in self._seen:
                return
            self._seen.add(known)
        at = self._clock(record)
        self._keep_facts(record)
        if kind == "assistant":
            self._assistant(record, record_no, at)
        elif kind == "user":
            self._user(record, record_no, at)
        elif kind == "system":
            self._system(record, record_no, at)
        elif kind == "attachment":
            self._steering.attach(record, record_no, at)

    def _assistant(self, record: dict[str, Any], record_no: int, at: datetime | None) -> None:
        message = record.get("message")
        if not isinstance(message, dict):
            return
        content = message.get("content")
        if message.get("model") == SYNTHETIC or record.get("isApiErrorMessage"):
            if record.get("isApiErrorMessage") or record.get("error"):
                self._draft("api_error", record, record_no, at, "\n".join(people.texts_of(content)))
            return
        key = message.get("id") or record.get("requestId") or record.get("uuid") or f"{self.session_id}:{record_no}"
        message_id = intern(str(key))
        usage = self._usage.get(message_id)
        if usage is None:
            usage = self._usage[message_id] = Usage(str(message.get("model") or "unknown"), at, record_no)
        usage.add(message.get("usage"), record_no=record_no, is_final=message.get("stop_reason") is not None)
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for block in blocks if isinstance(blocks, list) else []:
            if not isinstance(block, dict):
                continue
            if block.get("type") == "text" and isinstance(block.get("text"), str) and block["text"].strip():
                self._draft("reply", record, record_no, at, block["text"]).message_id = message_id
            elif block.get("type") == "tool_use":
                self._call(block, record, record_no, at).message_id = message_id

    def _call(self, block: dict[str, Any], record: dict[str, Any], record_no: int, at: datetime | None) -> Draft:
        name = intern(str(block.get("name") or "?")[:200])
        draft = self._draft("tool", record, record_no, at, tools.describe_call(name, block.get("input")))
        draft.tool, draft.given = name, block.get("input")
        draft.skill = tools.skill_of(name, block.get("input"))
        if isinstance(block.get("id"), str):
            self._calls[block["id"]] = draft
        return draft

    def _user(self, record: dict[str, Any], record_no: int, at: datetime | None) -> None:
        message = record.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        results = [
            block
            for block in (content if isinstance(content, list) else [])
            if isinstance(block, dict) and block.get("type") == "tool_result"
        ]
        for block in results:
            self._conclude(block, record)
        if results:
            for text in people.texts_of(content):
                if text.startswith("[Request interrupted by user"):
                    self._interrupt(record, record_no, at, text)
                elif not record.get("isMeta") and not people.is_machine_text(people.peel(text)):
                    self._steering.beside(people.peel(text), record, record_no, at)
            return
        said = people.classify(record, content)
        if said.kind == "interruption":
            self._interrupt(record, record_no, at, said.text)
        elif said.kind == "command":
            self._draft("command", record, record_no, at, f"/{said.command} {said.text}".replace("/! !", "!"), None)
        elif said.kind == "prompt":
            program = people.is_program(record)
            self._prompts_of_programs += program is True
            self._prompts_of_people += program is False
            self._steering.said(said.text)
            self._draft("prompt", record, record_no, at, said.text, None if program is None else not program)
        elif said.text.startswith("Base directory for this skill") and self._drafts:
            last = self._drafts[-1]
            if last.kind == "command":
                last.skill = last.text.split()[0].lstrip("/")

    def _conclude(self, block: dict[str, Any], record: dict[str, Any]) -> None:
        # Calls that wait for their result hold all their arguments: those of a long file are let go.
        draft = self._calls.pop(str(block.get("tool_use_id")), None)
        if draft is None or draft.tool is None:
            return
        outcome = tools.conclude(draft.tool, draft.given, block, record)
        draft.given = None
        draft.kind = outcome.kind
        if outcome.text:
            draft.text = f"{draft.text}\n→ {outcome.text[: self._characters * 4]}"
        draft.file_path, draft.pr_url = outcome.file_path, outcome.pr_url
        draft.lines_added, draft.lines_removed = outcome.lines_added, outcome.lines_removed
        draft.commit_count = outcome.commit_count
        draft.is_person = outcome.kind == "rejection" and not any(
            other.kind == "rejection" and other.is_person and other.message_id == draft.message_id
            for other in self._drafts[-8:]
        )

    def _interrupt(self, record: dict[str, Any], record_no: int, at: datetime | None, text: str) -> None:
        """A marker; with the refusal just before it, it is one human act."""
        last = self._drafts[-1] if self._drafts else None
        if last is not None and last.kind == "rejection":
            if record.get("interruptedMessageId"):
                last.kind = "interruption"  # the call was running
            return
        self._draft("interruption", record, record_no, at, text, is_person=True)

    def _system(self, record: dict[str, Any], record_no: int, at: datetime | None) -> None:
        if record.get("subtype") == "compact_boundary":
            metadata = record.get("compactMetadata")
            trigger = metadata.get("trigger") if isinstance(metadata, dict) else None
            self._draft("compaction", record, record_no, at, f"Conversation compacted ({trigger or 'unknown'})")
        elif record.get("subtype") == "local_command" and isinstance(record.get("content"), str):
            command = people.parse_command(record["content"])
            if command is not None:
                self._draft("command", record, record_no, at, f"/{command.command} {command.text}", None)

    def _draft(
        self,
        kind: EntryKind,
        record: dict[str, Any],
        record_no: int,
        at: datetime | None,
        text: str,
        is_person: bool | None = False,
    ) -> Draft:
        uuid = record.get("uuid")
        text = text[: self._characters * 4]  # more than is kept is not carried along
        draft = Draft(record_no, kind, at, text, is_person=is_person, uuid=uuid if isinstance(uuid, str) else None)
        draft.since, self._since = self._since or at, None
        self._drafts.append(draft)
        return draft

    def _clock(self, record: dict[str, Any]) -> datetime | None:
        """The record's time, as one at which somebody or something worked."""
        at = self._span(record)
        if at is not None:
            self._moments.append(at.timestamp())
            self._places.append(len(self._drafts))
            self._since = at if self._since is None else min(at, self._since)
        return at

    def _spread_active_time(self) -> None:
        """Give each entry the time since the moment before, in order of time; a pause counts up to 5 minutes."""
        if not self._drafts:
            return
        moments, places, last = self._moments, self._places, len(self._drafts) - 1
        for before, after in pairwise(sorted(range(len(moments)), key=moments.__getitem__)):
            draft = self._drafts[min(places[after], last)]
            draft.active_seconds += min(moments[after] - moments[before], LONGEST_GAP_SECONDS)

    def _span(self, record: dict[str, Any]) -> datetime | None:
        """The record's time, which the session's span takes in."""
        at = parse_time(record.get("timestamp"))
        if at is not None:
            self._first_at = at if self._first_at is None else min(at, self._first_at)
            self._last_at = at if self._last_at is None else max(at, self._last_at)
        return at

    def _keep_facts(self, record: dict[str, Any]) -> None:
        for key in ("cwd", "gitBranch", "version", "entrypoint"):
            value = record.get(key)
            if isinstance(value, str) and (key != "cwd" or "cwd" not in self._facts):
                self._facts[key] = value
        forked = record.get("forkedFrom")
        if isinstance(forked, dict) and isinstance(forked.get("sessionId"), str):
            self._facts["forkedFrom"] = forked["sessionId"]

    def _keep_title(self, kind: str, record: dict[str, Any]) -> None:
        text = record.get({"ai-title": "aiTitle", "custom-title": "customTitle", "summary": "summary"}[kind])
        if not isinstance(text, str) or not text.strip():
            return
        if kind == "summary" and hash(str(record.get("leafUuid"))) not in self._seen:
            return  # a summary is also written into other sessions' files
        self._titles[kind] = text

    def _keep_pull_request(self, url: str) -> None:
        if self._drafts and url.startswith("https://") and all(draft.pr_url != url for draft in self._drafts):
            self._drafts[-1].pr_url = url

    def finish(self) -> ParsedSession:
        self._spread_active_time()
        for steering in self._steering.delivered():
            at = next((n for n, d in enumerate(self._drafts) if d.record_no > steering.record_no), len(self._drafts))
            draft = Draft(steering.record_no, "steering", steering.at, steering.text, steering.at, True, steering.uuid)
            self._drafts.insert(at, draft)
        initiated_by = self._initiated_by()
        self._drafts.reverse()  # each is let go as its entry is made
        self._calls.clear()
        entries = tuple(self._entry(n, self._drafts.pop(), initiated_by) for n in range(1, len(self._drafts) + 1))
        digest = hashlib.blake2b(digest_size=16)
        for entry in entries:
            digest.update(f"{entry.kind}\x1f{entry.tool}\x1f{entry.text}\x1e".encode())
        cwd = self._facts.get("cwd")
        return ParsedSession(
            session_id=clean(self.session_id),
            parent_session_id=clean(self.parent_session_id) if self.parent_session_id else None,
            title=self._title(entries),
            cwd=self._line(cwd, 1000),
            project=self._line(project_of(cwd), 200),
            git_branch=self._line(self._facts.get("gitBranch"), 300),
            cli_version=self._line(self._facts.get("version"), 60),
            entrypoint=self._line(self._facts.get("entrypoint"), 60),
            agent_type=self._line(self.agent_type, 120),
            category=self._category(initiated_by, entries),
            initiated_by=initiated_by,
            forked_from=self._line(self._facts.get("forkedFrom"), 200),
            first_record_at=self._first_at,
            last_record_at=self._last_at,
            content_hash=digest.hexdigest(),
            messages=tuple(usage.message(message_id) for message_id, usage in self._usage.items()),
            entries=entries,
        )

    def _entry(self, entry_no: int, draft: Draft, initiated_by: str | None) -> Entry:
        is_person = draft.is_person
        if is_person is None:
            is_person = initiated_by not in ("headless", "sdk", "sub-agent")
        most = self._characters // 4 if draft.tool else self._characters
        return Entry(
            entry_no=entry_no,
            record_no=draft.record_no,
            kind=draft.kind,
            at=draft.at,
            since=draft.since,
            text=shorten(mask_secrets(clean(draft.text[: most * 4])), most),
            is_person=is_person and self.parent_session_id is None,
            uuid=draft.uuid and clean(draft.uuid)[:100],
            message_id=draft.message_id and clean(draft.message_id),
            tool=self._line(draft.tool, 200),
            file_path=self._line(draft.file_path, 1000),
            skill=self._line(draft.skill, 100),
            pr_url=self._line(draft.pr_url, 500),
            lines_added=draft.lines_added,
            lines_removed=draft.lines_removed,
            commit_count=draft.commit_count,
            active_seconds=round(draft.active_seconds, 3),
        )

    def _initiated_by(self) -> str | None:
        """Source: transcript-format §7 and §10.8; None when the format does not say."""
        entrypoint = self._facts.get("entrypoint", "")
        if self.parent_session_id is not None:
            return "sub-agent"
        if self._prompts_of_people:
            return "user-interactive"
        if entrypoint == "sdk-cli" or (not entrypoint and self._starts_queued):
            return "headless"
        if self._prompts_of_programs or entrypoint.startswith("sdk-"):
            return "sdk"
        return "user-interactive" if entrypoint or self._looks_interactive else None

    def _category(self, initiated_by: str | None, entries: tuple[Entry, ...]) -> Category:
        prompts = [entry.text for entry in entries if entry.kind == "prompt"]
        if self.parent_session_id is not None:
            return "warmup" if prompts == ["Warmup"] else "subagent"
        if prompts and prompts[0].startswith(OWN_WORK):
            return "plumbing"
        if not self._usage and not any(entry.kind == "api_error" for entry in entries):
            return "stub"
        return "automated" if initiated_by in ("headless", "sdk") else "human"

    def _title(self, entries: tuple[Entry, ...]) -> str | None:
        for kind in ("custom-title", "ai-title", "summary"):
            if kind in self._titles:
                return self._line(self._titles[kind], 200)
        first = next((entry.text for entry in entries if entry.kind == "prompt"), None)
        return self._line(first, 80)

    def _line(self, text: str | None, most: int) -> str | None:
        """One clean, masked line, or None."""
        if text is None:
            return None
        return shorten(" ".join(mask_secrets(clean(text[: most * 4])).split()), most) or None


def parse_time(value: Any) -> datetime | None:
    """An ISO time in UTC; None for what is no time or not of this century."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at if 2000 <= at.year < 2100 else None


def shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 2].rstrip() + " …"


def project_of(cwd: str | None) -> str | None:
    """The last folder of the path; a worktree belongs to its repository."""
    if not cwd:
        return None
    parts = [part for part in re.split(r"[/\\]", _WORKTREE.sub("", cwd)) if part]
    return parts[-1] if parts else cwd
