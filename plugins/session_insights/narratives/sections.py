"""The narrative as it is stored in `insights_snapshots.narrative` and as a report prints it.

Text is plain, apart from `**bold**` and `` `code` ``; a difference is written `↓ 7 points, worse`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

SectionName = Literal["attention", "priorities", "friction", "skills", "people", "value", "health"]
MonthSectionName = Literal["months", "returns", "contacts"]
SECTION_NAMES: tuple[SectionName, ...] = (
    "attention", "priorities", "friction", "skills", "people", "value", "health",
)  # fmt: skip
MONTH_SECTION_NAMES: tuple[MonthSectionName, ...] = ("months", "returns", "contacts")
# The figure that decides next time; `by` names the row: a skill, a server, a friction finding, a priority.
MeasureKind = Literal["skill_missed", "connector_failures", "friction_sessions", "priority_share"]

# What a target can be set on; `by` names the row: a priority, a business, a connector, a skill, a person.
Metric = Literal[
    "priority_share", "business_share", "corrections_per_ten", "loops_per_ten", "connector_failures", "skill_use",
    "proactive_share", "goals_reached", "contacts_begun",
]  # fmt: skip

Headline = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=140)]
Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, max_length=900)]
CopyLine = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class _Text(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bullet(_Text):
    """One line of “At a glance”, with the section that has its figures."""

    text: Paragraph
    section: SectionName


class SectionText(_Text):
    """The finding of a section, in one sentence that could be wrong, and what there is to say about it."""

    headline: Headline
    paragraphs: tuple[Paragraph, ...] = Field(default=(), max_length=2)


class Decider(_Text):
    """The figure that will decide whether a recommendation worked."""

    kind: MeasureKind
    by: str


class Recommendation(_Text):
    title: Headline
    why: Paragraph  # with its n
    line: CopyLine  # to copy: a prompt, a skill's command, a line of CLAUDE.md
    measured_by: Paragraph
    decider: Decider | None = None


class Target(_Text):
    """A figure and where it should be when the next month is over; takes the place of a recommendation."""

    title: Headline
    why: Paragraph  # with its n
    line: Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)] = ""  # to copy; may be empty
    metric: Metric
    by: str = ""  # empty where the metric has one row only
    to: float  # percent, times per 10 sessions, or a count


class KeptTarget(Target):
    """A target as the snapshot of its month keeps it."""

    start: float  # as measured when it was set
    measured_by: Paragraph  # Now 38%, n = 150 sessions. Decided by …


class TargetOutcome(_Text):
    """What became of one of last month's targets; figures as they are shown."""

    title: Headline
    aim: str  # ≥ 45%
    was: str
    now: str
    verdict: Literal["met", "close", "missed", "unknown"]


class NarrativeText(_Text):
    """What a writer answers."""

    headline: Headline
    lede: Paragraph
    glance: tuple[Bullet, ...] = Field(default=(), max_length=4)
    attention: SectionText
    priorities: SectionText
    friction: SectionText
    skills: SectionText
    people: SectionText
    value: SectionText
    health: SectionText
    recommendations: tuple[Recommendation, ...] = Field(default=(), max_length=3)

    @property
    def section_texts(self) -> dict[str, SectionText]:
        """The sections that there are, in the order of the page."""
        names = (*SECTION_NAMES, *MONTH_SECTION_NAMES)
        return {name: text for name in names if (text := getattr(self, name, None)) is not None}


class MonthText(NarrativeText):
    """What a writer answers on a calendar month: the sections of a week over the whole month, and those of a month."""

    months: SectionText
    returns: SectionText
    contacts: SectionText
    targets: tuple[Target, ...] = Field(default=(), max_length=3)


class Verdict(_Text):
    """What became of one of last week's recommendations."""

    title: Headline
    verdict: Literal["worked", "not_yet", "not_tried", "unknown"]
    evidence: Paragraph


class Narrative(NarrativeText):
    """A text with what is known about its making."""

    verdicts: tuple[Verdict, ...] = ()
    months: SectionText | None = None  # None in any report but that on a calendar month, as the two below
    returns: SectionText | None = None
    contacts: SectionText | None = None
    targets: tuple[KeptTarget, ...] = ()
    outcomes: tuple[TargetOutcome, ...] = ()
    writer: str = "offline"  # `offline`, or the model that wrote it
    prompt_version: int | None = None
    dropped_sentence_count: int = 0  # sentences that stated what is not among the figures
    cost_usd: float | None = 0.0  # None: the model has no list price
    error: str | None = None  # why Claude did not write it, though it was asked


def split_sentences(text: str, masked: str | None = None) -> list[str]:
    """Sentences end at `.`, `!` or `?` before a space and what may begin one; `9.0` and `CLAUDE.md` end none.

    Args:
        masked: The same text, of the same length, with quotations made invisible, so that they are not cut.
    """
    masked = text if masked is None else masked
    sentences, start = [], 0
    for place, sign in enumerate(masked):
        follows = masked[place + 1 : place + 3]
        if sign in ".!?" and len(follows) == 2 and follows[0] == " " and not follows[1].islower():
            sentences.append(text[start : place + 1].strip())
            start = place + 1
    sentences.append(text[start:].strip())
    return [sentence for sentence in sentences if sentence]
