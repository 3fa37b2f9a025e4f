"""The user's own words, checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_insights.errors import SettingsError
from session_insights.profile import load_profile
from tests.helpers import sample_profile

GOOD = """\
owner: Robin
time_zone: Europe/Berlin
businesses:
  - slug: studio
    about: design
priorities:
  - slug: grow
    label: Grow
    target_share: 0.4
    businesses: [studio]
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "profile.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_sample_is_valid() -> None:
    profile = sample_profile()
    assert [business.slug for business in profile.businesses][:2] == ["indy-hall", "stb"]
    assert sum(priority.target_share for priority in profile.priorities) <= 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Europe/Berlin", "Berlin", "line 2, time_zone: 'Berlin' is no time zone"),
        ("target_share: 0.4", "target_share: 4", "line 9, priorities.0.target_share"),
        ("about: design", "abuot: design", "line 4, businesses.0.about: Field required"),
        ("slug: studio", "slug: My Studio", "line 4, businesses.0.slug"),
        ("[studio]", "[shop]", "names the business 'shop', which is not listed"),
        ("owner: Robin", "owner: [", "no valid YAML"),
        (GOOD, "- a list", "expected keys"),
    ],
)
def test_a_mistake_is_named_by_line_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_profile(write(tmp_path, GOOD.replace(old, new)))
    assert message in str(raised.value)


def test_a_missing_profile_says_which_setting_names_another(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SESSION_INSIGHTS_PROFILE"):
        load_profile(tmp_path / "none.yaml")


def test_skills_of_claude_code_complete_the_list(tmp_path: Path) -> None:
    skill = tmp_path / "home" / "skills" / "tidy" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: tidy\ndescription: Put the desk in order\n---\n", encoding="utf-8")
    command = tmp_path / "home" / "commands" / "ship.md"
    command.parent.mkdir()
    command.write_text("# Ship it\n", encoding="utf-8")
    profile = load_profile(write(tmp_path, GOOD), skill_roots=(tmp_path / "home",))
    assert {skill.name: skill.when for skill in profile.skills} == {"tidy": "Put the desk in order", "ship": "Ship it"}
