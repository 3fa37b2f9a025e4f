"""The quantities of one window: raw values, sums, shares, rates per 10 sessions, each under the name of what it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from session_insights.measures import Aggregates, Row, first_row, total
from session_insights.profile import Profile
from session_insights.wording import half_up


class Way(Enum):
    """How a quantity is written."""

    COUNT = "count"
    MINUTES = "minutes"
    HOURS = "hours"  # about 14 hours
    PERCENT = "percent"
    RATE = "rate"  # per 10 sessions, one decimal
    MONEY = "money"
    MILLIONS = "millions"  # of tokens


@dataclass(frozen=True)
class Quantity:
    way: Way
    key: str  # what it is: the same key in both windows makes a difference of it
    value: float


# Parts and wholes within one row.
_RATIOS = (
    ("reached_count", "judged_count"),
    ("priority_minutes", "read_minutes"),
    ("read_count", "session_count"),
    ("error_count", "call_count"),
    ("point_count", "call_count"),
    ("failed_count", "session_count"),
    ("cache_read_tokens", "total_tokens"),
    ("proactive_count", "contact_count"),
    ("reactive_count", "contact_count"),
    ("time_saved_known_count", "read_count"),
)
_WEEKLY_RATIOS = _RATIOS[:2]
_IN_LINE = ("_by_week", "_by_month")  # windows one after the other
# Aggregates of which a row's part of the whole is a share that means something.
_SHARED = {
    "attention_by_business": ("session_count", "active_minutes", "total_tokens", "cost_usd"),
    "outcomes": ("session_count",),
    "workflow_mix": ("session_count", "active_minutes"),
    "priority_alignment": ("session_count", "active_minutes"),
    "relationship_pulse": ("contact_count",),
    "friction_origin": ("point_count",),
    "automated_sessions": ("session_count", "cost_usd"),
    "tokens_by_model": ("cost_usd",),
}
_OF_SESSIONS_READ = ("top_friction", "skills_missed", "skills_used", "friction_origin", "outcomes", "workflow_mix")
PER_TEN = ("course_corrections", "mcp_failures", "retry_loops", "cut_short_count")
_LABELS = (
    "business", "priority_alignment", "priority_matched", "outcome", "workflow_type", "finding", "friction_kind",
    "skill", "person", "tool", "model", "initiated_by", "week_start", "month_start", "activity_date", "session_id",
)  # fmt: skip


def list_quantities(aggregates: Aggregates, profile: Profile) -> list[Quantity]:
    return [
        *itertools.chain.from_iterable(_of_rows(name, rows) for name, rows in aggregates.items()),
        *_of_summary(aggregates),
        *_of_priorities(aggregates, profile),
        *_of_alignment(aggregates),
        *_of_people(aggregates),
        *_of_businesses(aggregates),
        *_of_days(aggregates),
        *_of_weeks(aggregates),
        *_of_longest(aggregates),
        Quantity(Way.COUNT, "businesses", len(profile.businesses)),
        Quantity(Way.COUNT, "priorities", len(profile.priorities)),
    ]


def shared_label(key: str) -> str:
    """What the share behind a key is of, where it is one of a whole: `attention_by_business/studio/active_minutes`."""
    name, _, rest = key.partition("/")
    if name == "priority":
        return rest
    label, _, column = rest.rpartition("/")
    return label if column in _SHARED.get(name, ()) else ""


def _label(row: Row) -> str:
    return "/".join(str(row[column]) for column in _LABELS if column in row)


def _of_rows(name: str, rows: list[dict[str, Any]]) -> Iterator[Quantity]:
    yield Quantity(Way.COUNT, f"{name}/rows", len(rows))
    for row in rows:
        key = f"{name}/{_label(row)}"
        yield from _of_row(key, row, _WEEKLY_RATIOS if name.endswith(_IN_LINE) else _RATIOS)
        for column in _SHARED.get(name, ()):
            yield from _share(f"{key}/{column}", row.get(column), total(rows, column))
    if name.endswith(_IN_LINE):
        return  # a sum of weeks or months is said nowhere
    for column in _numeric(rows):
        yield from _written(f"{name}/all/{column}", column, total(rows, column))
    sums = {column: total(rows, column) for column in _numeric(rows)}
    for part, whole in _RATIOS:
        yield from _share(f"{name}/all/{part}/{whole}", sums.get(part), sums.get(whole))


def _numeric(rows: Iterable[Row]) -> list[str]:
    """Columns that hold numbers, in their order."""
    columns = (c for row in rows for c, value in row.items() if isinstance(value, int | float) and value is not True)
    return list(dict.fromkeys(columns))


def _of_row(key: str, row: Row, ratios: tuple[tuple[str, str], ...] = ()) -> Iterator[Quantity]:
    for column, value in row.items():
        if isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    yield from _of_row(f"{key}/{column}/{_label(item)}", item)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield from _written(f"{key}/{column}", column, value)
    for part, whole in ratios:
        yield from _share(f"{key}/{part}/{whole}", row.get(part), row.get(whole))


def _written(key: str, column: str, value: float) -> Iterator[Quantity]:
    if column.endswith("usd"):
        yield Quantity(Way.MONEY, key, value)
    elif column.endswith("minutes"):
        yield Quantity(Way.MINUTES, key, half_up(value))
    elif column.endswith("tokens"):
        yield Quantity(Way.MILLIONS, key, value / 1e6)
        yield Quantity(Way.COUNT, key, value)
    else:
        yield Quantity(Way.COUNT, key, value)


def _share(key: str, part: float | None, whole: float | None) -> Iterator[Quantity]:
    if part is not None and whole:
        yield Quantity(Way.PERCENT, key, half_up(100 * part / whole))


def _rate(key: str, count: float | None, sessions: float | None) -> Iterator[Quantity]:
    if count is not None and sessions:
        yield Quantity(Way.RATE, key, half_up(100 * count / sessions) / 10)


def _of_summary(aggregates: Aggregates) -> Iterator[Quantity]:
    row = first_row(aggregates, "summary")
    read, sessions = row.get("read_count") or 0, row.get("session_count") or 0
    yield from _rate("corrections", row.get("course_corrections"), read)
    yield Quantity(Way.COUNT, "unread", sessions - read)
    for column in ("active_minutes", "time_saved_minutes", "read_minutes", "priority_minutes"):
        if row.get(column):
            yield Quantity(Way.HOURS, column, half_up(row[column] / 60))
    if row.get("time_saved_minutes") and row.get("cost_usd"):
        hour = 60 * row["cost_usd"] / row["time_saved_minutes"]
        yield Quantity(Way.MONEY, "hour saved", hour)
        yield Quantity(Way.MONEY, "hour saved, twice too high", 2 * hour)
    for name in _OF_SESSIONS_READ:
        for item in aggregates.get(name, []):
            yield from _share(f"{name}/{_label(item)}/of sessions read", item.get("session_count"), read)


def _of_priorities(aggregates: Aggregates, profile: Profile) -> Iterator[Quantity]:
    """Shares of the time read, the targets, and how far each is from its own."""
    summary, rows = first_row(aggregates, "summary"), aggregates.get("priority_shares", [])
    read = summary.get("read_minutes") or 0
    minutes = {row["priority_matched"]: row["active_minutes"] or 0 for row in rows}
    rest = max(0.0, read - sum(value for slug, value in minutes.items() if slug))
    yield Quantity(Way.MINUTES, "outside priorities", half_up(rest))
    targets = {priority.slug: half_up(100 * priority.target_share) for priority in profile.priorities}
    targets[""] = 100 - sum(targets.values())
    for slug, target in targets.items():
        yield Quantity(Way.PERCENT, f"target/{slug}", target)
        if read:
            share = half_up(100 * (minutes.get(slug, 0) if slug else rest) / read)
            yield Quantity(Way.PERCENT, f"priority/{slug}", share)
            yield Quantity(Way.PERCENT, f"gap/{slug}", abs(share - target))


def _of_alignment(aggregates: Aggregates) -> Iterator[Quantity]:
    counts = {row["priority_alignment"]: row["session_count"] or 0 for row in aggregates.get("priority_alignment", [])}
    served = counts.get("aligned", 0) + counts.get("supportive", 0)
    judged = sum(count for kind, count in counts.items() if kind)
    yield Quantity(Way.COUNT, "aligned or supportive", served)
    yield Quantity(Way.COUNT, "alignment judged", judged)
    yield from _share("aligned of judged", served, judged)


def _of_days(aggregates: Aggregates) -> Iterator[Quantity]:
    days: dict[str, float] = {}
    for row in aggregates.get("attention_by_day", []):
        days[str(row["activity_date"])] = days.get(str(row["activity_date"]), 0) + (row["active_minutes"] or 0)
    for day, minutes in days.items():
        yield Quantity(Way.MINUTES, f"day/{day}", half_up(minutes))


def _of_businesses(aggregates: Aggregates) -> Iterator[Quantity]:
    """Shares of the time whose business is known."""
    rows = [row for row in aggregates.get("attention_by_business", []) if row["business"]]
    for row in rows:
        share = _share(f"known/{row['business']}", row["active_minutes"], total(rows, "active_minutes"))
        yield from share


def _of_people(aggregates: Aggregates) -> Iterator[Quantity]:
    rows = aggregates.get("relationship_pulse", [])
    mine, theirs = total(rows, "proactive_count"), total(rows, "reactive_count")
    yield Quantity(Way.COUNT, "directed contacts", mine + theirs)
    yield from _share("proactive of directed", mine, mine + theirs)
    yield from _share("reactive of directed", theirs, mine + theirs)
    for count in (2, 3):
        yield Quantity(Way.COUNT, f"contacts of the first {count}", total(rows[:count], "contact_count"))


def _of_weeks(aggregates: Aggregates) -> Iterator[Quantity]:
    """Rates of each week, and how the last one differs from the one before."""
    rows = aggregates.get("summary_by_week", [])
    for column in PER_TEN:
        rates = [half_up(100 * row[column] / row["read_count"]) / 10 if _has(row, column) else None for row in rows]
        for n, rate in enumerate(rates):
            if rate is not None:
                yield Quantity(Way.RATE, f"{column}/{n}", rate)
        if len(rates) > 1 and rates[-1] is not None and rates[-2] is not None:
            yield Quantity(Way.RATE, f"{column}/change", abs(rates[-1] - rates[-2]))


def _has(row: Row, column: str) -> bool:
    return bool(row.get("read_count")) and row.get(column) is not None


def _of_longest(aggregates: Aggregates) -> Iterator[Quantity]:
    """Sums of the longest sessions that served no priority, and of those of one business."""
    unread = {row["session_id"] for row in aggregates.get("unread_sessions", [])}
    free = [
        row
        for row in aggregates.get("longest_sessions", [])
        if row.get("priority_matched") is None and row.get("session_id") not in unread
    ]
    groups = [[row] for row in free[:1]] + [free[:2], free[:3]]
    for business in {row.get("business") for row in free}:
        own = [row for row in free if row.get("business") == business]
        groups += [list(chosen) for size in (2, 3) for chosen in itertools.combinations(own, size)]
    for group in groups:
        names = "+".join(str(row.get("session_id")) for row in group)
        yield Quantity(Way.MINUTES, f"longest/{names}", sum(half_up(row["active_minutes"] or 0) for row in group))
