"""Figures of an overview as links to the sessions behind them."""

from __future__ import annotations

from urllib.parse import quote

from markupsafe import Markup

from session_insights.dashboard.choices import Choice
from session_insights.reports.cards import Card
from session_insights.reports.friction import Line
from session_insights.reports.health import ToolRow
from session_insights.reports.value import BigFigure
from session_insights.windows import Window
from session_insights.wording import clean_text

_LINK = Markup('<a href="{}">{}</a>')
# What the session list is asked for by name of a card, a line or a figure.
_CARDS = {
    "Your sessions": {},
    "Active time": {"sort": "active_minutes"},
    "Time on priorities": {"priority": "any"},
    "Goals reached": {"outcome": "reached"},
    "Corrections per 10": {"has": "corrections"},
    "Time saved, at least": {"has": "time_saved"},
    "People": {"person": "any"},
    "Cost at list price": {"sort": "cost_usd"},
}
_LINES = {
    "course_corrections": "corrections",
    "mcp_failures": "mcp_failures",
    "retry_loops": "retry_loops",
    "cut_short_count": "cut_short",
}
_BIG = {
    "Time saved, at least": "time_saved",
    "Artifacts": "artifacts",
    "Decisions": "decisions",
    "Notes filed": "knowledge",
}


class SessionLinks:
    """`reports.linking.Links` for one choice of days and filters."""

    is_printed = False

    def __init__(self, choice: Choice, base: str) -> None:
        self._choice = choice
        self._base = base  # what every address of ours begins with

    def address(self, **query: str) -> str:
        """Where the sessions are listed that a query leaves, of the same days and filters."""
        return f"{self._base}/sessions{self._choice.sessions(**query)}"

    def days(self, window: Window) -> str:
        """The same for some of the days."""
        return self.address(since=window.start.isoformat(), until=window.last_day.isoformat())

    def sessions(self, text: str | None, **query: str) -> Markup | None:
        return None if text is None else _LINK.format(self.address(**query), clean_text(text))

    def session(self, text: str, session_id: str) -> Markup:
        # The slash in a sub-agent's id stays.
        return _LINK.format(f"{self._base}/sessions/{quote(session_id, safe='/')}", clean_text(text))

    def card(self, card: Card) -> str:
        return self.address(**_CARDS[card.label])

    def friction(self, line: Line) -> Markup | None:
        return self.sessions(line.label, has=_LINES[line.key])

    def big(self, figure: BigFigure) -> Markup | None:
        return self.sessions(figure.value, has=_BIG[figure.label])

    def tool(self, row: ToolRow) -> Markup | None:
        """A connector's sessions are those in which it failed, a tool's those that called it."""
        server = row.tool.removesuffix(" (MCP)")
        query = {"tool": row.tool} if server == row.tool else {"friction": f"connector:{server}"}
        return self.sessions(row.failed, **query)
