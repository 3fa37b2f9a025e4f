"""What Claude is asked: the profile in the fixed part, the figures as untrusted data."""

from __future__ import annotations

import json
from typing import Any

from session_insights.llm.prompts import RenderedPrompt, load_prompt
from session_insights.narratives.sections import MonthText, Narrative, NarrativeText
from session_insights.profile import Profile
from session_insights.records import Figures
from session_insights.windows import Window
from session_insights.wording import day_range, half_up, shorten

WEEKLY, MONTHLY = "write_weekly", "write_monthly"
MOST_EVIDENCE = 6  # sessions of a finding; more say little more
LONGEST_TEXT = 240


def build_request(
    figures: Figures, profile: Profile, window: Window, by_rules: Narrative, *, objections: list[str]
) -> RenderedPrompt:
    before, is_month = window.previous(), by_rules.months is not None
    answer_type: type[NarrativeText] = MonthText if is_month else NarrativeText
    data = {
        "current": _trimmed(figures.current),
        "previous": _trimmed(figures.previous),
        "rules": by_rules.model_dump(mode="json", include=set(answer_type.model_fields)),
        "last_time": [item.model_dump(mode="json") for item in (*by_rules.verdicts, *by_rules.outcomes)],
    }
    return load_prompt(MONTHLY if is_month else WEEKLY).render(
        owner=profile.owner,
        period=f"{day_range(window.start, window.last_day)} {window.last_day.year}",
        last=f"{day_range(before.start, before.last_day)} {before.last_day.year}",
        businesses=_list([f"{business.slug}: {business.about}" for business in profile.businesses]),
        priorities=_list(
            [f"{item.slug}: {item.label}, {half_up(100 * item.target_share)}%" for item in profile.priorities]
        ),
        skills=_list([f"{skill.name}: {skill.when}" for skill in profile.skills]),
        people=_list([f"{person.name}{f' ({person.about})' if person.about else ''}" for person in profile.people]),
        figures=json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
        objections="\n".join(objections) or "(none)",
    )


def _list(lines: list[str]) -> str:
    return "\n".join(f"- {' '.join(line.split())}" for line in lines) or "- (none)"


def _trimmed(value: Any) -> Any:
    """Figures as they are; long texts and long lists of evidence are cut, unknowns in evidence left out."""
    if isinstance(value, dict):
        return {
            key: _trimmed([_known(entry) for entry in item[:MOST_EVIDENCE]])
            if key == "evidence" and isinstance(item, list)
            else _trimmed(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_trimmed(item) for item in value]
    return shorten(value, LONGEST_TEXT) if isinstance(value, str) else value


def _known(entry: Any) -> Any:
    return {key: item for key, item in entry.items() if item is not None} if isinstance(entry, dict) else entry
