"""Records of one session, one by one → its messages and entries."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from sys import intern
from typing import Any

from session_insights.records import Entry, EntryKind, ParsedSession
from session_insights.store.packing import pack_rows
from session_insights.transcripts import people, tools
from session_insights.transcripts.drafts import Clock, Draft, Drafts
from session_insights.transcripts.entries import Story, make_entry, one_line
from session_insights.transcripts.hashes import SeenIds
from session_insights.transcripts.identity import Identity
from session_insights.transcripts.lines import clean
from session_insights.transcripts.steering import SteeringQueue
from session_insights.transcripts.titles import Titles
from session_insights.transcripts.usage import SYNTHETIC, Usages

# Calls without a result that one is waited for; the oldest is let go, so that memory stays bounded.
_MOST_CALLS = 20_000
_CONVERSATION = frozenset({"user", "assistant", "system", "attachment", "progress"})


class SessionFold:
    """Takes records in file order; `finish` gives the session."""

    def __init__(self, session_id: str, parent_session_id: str | None, *, entry_characters: int) -> None:
        self.session_id = session_id
        self.parent_session_id = parent_session_id
        self.agent_type: str | None = None
        self._characters = entry_characters
        self._drafts = Drafts()
        self._calls: OrderedDict[str, Draft] = OrderedDict()  # a dict is slow to find its first key again and again
        self._usages = Usages()
        self._seen = SeenIds()  # uuids
        self._titles = Titles()
        self._identity = Identity(session_id, parent_session_id)
        self._refused: Draft | None = None  # by a person, in the message before
        self._pull_requests: dict[str, int] = {}  # url → place of the entry that follows
        self._linked: dict[int, str] = {}  # place of an entry → its url
        self._steering = SteeringQueue()
        self._clock = Clock()

    def add(self, record: dict[str, Any], record_no: int) -> None:
        kind = record.get("type")
        if kind == "queue-operation":
            dequeues = record.get("operation") == "dequeue"
            self._identity.starts_queued = self._identity.starts_queued or (dequeues and not self._drafts)
            self._steering.operate(record, record_no, self._clock.span(record))
            return
        if self._titles.keep(record):
            return
        if kind == "pr-link" and isinstance(record.get("prUrl"), str):
            self._pull_requests.setdefault(record["prUrl"], len(self._drafts))
            return
        self._identity.observe(record)
        uuid = record.get("uuid")
        if not isinstance(kind, str) or kind not in _CONVERSATION:
            self._clock.span(record)
            return
        if isinstance(uuid, str) and not self._seen.add(uuid):
            return
        at = self._clock.work(record, len(self._drafts))
        self._identity.keep(record)
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
        keys = (message.get("id"), record.get("requestId"), record.get("uuid"), f"{self.session_id}:{record_no}")
        message_id = intern(next(key for key in keys if isinstance(key, str) and key)[:200])
        if self._refused is not None and self._refused.message_id != message_id:
            self._refused = None
        usage = self._usages.of(message_id, message.get("model"), at, record_no)
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
        name = block.get("name")
        name = intern(name[:200]) if isinstance(name, str) and name else "?"
        draft = self._draft("tool", record, record_no, at, tools.describe_call(name, block.get("input")))
        draft.tool = name
        draft.skill = tools.skill_of(name, block.get("input"))
        if isinstance(block.get("id"), str):
            self._calls.pop(block["id"], None)  # so that the first of them is the first in the file
            self._calls[block["id"]] = draft
            draft.given, draft.is_open = tools.needed_arguments(block.get("input")), True
            if len(self._calls) > _MOST_CALLS:
                self._drafts.close(self._calls.popitem(last=False)[1])
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
        if said.kind in ("prompt", "command"):
            self._refused = None
        if said.kind == "interruption":
            self._interrupt(record, record_no, at, said.text)
        elif said.kind == "command":
            self._draft("command", record, record_no, at, f"/{said.command} {said.text}".replace("/! !", "!"), None)
        elif said.kind == "prompt":
            program = people.is_program(record)
            self._identity.count_prompt(program)
            self._steering.said(said.text, record_no)
            self._draft("prompt", record, record_no, at, said.text, None if program is None else not program)
        elif said.text.startswith("Base directory for this skill"):
            last = self._drafts.last
            if last is not None and last.kind == "command":
                last.skill = last.text.split()[0].lstrip("/")

    def _conclude(self, block: dict[str, Any], record: dict[str, Any]) -> None:
        call = block.get("tool_use_id")
        draft = self._calls.pop(call, None) if isinstance(call, str) else None
        if draft is None or draft.tool is None:
            return
        outcome = tools.conclude(draft.tool, draft.given, block, record)
        draft.given, draft.is_open = None, False
        draft.kind = outcome.kind
        if outcome.text:
            draft.text = f"{draft.text}\n→ {outcome.text[: self._characters * 4]}"
        draft.file_path = outcome.file_path
        if outcome.pr_url is not None:
            self._linked[draft.place] = outcome.pr_url
        draft.lines_added, draft.lines_removed = outcome.lines_added, outcome.lines_removed
        draft.commit_count = outcome.commit_count
        if outcome.kind in ("rejection", "interruption"):
            self._refuse(draft, people.is_program(record))

    def _refuse(self, draft: Draft, program: bool | None) -> None:
        """A person's refusal of parallel calls is one act; a program refuses as a setting does."""
        draft.is_person = None if program is None else not program
        if program:
            draft.kind = "denial" if draft.kind == "rejection" else draft.kind
        elif self._refused is None or self._refused.message_id != draft.message_id:
            self._refused = draft
            draft.is_open = True
        else:
            draft.kind, draft.is_person = "rejection", False

    def _interrupt(self, record: dict[str, Any], record_no: int, at: datetime | None, text: str) -> None:
        """A marker; with the refusal just before it, it is one human act."""
        if self._refused is None:
            self._draft("interruption", record, record_no, at, text, is_person=True)
            return
        self._refused.is_confirmed = True
        if record.get("interruptedMessageId"):
            self._refused.kind = "interruption"  # the call was running

    def _accept_plan(self) -> None:
        """Source: transcript-format §10.2 and docs/decisions/0006-what-one-file-can-prove.md."""
        last = self._refused
        if last is not None and last.tool == "ExitPlanMode" and last.is_confirmed and "\n→ " not in last.text:
            last.kind, last.is_person = "tool", False

    def _system(self, record: dict[str, Any], record_no: int, at: datetime | None) -> None:
        if record.get("subtype") == "compact_boundary":
            metadata = record.get("compactMetadata")
            trigger = metadata.get("trigger") if isinstance(metadata, dict) else None
            self._draft("compaction", record, record_no, at, f"Conversation compacted ({trigger or 'unknown'})")
        elif record.get("subtype") == "local_command":
            command, has_run = people.local_command(record)
            last = self._drafts.last
            if has_run and last is not None and last.kind == "command" and not last.is_confirmed:
                last.is_confirmed = True  # the output of the command before
            elif command is not None:
                text = f"/{command.command} {command.text}".rstrip()
                self._draft("command", record, record_no, at, text, None).is_confirmed = has_run

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
        draft.since = self._clock.take_since() or at
        self._drafts.append(draft)
        return draft

    def _place_pull_requests(self) -> None:
        """Each link once, on the entry before it; entries that have one already give way."""
        count = len(self._drafts)
        for url, place in self._pull_requests.items():
            if not url.startswith("https://") or url in self._linked.values():
                continue
            nearest = chain(range(place - 1, -1, -1), range(place, count))
            free = next((n for n in nearest if n not in self._linked), None)
            if free is not None:
                self._linked[free] = url

    def _complete_drafts(self) -> Iterator[Draft]:
        """All of them in file order, with what was said in between."""
        said = self._steering.delivered()
        if not any(self._refused is not None and steering.record_no > self._refused.record_no for steering in said):
            self._accept_plan()
        waiting = deque(
            Draft(each.record_no, each.kind, each.at, each.text, since=each.at, is_person=True, uuid=each.uuid)
            for each in said
        )
        for draft in self._drafts:
            while waiting and waiting[0].record_no < draft.record_no:
                yield waiting.popleft()
            yield draft
        yield from waiting

    def _entries(self, initiated_by: str | None, story: Story) -> Iterator[Entry]:
        active = self._clock.active_seconds(len(self._drafts))
        self._place_pull_requests()
        for entry_no, draft in enumerate(self._complete_drafts(), 1):
            seconds = active[draft.place] if draft.place >= 0 else 0.0
            entry = make_entry(
                draft,
                entry_no=entry_no,
                active_seconds=seconds,
                pr_url=self._linked.get(draft.place),
                initiated_by=initiated_by,
                is_subagent=self.parent_session_id is not None,
                characters=self._characters,
            )
            story.add(entry)
            yield entry

    def finish(self, *, is_packed: bool = False) -> ParsedSession:
        """The session; its rows packed one by one as they are made, or as records."""
        initiated_by, title = self._identity.initiated_by, self._titles.choose(self._seen)
        self._calls.clear()
        self._seen = SeenIds()  # their memory is for what follows
        story = Story()
        session_id, messages = clean(self.session_id), self._usages.messages()
        entries = self._entries(initiated_by, story)
        packed = pack_rows(session_id, messages, entries) if is_packed else None
        rows = ((), ()) if is_packed else (tuple(messages), tuple(entries))
        fact = self._identity.get
        return ParsedSession(
            session_id=session_id,
            parent_session_id=clean(self.parent_session_id) if self.parent_session_id else None,
            title=one_line(title, 200) if title is not None else one_line(story.first_prompt, 80),
            cwd=one_line(fact("cwd"), 1000),
            project=one_line(self._identity.project, 200),
            git_branch=one_line(fact("gitBranch"), 300),
            cli_version=one_line(fact("version"), 60),
            entrypoint=one_line(fact("entrypoint"), 60),
            agent_type=one_line(self.agent_type, 120),
            category=self._identity.category(story.first_prompt, story.kinds, has_messages=bool(self._usages)),
            initiated_by=initiated_by,
            forked_from=one_line(fact("forkedFrom"), 200),
            first_record_at=self._clock.first_at,
            last_record_at=self._clock.last_at,
            content_hash=story.digest.hexdigest(),
            messages=rows[0],
            entries=rows[1],
            packed=packed,
        )
