"""What may be said of a month beyond what any window holds: its place in six months, and its return."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from session_insights.measures import Aggregates, Row, first_row
from session_insights.narratives.quantities import PER_TEN, Quantity, Way
from session_insights.profile import Profile
from session_insights.wording import half_up, per_ten

# Figures that rise or fall from month to month: a part and its whole, or a sum alone.
_FIGURES: dict[str, tuple[str, str | None]] = {
    **{column: (column, "read_count") for column in PER_TEN},
    "priorities": ("priority_minutes", "read_minutes"),
    "goals": ("reached_count", "judged_count"),
    "sessions": ("session_count", None),
    "minutes": ("active_minutes", None),
    "cost": ("cost_usd", None),
}


def list_month_quantities(aggregates: Aggregates, profile: Profile) -> list[Quantity]:
    """Empty where there are no figures of a monthly report."""
    return [*_of_months(aggregates), *_of_skills(aggregates), *_of_return(aggregates, profile)]


def _of_months(aggregates: Aggregates) -> Iterator[Quantity]:
    """Hours and rates of each month, and in how many steps from month to month each figure rose or fell."""
    months = [row for row in aggregates.get("summary_by_month", []) if row["session_count"]]
    if not months:
        return
    yield Quantity(Way.COUNT, "months", len(months))
    for row in months:
        for column in ("active_minutes", "time_saved_minutes"):
            if row.get(column) is not None:
                yield Quantity(Way.HOURS, f"{row['month_start']}/{column}", half_up(row[column] / 60))
        for column in PER_TEN:
            rate = per_ten(row[column], row["read_count"]) if row.get(column) is not None else None
            if rate is not None:
                yield Quantity(Way.RATE, f"{row['month_start']}/{column}", rate)
    for name, (part, whole) in _FIGURES.items():
        values = [row[part] / (row[whole] if whole else 1) for row in months if _is_known(row, part, whole)]
        steps = [after - before for before, after in itertools.pairwise(values)]
        yield Quantity(Way.COUNT, f"{name}/steps", len(steps))
        yield Quantity(Way.COUNT, f"{name}/rose", sum(step > 0 for step in steps))
        yield Quantity(Way.COUNT, f"{name}/fell", sum(step < 0 for step in steps))


def _is_known(row: Row, part: str, whole: str | None) -> bool:
    return row.get(part) is not None and (whole is None or bool(row.get(whole)))


def _of_skills(aggregates: Aggregates) -> Iterator[Quantity]:
    """The time that a session with a skill saved on average."""
    for row in aggregates.get("value_by_skill", []):
        if row["time_saved_known_count"]:
            average = row["time_saved_minutes"] / row["time_saved_known_count"]
            yield Quantity(Way.MINUTES, f"{row['skill']}/a session", half_up(average))


def _of_return(aggregates: Aggregates, profile: Profile) -> Iterator[Quantity]:
    """What the time saved was worth at the owner's rate."""
    summary, rate = first_row(aggregates, "summary"), profile.hourly_rate_usd
    if rate is None:
        return
    yield Quantity(Way.MONEY, "hourly rate", rate)
    if summary.get("time_saved_minutes") and summary.get("cost_usd"):
        worth = summary["time_saved_minutes"] / 60 * rate
        yield Quantity(Way.MONEY, "worth", worth)
        yield Quantity(Way.MONEY, "return", worth / summary["cost_usd"])
        yield Quantity(Way.MONEY, "return, twice too high", worth / summary["cost_usd"] / 2)
        yield Quantity(Way.MINUTES, "break even", half_up(60 * summary["cost_usd"] / rate))
