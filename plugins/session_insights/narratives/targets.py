"""Targets of a month: the figures that they can be set on, how each is measured, and what became of the last ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from session_insights.measures import Aggregates, by_key, connectors, first_row, total
from session_insights.narratives.sections import KeptTarget, Metric, Target, TargetOutcome
from session_insights.profile import Profile
from session_insights.windows import month_of
from session_insights.wording import UNKNOWN, half_up, long_day, number, per_ten, percent, plural

Unit = Literal["%", "per 10", "count"]
CLOSE = 0.5  # share of the way from start to aim from which on a target was nearly met


@dataclass(frozen=True)
class Yardstick:
    """How one metric is read."""

    unit: Unit
    is_floor: bool  # more is better
    words: str  # what decides; `{by}` is the row

    def shown(self, value: float | None) -> str:
        """38%, 2.6, 1."""
        if value is None:
            return UNKNOWN
        return {"%": f"{half_up(value)}%", "per 10": f"{value:.1f}", "count": number(value)}[self.unit]

    def aim(self, to: float) -> str:
        return f"{'≥' if self.is_floor else '≤'} {self.shown(to)}"


YARDSTICKS: dict[Metric, Yardstick] = {
    "priority_share": Yardstick("%", True, "the share of “{by}” in the minutes read"),
    "business_share": Yardstick("%", True, "the share of {by} in the active time"),
    "corrections_per_ten": Yardstick("per 10", False, "course corrections per 10 sessions read"),
    "loops_per_ten": Yardstick("per 10", False, "retry loops per 10 sessions read"),
    "connector_failures": Yardstick("%", False, "the share of failed calls to the {by} connector"),
    "skill_use": Yardstick("%", True, "the share of sessions that used `/{by}` among those it fitted"),
    "proactive_share": Yardstick("%", True, "the share of contacts in which you wrote first"),
    "goals_reached": Yardstick("%", True, "the share of judged sessions that reached their goal"),
    "contacts_begun": Yardstick("count", True, "contacts with {by} in which you wrote first"),
}

COUNTED = ("loops_per_ten", "connector_failures")  # whoever reads


@dataclass(frozen=True)
class Measured:
    value: float
    of: str  # n: what it rests on


def measure_target(aggregates: Aggregates, metric: Metric, by: str) -> Measured | None:
    """The value of a metric in a window; None where it is not known."""
    summary = first_row(aggregates, "summary")
    read, judged = summary.get("read_count") or 0, summary.get("judged_count") or 0
    of_read = plural(read, "session")
    if not read:
        return None
    if metric == "priority_share":
        minutes = by_key(aggregates, "priority_shares", "priority_matched").get(by, {}).get("active_minutes") or 0
        return _share(minutes, summary.get("read_minutes") or 0, of_read)
    if metric == "business_share":
        rows = by_key(aggregates, "attention_by_business", "business")
        minutes = rows.get(by, {}).get("active_minutes") or 0
        return _share(
            minutes, total(list(rows.values()), "active_minutes"), plural(summary["session_count"], "session")
        )
    if metric in ("corrections_per_ten", "loops_per_ten"):
        count = summary.get("course_corrections" if metric == "corrections_per_ten" else "retry_loops")
        rate = None if count is None else per_ten(count, read)
        return None if rate is None else Measured(rate, of_read)
    if metric == "connector_failures":
        row = connectors(aggregates).get(by)
        return _share(row["error_count"] or 0, row["call_count"], plural(row["call_count"], "call")) if row else None
    if metric == "skill_use":
        used, missed = (
            by_key(aggregates, name, "skill").get(by, {}).get("session_count") or 0
            for name in ("skills_used", "skills_missed")
        )
        return _share(used, used + missed, plural(used + missed, "session"))
    if metric == "goals_reached":
        return _share(summary.get("reached_count") or 0, judged, plural(judged, "judged session"))
    pulse = aggregates.get("relationship_pulse", [])
    if metric == "proactive_share":
        mine, theirs = total(pulse, "proactive_count"), total(pulse, "reactive_count")
        return _share(mine, mine + theirs, plural(mine + theirs, "contact"))
    row = by_key(aggregates, "relationship_pulse", "person").get(by, {})
    return Measured(row.get("proactive_count") or 0, plural(row.get("contact_count") or 0, "contact"))


def _share(part: float, whole: float, of: str) -> Measured | None:
    share = percent(part, whole)
    return None if share is None else Measured(share, of)


def keep_targets(
    targets: Iterable[Target], aggregates: Aggregates, profile: Profile, end: date
) -> tuple[KeptTarget, ...]:
    """Targets on figures that are known and with an aim that is an improvement, each with where it starts.

    Args:
        end: The day after the month; targets are decided when the month that begins there is over.
    """
    labels = {priority.slug: priority.label for priority in profile.priorities}
    kept = []
    for target in targets:
        measured = measure_target(aggregates, target.metric, target.by)
        yardstick = YARDSTICKS[target.metric]
        if measured is None or not _is_improvement(target.to, measured.value, yardstick):
            continue
        decided = yardstick.words.format(by=labels.get(target.by, target.by))
        kept.append(
            KeptTarget(
                **target.model_dump(include=set(Target.model_fields)),
                start=measured.value,
                measured_by=f"Now {yardstick.shown(measured.value)}, n = {measured.of}. Decided by: {decided}, "
                f"{yardstick.aim(target.to)}, on {long_day(month_of(end).end)}.",
            )
        )
    return tuple(kept)


def _is_improvement(to: float, start: float, yardstick: Yardstick) -> bool:
    if yardstick.unit == "count":
        return to >= 1  # each month begins at nothing
    return start < to <= 100 if yardstick.is_floor else 0 <= to < start


def judge_targets(
    targets: Iterable[KeptTarget], aggregates: Aggregates, *, is_same_reader: bool = True
) -> tuple[TargetOutcome, ...]:
    """What the figures of the month say of the targets that the month before has set."""
    outcomes = []
    for target in targets:
        measured, yardstick = measure_target(aggregates, target.metric, target.by), YARDSTICKS[target.metric]
        outcomes.append(
            TargetOutcome(
                title=target.title,
                aim=yardstick.aim(target.to),
                was=yardstick.shown(target.start),
                now=yardstick.shown(measured.value if measured else None),
                verdict=_verdict(target, measured.value, yardstick)
                if measured and (is_same_reader or target.metric in COUNTED)
                else "unknown",
            )
        )
    return tuple(outcomes)


def _verdict(target: KeptTarget, now: float, yardstick: Yardstick) -> Literal["met", "close", "missed"]:
    if now >= target.to if yardstick.is_floor else now <= target.to:
        return "met"
    way = target.to - target.start
    return "close" if way and (now - target.start) / way >= CLOSE else "missed"
