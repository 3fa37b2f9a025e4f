"""Which sessions a list shows: every figure's own sessions can be said as a query."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from session_insights.errors import SettingsError
from session_insights.windows import parse_day

Sort = Literal["last_spoken", "active_minutes", "cost_usd", "course_corrections"]
Outcome = Literal[
    "fully_achieved",
    "mostly_achieved",
    "partially_achieved",
    "not_achieved",
    "unclear_from_transcript",
    "reached",  # fully or mostly
    "judged",  # all but unclear
    "unknown",  # unclear, or not read
]
Has = Literal[
    "corrections",
    "retry_loops",
    "mcp_failures",
    "cut_short",
    "time_saved",
    "artifacts",
    "decisions",
    "knowledge",
    "tool_errors",
    "rejections",
]
Text = Annotated[str, Field(max_length=200)]


class Filters(BaseModel):
    """The query of a session list; what is left out, or empty, does not filter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: date | None = Field(None, description="First local day on which the session was worked in.")
    until: date | None = Field(None, description="Last such day, included.")
    category: Literal["human", "automated", "all"] = Field(
        "human", description="human: the sessions that figures count."
    )
    business: Text | None = Field(None, description="The first business of the session, or unknown.")
    project: Text | None = Field(None, description="Its project, or unknown.")
    machine: Text | None = None
    initiated_by: Text | None = None
    outcome: Outcome | None = None
    alignment: Literal["aligned", "supportive", "neutral", "drift", "unknown"] | None = None
    priority: Text | None = Field(None, description="The priority it served, none, or any.")
    workflow: Text | None = None
    friction: Text | None = Field(None, description="A kind of friction, retry_loops, connector:<server>, or any.")
    person: Text | None = Field(None, description="A name as it is listed, or any.")
    skill: Text | None = Field(None, description="A skill that was used.")
    skill_missed: Text | None = Field(None, description="A skill that was passed over.")
    tool: Text | None = Field(None, description="A tool that it called within its days, by its whole name.")
    has: Has | None = Field(None, description="At least one of these.")
    reading: Literal["read", "unread", "failed"] | None = None
    q: Text | None = Field(None, description="Words; quotes for a phrase, - for a word that must not be there.")
    sort: Sort = "last_spoken"
    after: Annotated[str, Field(max_length=400)] | None = Field(None, description="`next` of the page before.")
    limit: int = Field(25, ge=1, le=100)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_left_out(cls, data: Any) -> Any:
        return {name: value for name, value in data.items() if value != ""} if isinstance(data, dict) else data

    @field_validator("since", "until", mode="before")
    @classmethod
    def _days(cls, value: Any, info: Any) -> date | None:
        try:
            return parse_day(value, info.field_name)
        except SettingsError as error:
            raise ValueError(str(error)) from None

    @field_validator("*", mode="after")
    @classmethod
    def _no_nul(cls, value: Any) -> Any:
        # Postgres has no such character.
        return value.replace("\0", "") if isinstance(value, str) else value

    @field_validator("after")
    @classmethod
    def _place_is_ours(cls, value: str | None) -> str | None:
        if value is not None:
            _split_place(value)
        return value

    @model_validator(mode="after")
    def _days_are_in_order(self) -> Filters:
        if self.since and self.until and self.until < self.since:
            raise ValueError(f"since {self.since} is after until {self.until}")
        return self

    @property
    def place(self) -> tuple[float | None, str | None]:
        """Where the page before ended."""
        return _split_place(self.after) if self.after is not None else (None, None)

    @property
    def has_details(self) -> bool:
        """Whether something is chosen beyond words, outcome, business and order."""
        return bool(
            self.model_dump(exclude_defaults=True, exclude={"q", "outcome", "business", "sort", "after", "limit"})
        )

    def link(self, **changes: Any) -> str:
        """The query of this list with something changed: `?since=…`; a change starts at the first page."""
        said = self.model_dump(mode="json", exclude_defaults=True) | {"after": None} | changes
        return "?" + urlencode({name: value for name, value in said.items() if value is not None})


def parse_filters(query: dict[str, str]) -> Filters:
    """A query as a person may have typed it.

    Raises:
        SettingsError: Names the filter, what is wrong and what can stand there.
    """
    try:
        return Filters.model_validate(query)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise SettingsError(f"{name}: no such filter; there are {', '.join(Filters.model_fields)}.") from None
        message = first["msg"].removeprefix("Value error, ")
        raise SettingsError(message if message.startswith(name) else f"{name}: {message}.") from None


def make_place(sort_value: float, session_id: str) -> str:
    """What `after` of the next page is."""
    return f"{sort_value!r}~{session_id}"


def _split_place(text: str) -> tuple[float, str]:
    value, mark, session_id = text.partition("~")
    try:
        number = float(value)
    except ValueError:
        mark = ""
    if not mark:
        raise ValueError("after: not a place in a list; take the address that a page links to")
    return number, session_id


OUTCOMES: tuple[str, ...] = get_args(Outcome)
SORTS: tuple[str, ...] = get_args(Sort)
