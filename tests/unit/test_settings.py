"""Knobs: bounds, places, and the two pages that list them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from session_insights.errors import SettingsError
from session_insights.settings import Settings, find_include_dir, find_sources, load_settings

ROOT = Path(__file__).parent.parent.parent


def test_a_value_out_of_bounds_is_refused_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_FACET_LIMIT", "5000")
    with pytest.raises(SettingsError, match="SESSION_INSIGHTS_FACET_LIMIT"):
        load_settings()


def test_sources_carry_the_name_of_their_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_SOURCES", "desk=/data/desk/projects, /data/here")
    [desk, here] = find_sources(load_settings())
    assert desk == ("desk", Path("/data/desk/projects"))
    assert here[1] == Path("/data/here")


def test_claude_codes_own_folder_is_found_and_its_variable_honoured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "projects").mkdir()
    monkeypatch.delenv("SESSION_INSIGHTS_SOURCES", raising=False)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path))
    assert [path for _, path in find_sources(load_settings())] == [tmp_path / "projects"]


def test_an_include_folder_that_is_none_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SESSION_INSIGHTS_INCLUDE_DIR"):
        find_include_dir(Settings(include_dir=tmp_path))


@pytest.mark.parametrize("page", [".env.example", "README.md"])
def test_every_knob_is_listed_where_a_user_looks(page: str) -> None:
    listed = set(re.findall(r"SESSION_INSIGHTS_[A-Z_]+", (ROOT / page).read_text(encoding="utf-8")))
    assert {f"SESSION_INSIGHTS_{name.upper()}" for name in Settings.model_fields} <= listed


@pytest.mark.parametrize(
    ("name", "value"),
    [("DAILY_CAP_USD", "-1"), ("MONTHLY_CAP_USD", "inf"), ("FACET_SCOPE", "human,everybody"), ("READER", "gpt")],
)
def test_a_wrong_cap_scope_or_reader_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"SESSION_INSIGHTS_{name}", value)
    with pytest.raises(SettingsError, match=f"SESSION_INSIGHTS_{name}"):
        load_settings()


def test_a_scope_is_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_INSIGHTS_FACET_SCOPE", "human, automated")
    assert load_settings().facet_categories == ["human", "automated"]
