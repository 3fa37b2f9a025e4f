"""The report's escaping templates, with the words that pages need on top."""

from __future__ import annotations

import shlex
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment

from session_insights import wording
from session_insights.dashboard.judgements import say
from session_insights.dashboard.wordings import plain
from session_insights.profile import Profile
from session_insights.reports.rendering import build_environment


def build_templates(folder: Path, profile: Profile) -> Environment:
    """Templates below `include/templates` for a profile; everything is escaped."""

    def say_facet(facet: str, value: Any) -> str | None:
        return say(facet, value, profile)

    environment = build_environment(folder)
    environment.filters |= {
        "duration": wording.duration,
        "money": wording.money,
        "tokens": wording.tokens,
        "moment": wording.moment,
        "short_day": wording.short_day,
        "plain": plain,
        "say": say_facet,
        "days": lambda row: wording.full_range(row["period_start"], row["period_end"] - timedelta(days=1)),
        "pair": lambda value: (value, value),
        "quote": lambda value: quote(value, safe=""),
        "shell": shlex.quote,
    }
    return environment
