"""`profile.yaml`: the user's own words, checked; a mistake names line and key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from session_insights.errors import SettingsError

# Every task reads the profile twice: in C where there is that, which takes a tenth of the time.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Business(_Strict):
    slug: Slug
    about: str
    paths: tuple[str, ...] = ()  # glob patterns, matched without regard to case
    words: tuple[str, ...] = ()


class Priority(_Strict):
    slug: Slug
    label: str
    target_share: float = Field(ge=0, le=1)  # of active time
    businesses: tuple[Slug, ...] = ()
    words: tuple[str, ...] = ()


class Skill(_Strict):
    name: Slug
    when: str
    triggers: tuple[str, ...] = ()


class Person(_Strict):
    name: str
    about: str = ""
    aliases: tuple[str, ...] = ()


class Member(_Strict):
    user: str = Field(min_length=1)  # as Airflow knows the person
    machines: tuple[str, ...] = ()  # as `SESSION_INSIGHTS_SOURCES` names them
    is_admin: bool = False  # sees everybody's sessions


class Profile(_Strict):
    """Order matters: a business keeps its colour by its place here."""

    owner: str
    time_zone: str
    hourly_rate_usd: float | None = Field(default=None, gt=0)  # what an hour of the owner's is worth
    businesses: tuple[Business, ...] = Field(min_length=1)
    priorities: tuple[Priority, ...] = ()
    skills: tuple[Skill, ...] = ()
    people: tuple[Person, ...] = ()
    team: tuple[Member, ...] = ()  # read with SESSION_INSIGHTS_TEAM_GROUP_SIZE alone

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @field_validator("time_zone")
    @classmethod
    def _zone_is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"'{value}' is no time zone of the IANA list, such as Europe/Berlin") from None
        return value

    @field_validator("businesses", "priorities")
    @classmethod
    def _slugs_are_unique(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        slugs = [item.slug for item in value]
        twice = sorted({slug for slug in slugs if slugs.count(slug) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stands there twice")
        return value

    @field_validator("team")
    @classmethod
    def _a_machine_is_one_members(cls, value: tuple[Member, ...]) -> tuple[Member, ...]:
        for names in ([member.user for member in value], [name for member in value for name in member.machines]):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{', '.join(twice)} stands there twice")
        return value

    @model_validator(mode="after")
    def _parts_agree(self) -> Profile:
        known = {business.slug for business in self.businesses}
        for priority in self.priorities:
            for slug in priority.businesses:
                if slug not in known:
                    raise ValueError(f"priority {priority.slug} names the business '{slug}', which is not listed")
        total = sum(priority.target_share for priority in self.priorities)
        if total > 1.0001:
            raise ValueError(f"the target shares add up to {total:.2f}; at most 1 is there to give")
        return self


def load_profile(path: Path, *, skill_roots: tuple[Path, ...] = ()) -> Profile:
    """Read and check a profile.

    Args:
        skill_roots: Claude Code homes whose `skills/` and `commands/` complete the list of skills.

    Raises:
        SettingsError: Unreadable, no YAML, or a wrong value; the message has line and key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"Profile {path}: {error.strerror}; set SESSION_INSIGHTS_PROFILE to your own.") from None
    try:
        data = yaml.load(text, Loader=_LOADER)  # noqa: S506 (both are safe ones)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise SettingsError(f"Profile {path}{line}: no valid YAML: {getattr(error, 'problem', error)}") from None
    if not isinstance(data, dict):
        raise SettingsError(f"Profile {path} line 1: expected keys such as owner, time_zone, businesses.")
    try:
        profile = Profile.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        node = yaml.compose(text, Loader=_LOADER)
        place = f"line {_line_of(node, first['loc'])}, {'.'.join(str(part) for part in first['loc']) or 'the page'}"
        raise SettingsError(f"Profile {path} {place}: {first['msg'].removeprefix('Value error, ')}") from None
    return _with_found_skills(profile, skill_roots)


def _line_of(node: Any, location: tuple[int | str, ...]) -> int:
    """The line, from 1, of the value at `location`, or of the nearest thing around it."""
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = node.value[part]
        else:
            found = None
        if found is None:
            break
        node = found
    return int(node.start_mark.line) + 1


def _with_found_skills(profile: Profile, roots: tuple[Path, ...]) -> Profile:
    known = {skill.name for skill in profile.skills}
    found = []
    for root in roots:
        for page in sorted([*root.glob("skills/*/SKILL.md"), *root.glob("commands/*.md")]):
            name = page.parent.name if page.name == "SKILL.md" else page.stem
            if name in known:
                continue
            try:
                found.append(Skill(name=name, when=_description(page)))
            except (ValidationError, OSError):
                continue  # a folder whose name is no skill's name, or that cannot be read
            known.add(name)
    return profile.model_copy(update={"skills": (*profile.skills, *found)})


def _description(page: Path) -> str:
    """The head's `description`, else the first line that says something; at most 200 characters."""
    lines = page.read_text(encoding="utf-8", errors="replace")[:4000].splitlines()
    for line in lines:
        if line.startswith("description:"):
            return line.removeprefix("description:").strip().strip("'\"")[:200]
    return next((line.strip("# ").strip()[:200] for line in lines if line.strip("# -").strip()), "")
