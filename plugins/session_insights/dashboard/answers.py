"""What the JSON API answers, as models: their words are its documentation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from session_insights.records import Facet


class Problem(BaseModel):
    """Why there is no answer."""

    detail: str


class SessionLine(BaseModel):
    """A session in a list. Null is unknown. Minutes and cost are those within `since` and `until`."""

    session_id: str
    title: str | None
    project: str | None
    machine: str
    category: str
    last_spoken_at: datetime | None
    active_minutes: float
    cost_usd: float | None = Field(description="At list price, with sub-agents; null where no message has a price.")
    human_prompt_count: int
    is_read: bool
    has_failed: bool = Field(description="Not read, and a try to read it failed.")
    business: str | None
    outcome: str | None
    course_corrections: int | None
    brief_summary: str | None


class SessionPage(BaseModel):
    """One page of a list; `next` is `after` of the page behind it, null on the last one.

    `total_count` is null where there are more than 10,000, which nobody counts.
    """

    sessions: list[SessionLine]
    total_count: int | None
    next: str | None


class ReadFacet(BaseModel):
    """What a reader, or a person, says of a session, and who read it."""

    values: Facet
    reader: str
    model: str
    prompt_version: int
    is_current: bool = Field(description="The session has not changed since it was read.")
    corrected: list[str] = Field(description="Facets whose value is a person's.")


class Session(BaseModel):
    """A session with its facet. Counts are of its own work: copied history and sub-agents are not in."""

    session_id: str
    parent_session_id: str | None
    title: str | None
    project: str | None
    git_branch: str | None
    machine: str
    category: str
    initiated_by: str | None
    started_at: datetime | None
    ended_at: datetime | None
    active_minutes: float
    message_count: int
    human_prompt_count: int
    entry_count: int
    entries_deleted_at: datetime | None = Field(
        description="When the text of its old entries was deleted (`SESSION_INSIGHTS_ENTRY_DAYS`); they are counted "
        "still. Null: all is kept."
    )
    tools_used: dict[str, int]
    tool_error_count: int
    rejection_count: int
    interruption_count: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: float | None
    facet: ReadFacet | None


class FacetValue(BaseModel):
    """One value of one facet; null is unknown."""

    facet: str
    value: str | None
    session_count: int


class FacetStats(BaseModel):
    """How often each value stands in the sessions read; at most 1,000 of them. Days are local, both included."""

    since: date
    until: date
    values: list[FacetValue]


class FigureSet(BaseModel):
    """Aggregates by name, as `docs/figures.md` describes their columns. Days are local, both included."""

    since: date
    until: date
    figures: dict[str, list[dict[str, Any]]]


class Snapshot(BaseModel):
    """A report that was made. Days are local, both included."""

    snapshot_id: int
    period_type: str
    since: date
    until: date
    is_written: bool
    session_count: int | None
    read_count: int | None
    updated_at: datetime


class SnapshotPage(BaseModel):
    """Reports, newest days first; `next` is `after` of the page behind it."""

    snapshots: list[Snapshot]
    next: str | None


class KeptSnapshot(BaseModel):
    """A report with all its figures and its text."""

    snapshot_id: int
    period_type: str
    since: date
    until: date
    figures: dict[str, Any]
    narrative: dict[str, Any] | None
    updated_at: datetime
