"""The first page: the report's sections for any days and any of your sessions, live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from markupsafe import escape

from session_insights.dashboard.choices import FILTERS, PERIODS, UNKNOWN, Choice, parse_choice
from session_insights.dashboard.database import Pool, reader, viewer
from session_insights.dashboard.desk import Desk, base_path, desk
from session_insights.dashboard.links import SessionLinks
from session_insights.dashboard.pages import MadePage, PageCache, ShownPage
from session_insights.profile import Profile
from session_insights.stages.overview import Overview, build_overview, today_of
from session_insights.store.dashboard import load_version
from session_insights.store.database import Connection
from session_insights.windows import Window
from session_insights.wording import full_range, moment, plural, shorten

router = APIRouter()
_TITLES = {"business": "Business", "project": "Project", "machine": "Machine", "initiated_by": "Started by"}
AS_OF_MARK = "<!-- as of -->"  # where the template leaves room for it
MOST_LINKS = 8  # values that stand side by side; more of them are a list to choose from


@dataclass(frozen=True)
class Option:
    text: str
    value: str
    link: str
    is_chosen: bool


@dataclass(frozen=True)
class Filter:
    """One row of the filters: links, or a list where there are many."""

    name: str
    title: str
    options: tuple[Option, ...]
    is_list: bool


@router.get("/", response_class=HTMLResponse)
def show_overview(
    request: Request,
    connection: Annotated[Connection, Depends(reader)],
    place: Annotated[Desk, Depends(desk)],
    viewer: Annotated[str | None, Depends(viewer)],
) -> HTMLResponse:
    """The page as it is kept; it is made where there is none, or one that is too old to be shown."""
    choice = parse_choice(dict(request.query_params), today_of(place.profile, datetime.now(UTC)))
    base, state = base_path(request), request.app.state
    pool: Pool = state.pool
    cache: PageCache = state.pages
    if state.warmer is not None and viewer is None:  # else each viewer has pages of their own
        state.warmer.start(lambda: make_common(cache, pool, place, base))

    def make_later() -> MadePage:
        # The request's own connection is another's by then.
        with pool.lend(viewer) as own:
            return make_page(own, choice, place, base)

    def make_now() -> MadePage:
        with pool.lend_spare(viewer) as beside:
            return make_page(connection, choice, place, base, beside)

    version = load_version(connection)
    shown = cache.get((viewer, choice, base), version, make_now, make_later)
    return HTMLResponse(_say_as_of(shown, place.profile))


def make_page(
    connection: Connection, choice: Choice, place: Desk, base: str, beside: Connection | None = None
) -> MadePage:
    """Count and write the page of a choice.

    Args:
        base: Begins its links.
        beside: A second connection, where somebody waits for the page.
    """
    links = SessionLinks(choice, base)
    found = build_overview(
        connection,
        choice.window,
        choice.session_filter,
        place.profile,
        made_at=datetime.now(UTC),
        link_days=links.days,
        beside=beside,
    )
    values = describe(found, choice, place.profile)
    values |= {"links": links, "base": base, "airflow": base.rpartition("/")[0]}
    return MadePage(found.data_version, place.templates.get_template("dashboard/overview.html").render(values))


def make_common(cache: PageCache, pool: Pool, place: Desk, base: str) -> None:
    """Make the pages of each period without a filter that are no longer true."""
    today = today_of(place.profile, datetime.now(UTC))
    with pool.lend() as connection:
        version = load_version(connection)
    for days in PERIODS:
        choice = parse_choice({"days": str(days)}, today)

        def make(choice: Choice = choice) -> MadePage:
            # Lent a page at a time: requests come in between.
            with pool.lend() as own:
                return make_page(own, choice, place, base)

        cache.renew((None, choice, base), version, make)


def _say_as_of(shown: ShownPage, profile: Profile) -> str:
    """Nothing that a transcript says can stand where the mark does: texts are escaped."""
    if shown.as_of is None:
        return shown.text.replace(AS_OF_MARK, "")
    words = f"Figures as of {moment(shown.as_of, profile.zone)}; newer ones are being counted"
    return shown.text.replace(AS_OF_MARK, f"<span>{escape(words)}</span>")


def describe(found: Overview, choice: Choice, profile: Profile) -> dict[str, Any]:
    """What the template needs, as finished values."""
    read_at = found.last_sync["read_at"]
    return {
        "content": found.content,
        "choice": choice,
        "span": full_range(choice.window.start, choice.window.last_day),
        "periods": [
            Option(str(days), str(days), choice.link(days=days, since=None, until=None), days == choice.days)
            for days in PERIODS
        ],
        "filters": list(build_filters(found.offered, choice, profile)),
        "anomalies": [
            {"text": item["explanation"] or item["metric"], "window": Window(item["window_start"], item["window_end"])}
            for item in found.anomalies
        ],
        "last_sync": f"Last sync {moment(read_at, profile.zone)}, {plural(found.last_sync['machine_count'], 'machine')}"
        if read_at
        else "Nothing was synced yet: run the DAG insights_session_sync",
        "unread_count": found.unread_count,
        "no_text": {"headline": "", "paragraphs": ()},
    }


def build_filters(offered: Mapping[str, Sequence[str | None]], choice: Choice, profile: Profile) -> list[Filter]:
    """Each filter with what there is to choose, “all” first; none where there is nothing to choose between."""
    values: dict[str, list[str]] = {
        "business": [*(business.slug for business in profile.businesses), UNKNOWN],
        "project": [value or UNKNOWN for value in offered["projects"]],
        "machine": [value or UNKNOWN for value in offered["machines"]],
        "initiated_by": [value or UNKNOWN for value in offered["initiators"]],
    }
    filters = []
    for name in FILTERS:
        chosen = choice.chosen(name)
        named = values[name] + ([chosen] if chosen and chosen not in values[name] else [])
        if len(named) < 2 and not chosen:
            continue
        options = [Option("All", "", choice.link(**{name: None}), not chosen)]
        options += [Option(shorten(value, 40), value, choice.link(**{name: value}), value == chosen) for value in named]
        filters.append(Filter(name, _TITLES[name], tuple(options), len(options) > MOST_LINKS))
    return filters
