"""The finding of each section and what there is to say about it, by rules from the figures."""

from __future__ import annotations

from collections.abc import Callable

from session_insights.narratives.sections import SectionName, SectionText
from session_insights.narratives.subject import Subject
from session_insights.narratives.topics.direction import write_attention, write_priorities
from session_insights.narratives.topics.people import write_people
from session_insights.narratives.topics.quality import write_friction, write_health, write_skills, write_value

WRITERS: dict[SectionName, Callable[[Subject], SectionText]] = {
    "attention": write_attention,
    "priorities": write_priorities,
    "friction": write_friction,
    "skills": write_skills,
    "people": write_people,
    "value": write_value,
    "health": write_health,
}
