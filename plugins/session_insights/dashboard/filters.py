"""Which sessions a list shows: every figure's own sessions can be said as a query."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, TypeVar, get_args
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
Value = TypeVar("Value")


def _say_may_be_empty(schema: dict[str, Any]) -> None:
    schema["anyOf"].append({"const": ""})


# A form sends every field that it has: what is empty is left out.
MayBeEmpty = Annotated[Value | None, Field(json_schema_extra=_say_may_be_empty)]


class Filters(BaseModel):
    """The query of a session list; a filter that is left out, or empty, does not filter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: MayBeEmpty[date] = Field(None, description="First local day on which the session was worked in.")
    until: MayBeEmpty[date] = Field(None, description="Last such day, included.")
    category: Literal["human", "automated", "all"] = Field(
        "human", description="human: the sessions that figures count."
    )
    business: MayBeEmpty[Text] = Field(None, description="The first business of the session, or unknown.")
    project: MayBeEmpty[Text] = Field(None, description="Its project, or unknown.")
    machine: MayBeEmpty[Text] = None
    initiated_by: MayBeEmpty[Text] = None
    outcome: MayBeEmpty[Outcome] = None
    alignment: MayBeEmpty[Literal["aligned", "supportive", "neutral", "drift", "unknown"]] = None
    priority: MayBeEmpty[Text] = Field(None, description="The priority it served, none, or any.")
    workflow: MayBeEmpty[Text] = None
    friction: MayBeEmpty[Text] = Field(None, description="A kind of friction, retry_loops, connector:<server>, or any.")
    person: MayBeEmpty[Text] = Field(None, description="A name as it is listed, or any.")
    skill: MayBeEmpty[Text] = Field(None, description="A skill that was used.")
    skill_missed: MayBeEmpty[Text] = Field(None, description="A skill that was passed over.")
    tool: MayBeEmpty[Text] = Field(None, description="A tool that it called within its days, by its whole name.")
    has: MayBeEmpty[Has] = Field(None, description="At least one of these.")
    reading: MayBeEmpty[Literal["read", "unread", "failed"]] = None
    q: MayBeEmpty[Text] = Field(None, description="Words; quotes for a phrase, - for a word that must not be there.")
    sort: Sort = "last_spoken"
    after: MayBeEmpty[Annotated[str, Field(max_length=400)]] = Field(None, description="`next` of the page before.")
    limit: int = Field(25, ge=1, le=100)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_left_out(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        optional = {name for name, field in cls.model_fields.items() if field.default is None}
        return {name: value for name, value in data.items() if value != "" or name not in optional}

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
        # The form sends each of its fields; what was not chosen there is the default.
        return Filters.model_validate({name: value for name, value in query.items() if value})
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
