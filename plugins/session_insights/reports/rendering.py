"""Content to one self-contained HTML file: nothing is fetched, nothing is run."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from session_insights.errors import InsightsError
from session_insights.reports.content import Content
from session_insights.reports.inline import render_inline
from session_insights.reports.linking import NoLinks
from session_insights.settings import find_include_dir, load_settings
from session_insights.wording import clean_text

LARGEST_BYTES = 1_000_000
# Styles stand in the page itself; nothing else is allowed to load or to run.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


class ReportTooLarge(InsightsError):
    """A page is larger than a report may be."""


def build_environment(templates: Path) -> Environment:
    """Templates that escape every value, drop invisible characters, and stop at a name that is not there."""
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters["inline"] = render_inline
    environment.globals["stylesheet"] = _stylesheet(templates)
    return environment


def render_html(content: Content, *, templates: Path | None = None) -> str:
    """The page.

    Raises:
        ReportTooLarge: More than 1 MB.
    """
    folder = templates or find_include_dir(load_settings()) / "templates"
    page = (
        build_environment(folder)
        .get_template("report/report.html")
        .render(content=content, policy=POLICY, links=NoLinks())
    )
    page_bytes = len(page.encode("utf-8"))
    if page_bytes > LARGEST_BYTES:
        raise ReportTooLarge(
            f"Report from {content.window.start}: {page_bytes:,} bytes, at most {LARGEST_BYTES:,}; choose fewer days."
        )
    return page


def _finalize(value: object) -> object:
    """Transcripts reach a page only without characters that hide something or turn the line around."""
    return clean_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _stylesheet(templates: Path) -> Markup:
    # Our own file, so it is markup already.
    return Markup((templates / "shared" / "style.css").read_text(encoding="utf-8"))  # noqa: S704
