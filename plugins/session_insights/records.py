"""What rooms hand to each other: frozen records, one a table row or one step of its making."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

# What an entry can be. `tool` is a call that worked; the three after it are calls that did not.
EntryKind = Literal[
    "prompt",  # somebody, or a program, asked
    "steering",  # a person spoke while Claude worked
    "command",  # a slash command or a `!` line
    "reply",  # Claude spoke
    "tool",
    "tool_error",
    "rejection",  # a person refused a call
    "denial",  # a setting or a hook refused a call
    "interruption",  # a person stopped Claude
    "compaction",
    "api_error",
]
# Starts the prompt of our own calls through the `claude` command, which are no sessions of anybody.
OWN_WORK = "[session-insights]"
Category = Literal["human", "automated", "subagent", "warmup", "stub", "plumbing"]


@dataclass(frozen=True)
class TranscriptFile:
    """One file on one machine, as `stat` saw it; what it is called says what it is."""

    machine: str
    path: str
    size_bytes: int
    mtime_ns: int
    session_id: str | None  # of a main file; a sub-agent's is `<parent>/agent-<id>`
    parent_session_id: str | None  # None also for a flat `agent-<id>.jsonl`: its records name the parent
    agent_id: str | None


@dataclass(frozen=True)
class BadLine:
    """A stretch of a file that could not be used."""

    offset: int  # bytes from the start of the file
    size_bytes: int
    reason: str


@dataclass(frozen=True, slots=True)
class Message:
    """One API message as one session's file has it; copies of history have it too."""

    message_id: str
    at: datetime | None
    last_record_no: int
    model: str
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    is_final: bool  # a stop_reason was seen; otherwise output_tokens is a lower bound
    cost_usd: float | None  # None: the model has no list price


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing said or done, in file order; text is redacted and capped."""

    entry_no: int  # from 1
    record_no: int  # position of its record in the file, from 1
    kind: EntryKind
    at: datetime | None
    since: datetime | None  # the first record after the entry before
    text: str
    is_person: bool = False  # a human act
    uuid: str | None = None
    message_id: str | None = None
    tool: str | None = None
    file_path: str | None = None
    skill: str | None = None
    pr_url: str | None = None
    lines_added: int = 0
    lines_removed: int = 0
    commit_count: int = 0
    active_seconds: float = 0.0  # since the record before, gaps cut at 5 minutes


@dataclass(frozen=True)
class PackedRows:
    """Messages and entries of a session as `copy` takes them: small, and made where the file was read."""

    message_ids: tuple[str, ...]
    messages: tuple[bytes, ...]  # a line each, without its end, in the order of `message_ids`
    entries: tuple[bytes, ...]  # whole lines, many in a piece
    entry_count: int


@dataclass(frozen=True)
class ParsedSession:
    """What one file says of one session, before it is known which part of it is copied history."""

    session_id: str
    parent_session_id: str | None
    title: str | None
    cwd: str | None
    project: str | None
    git_branch: str | None
    cli_version: str | None
    entrypoint: str | None
    agent_type: str | None
    category: Category
    initiated_by: str | None  # user-interactive, headless, sdk, sub-agent
    forked_from: str | None  # as the records say; old copies do not
    first_record_at: datetime | None
    last_record_at: datetime | None
    content_hash: str
    messages: tuple[Message, ...]
    entries: tuple[Entry, ...]
    packed: PackedRows | None = None  # instead of the two above, which are empty then


@dataclass(frozen=True)
class ParsedFile:
    """Everything that one file gives."""

    file: TranscriptFile
    read_bytes: int  # up to the last complete line
    digest: str  # of those bytes
    record_counts: dict[str, int]
    bad_lines: tuple[BadLine, ...]
    sessions: tuple[ParsedSession, ...]


@dataclass(frozen=True)
class StoredEntry:
    """An entry as a reader of facets and a page see it."""

    entry_no: int
    kind: EntryKind
    at: datetime | None
    text: str
    is_person: bool
    tool: str | None
    file_path: str | None
    skill: str | None


@dataclass(frozen=True)
class SessionForReading:
    """A session with its own entries: what a facet reader gets. Copied history is left out."""

    session_id: str
    title: str | None
    project: str | None
    cwd: str | None
    initiated_by: str | None
    resumed_from: str | None
    started_at: datetime
    ended_at: datetime
    active_minutes: float
    human_prompt_count: int
    message_count: int
    tools_used: dict[str, int]
    files_touched: dict[str, int]
    content_hash: str
    entries: tuple[StoredEntry, ...]


@dataclass(frozen=True)
class Facet:
    """One row of `session_facets`, without its bookkeeping; None is unknown."""

    session_id: str
    underlying_goal: str | None = None
    goal_categories: dict[str, int] | None = None
    outcome: str | None = None
    user_satisfaction_counts: dict[str, int] | None = None
    claude_helpfulness: str | None = None
    session_type: str | None = None
    friction_counts: dict[str, int] | None = None
    friction_detail: str | None = None
    primary_success: str | None = None
    brief_summary: str | None = None
    projects: list[str] | None = None
    businesses: list[str] | None = None  # the first one owns the session's time
    priority_alignment: str | None = None
    priority_matched: str | None = None
    workflow_type: str | None = None
    initiated_by: str | None = None
    completion_chain: dict[str, int] | None = None
    skills_used: list[str] | None = None
    skills_missed: list[str] | None = None
    course_corrections: int | None = None
    retry_loops: int | None = None
    pivot_trigger: str | None = None
    mcp_failures: int | None = None
    session_cut_short: bool | None = None
    resumed_from: str | None = None
    people_mentioned: list[str] | None = None
    relationship_actions: list[dict[str, str]] | None = None
    outreach_type: str | None = None
    estimated_time_saved_minutes: int | None = None
    artifacts_created: int | None = None
    knowledge_filed: int | None = None
    decisions_made: int | None = None
    evidence: dict[str, list[int]] = field(default_factory=dict)  # facet → entry numbers


@dataclass(frozen=True)
class Reading:
    """One attempt at one session: the facet, or why there is none, and what it cost."""

    session_id: str
    state: Literal["ok", "failed", "refused", "skipped", "dry_run"]
    reader: str  # claude, batch, cli or offline
    model: str  # `offline`, or the model that answered
    prompt_version: int
    prompt_hash: str
    content_hash: str
    facet: Facet | None = None
    error: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float | None = 0.0
    duration_seconds: float = 0.0
    estimated_tokens: int | None = None  # of the request, before it was sent; None: nobody was to be asked
    estimated_cost_usd: float | None = None  # of one try; None too where the model has no list price


# Rows of one aggregate as its SQL file returns them; columns are in docs/figures.md.
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Figures:
    """All aggregates of a window beside those of the window before."""

    current: dict[str, Rows]
    previous: dict[str, Rows]
