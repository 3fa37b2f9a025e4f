"""A business keeps its colour in every chart and period: by its order in the profile, not by rank."""

from __future__ import annotations

from session_insights.profile import Priority, Profile

COLOUR_COUNT = 6
OTHER = "var(--grey)"


def business_colour(profile: Profile, slug: str | None) -> str | None:
    """A CSS colour; None for unknown; grey from the seventh business on and for one that the profile no longer has."""
    if slug is None:
        return None
    slugs = [business.slug for business in profile.businesses[:COLOUR_COUNT]]
    return f"var(--c{slugs.index(slug) + 1})" if slug in slugs else OTHER


def priority_colour(profile: Profile, priority: Priority) -> str:
    """The colour of its business when it has exactly one, else the accent."""
    if len(priority.businesses) != 1:
        return "var(--accent)"
    return business_colour(profile, priority.businesses[0]) or OTHER
