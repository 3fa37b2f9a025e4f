"""The narrative as it is stored in `insights_snapshots.narrative` and as a report prints it.

Text is plain, apart from `**bold**` and `` `code` ``; a difference is written `↓ 7 points, worse`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

SectionName = Literal["attention", "priorities", "friction", "skills", "people", "value", "health"]
SECTION_NAMES: tuple[SectionName, ...] = (
    "attention", "priorities", "friction", "skills", "people", "value", "health",
)  # fmt: skip
# The figure that decides next time; `by` names the row: a skill, a server, a friction finding, a priority.
MeasureKind = Literal["skill_missed", "connector_failures", "friction_sessions", "priority_share"]

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

    def section(self, name: SectionName) -> SectionText:
        text: SectionText = getattr(self, name)
        return text


class Verdict(_Text):
    """What became of one of last week's recommendations."""

    title: Headline
    verdict: Literal["worked", "not_yet", "not_tried", "unknown"]
    evidence: Paragraph


class Narrative(NarrativeText):
    """A text with what is known about its making."""

    verdicts: tuple[Verdict, ...] = ()
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
