"""Where figures lead: nowhere in a report, to their sessions in the dashboard."""

from __future__ import annotations

from typing import Protocol

from session_insights.reports.cards import Card
from session_insights.reports.friction import Line
from session_insights.reports.health import ToolRow
from session_insights.reports.value import BigFigure


class Links(Protocol):
    """What templates ask; text stays text, a link is markup. None is unknown and stays so."""

    is_printed: bool  # a page that may be read on paper, so that its first finding is open

    def sessions(self, text: str | None, **query: str) -> str | None: ...  # the sessions that a query leaves
    def session(self, text: str, session_id: str) -> str: ...
    def card(self, card: Card) -> str: ...  # an address
    def friction(self, line: Line) -> str | None: ...
    def big(self, figure: BigFigure) -> str | None: ...
    def tool(self, row: ToolRow) -> str | None: ...


class NoLinks:
    """A page that stands alone; its cards lead to its own sections."""

    is_printed = True

    def sessions(self, text: str | None, **query: str) -> str | None:  # noqa: ARG002
        return text

    def session(self, text: str, session_id: str) -> str:  # noqa: ARG002
        return text

    def card(self, card: Card) -> str:
        return f"#{card.section}"

    def friction(self, line: Line) -> str | None:
        return line.label

    def big(self, figure: BigFigure) -> str | None:
        return figure.value

    def tool(self, row: ToolRow) -> str | None:
        return row.failed
