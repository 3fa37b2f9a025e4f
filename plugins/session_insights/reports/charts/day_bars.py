"""Stacked bars of active time a day, with a column for the whole window whose labels name the colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from session_insights.reports.charts.marks import joined, safe, share, size
from session_insights.wording import clock, half_up

LABEL_GAP = 7.5  # percent of the column's height that one label needs: 16 of 216 px
_TALLEST = 320  # height of the drawing
_BAR_PIXELS, _BELOW_PIXELS = 216, 40
_SEGMENT = Markup(
    '<rect x="0" y="{}" width="10" height="{}" fill="{}" stroke="var(--paper)" stroke-width="1" '
    'vector-effect="non-scaling-stroke">{}</rect>'
)
_UNKNOWN = Markup(
    '<rect x=".2" y="{}" width="9.6" height="{}" fill="var(--paper)" stroke="var(--grey)" stroke-dasharray="3 2" '
    'vector-effect="non-scaling-stroke">{}</rect>'
)
_LABEL = Markup("<b>{}</b> <em>{}%</em>")
_UNKNOWN_LABEL = Markup("<em>{} {}%</em>")
_MOST_DAY_LABELS = 10  # more bars than this get a label only now and then
_STEPS = (15, 30, 60, 120, 240, 480, 960, 1_920, 3_840, 7_680)  # minutes between grid lines
_LONGEST = 3 * 7_680  # no day or week is longer


@dataclass(frozen=True)
class Segment:
    """One business in a bar."""

    name: str
    minutes: float
    colour: str | None  # a CSS colour; None is unknown: an outline of dashes


@dataclass(frozen=True)
class DayBar:
    label: str  # Sun 15
    axis: tuple[str, str]  # Sun, 15
    segments: tuple[Segment, ...]
    href: str | None = None  # where its sessions are listed

    @property
    def minutes(self) -> float:
        return sum(segment.minutes for segment in self.segments)


def draw_day_bars(days: Sequence[DayBar], week: Sequence[Segment], spoken: str, column_name: str) -> Markup:
    """The figure as HTML: type keeps its size at every width, only the bars stretch.

    Args:
        week: Segments of the whole window, from the ground up; their labels name the colours.
        spoken: What a screen reader says.
        column_name: Under the window's column: Week.
    """
    tallest = max((day.minutes for day in days), default=0.0)
    tallest = tallest if 0 <= tallest < _LONGEST else 0.0
    step = next(step for step in _STEPS if tallest / step < 3)
    scale = max(tallest * 1.04, step)
    marks = [step * n for n in range(int(scale // step) + 1)]
    every = 1 if len(days) <= _MOST_DAY_LABELS else -(-len(days) // 7)

    def is_named(place: int) -> bool:
        # Where not every bar is named, the last one's name would run into that of the column beside it.
        return place % every == 0 and (every == 1 or place < len(days) - 1)

    return Markup(
        '<div class="days" style="--n:{}" role="{}" aria-label="{}">{}'
        '<div class="t"></div>{}<div></div><div class="t"></div><div></div>'
        '<div class="ax">{}</div>{}<div></div>{}{}'
        '<div class="x"></div>{}<div></div><div class="x">{}<br>share</div><div></div></div>'
    ).format(
        len(days),
        "group" if any(day.href for day in days) else "img",  # an image hides the links in it
        safe(spoken),
        joined([_grid_line(minutes, scale) for minutes in marks]),
        joined([_time(day) if is_named(n) else _cell("t", "") for n, day in enumerate(days)]),
        joined([_axis_label(minutes, scale) for minutes in marks]),
        joined([_bar(day.segments, scale, day.label) for day in days]),
        _bar(week, sum(segment.minutes for segment in week), column_name.lower()),
        _column_labels(week),
        joined([_cell("x", *day.axis) if is_named(n) else _cell("x", "") for n, day in enumerate(days)]),
        safe(column_name),
    )


def _cell(kind: str, *lines: str) -> Markup:
    return Markup('<div class="{}">{}</div>').format(kind, Markup("<br>").join(safe(line) for line in lines))


def _time(day: DayBar) -> Markup:
    if day.href is None or day.minutes <= 0:
        return _cell("t", clock(day.minutes))
    return Markup('<div class="t"><a href="{}" aria-label="{}: {}">{}</a></div>').format(
        safe(day.href), safe(day.label), clock(day.minutes), clock(day.minutes)
    )


def _grid_line(minutes: float, scale: float) -> Markup:
    bottom = _BELOW_PIXELS + _BAR_PIXELS * share(minutes, scale)
    return Markup('<div class="gl{}" style="bottom:{}px"></div>').format("" if minutes else " z", size(bottom, 1))


def _axis_label(minutes: int, scale: float) -> Markup:
    text = "0" if not minutes else f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
    return Markup('<span style="bottom:{}%">{}</span>').format(size(100 * share(minutes, scale), 1), text)


def _bar(segments: Sequence[Segment], scale: float, label: str) -> Markup:
    parts, ground = [], float(_TALLEST)
    for segment in segments:
        height = _TALLEST * share(segment.minutes, scale)
        ground -= height
        minutes = half_up(segment.minutes)
        title = Markup("<title>{}, {}: {} min</title>").format(safe(label), safe(segment.name), minutes)
        place = (size(ground), size(height))
        parts.append(
            _UNKNOWN.format(*place, title) if segment.colour is None else _SEGMENT.format(*place, segment.colour, title)
        )
    return Markup(
        '<div class="bar"><svg viewBox="0 0 10 320" preserveAspectRatio="none" aria-hidden="true">{}</svg></div>'
    ).format(joined(parts))


def place_labels(heights: Sequence[float]) -> list[float]:
    """Middles of stacked segments, moved apart so that labels of `LABEL_GAP` never touch.

    Args:
        heights: Shares of the column from the ground up, in percent.

    Returns:
        Bottoms in percent, rising; at most a label's height above the column, unless there are too many for it.
    """
    places: list[float] = []
    ground = 0.0
    for height in heights:
        middle = ground + height / 2
        places.append(max(middle, places[-1] + LABEL_GAP) if places else middle)
        ground += height
    ceiling = 100 + LABEL_GAP / 2
    for n in range(len(places) - 1, -1, -1):
        places[n] = min(places[n], ceiling)
        ceiling = places[n] - LABEL_GAP
    return places if not places or places[0] >= 0 else [LABEL_GAP * n for n in range(len(places))]


def _column_labels(week: Sequence[Segment]) -> Markup:
    whole = sum(segment.minutes for segment in week)
    shares = [100 * share(segment.minutes, whole) for segment in week]
    labels = []
    for segment, height, bottom in zip(week, shares, place_labels(shares), strict=True):
        words = _UNKNOWN_LABEL if segment.colour is None else _LABEL
        text = words.format(safe(segment.name), half_up(height))
        labels.append(Markup('<span style="bottom:{}%">{}</span>').format(size(bottom, 1), text))
    return Markup('<div class="lab">{}</div>').format(joined(labels))
