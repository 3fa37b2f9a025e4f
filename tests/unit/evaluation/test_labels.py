"""Labels as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_insights.errors import SettingsError
from session_insights.evaluation.labels import LabelSet, load_labels
from session_insights.facets.correcting import check_value
from tests.unit.facets.building import PROFILE


def load(folder: Path, *texts: str) -> LabelSet:
    (folder / "labels").mkdir(exist_ok=True)
    for number, text in enumerate(texts):
        (folder / "labels" / f"{number}.yaml").write_text(text, encoding="utf-8")
    return load_labels(folder, lambda facet, value: check_value(facet, value, PROFILE))


def test_a_label_has_values_with_or_without_a_reason(tmp_path: Path) -> None:
    labels = load(
        tmp_path,
        "session: s1\noutcome: not_achieved\nbusinesses: {is: [stb], because: a lesson}\npriority_matched: none\n"
        "workflow_type: unknown\nmcp_failures: 2\nsession_cut_short: true\npeople_mentioned: [May]\n",
    )
    assert labels.sessions == {
        "s1": {
            "outcome": "not_achieved",
            "businesses": ["stb"],
            "priority_matched": "none",
            "workflow_type": None,
            "mcp_failures": 2,
            "session_cut_short": True,
            "people_mentioned": ["Maya Brooks"],
        }
    }
    assert labels.name == tmp_path.name


def test_the_hash_follows_the_values_and_not_the_reasons(tmp_path: Path) -> None:
    one = load(tmp_path, "session: s1\noutcome: {is: not_achieved, because: a}").sha256
    assert load(tmp_path, "session: s1\noutcome: {is: not_achieved, because: b}").sha256 == one
    assert load(tmp_path, "session: s1\noutcome: mostly_achieved").sha256 != one


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- 1", "needs 'session:'"),
        ("a: [", "no YAML"),
        ("session: s\nmood: good", "'mood' is not evaluated"),
        ("session: s\noutcome: done", "'fully_achieved'"),
        ("session: s\noutcome: {is: not_achieved, why: x}", "write 'is:' and 'because:'"),
        ("session: s\noutcome: {because: x}", "is"),
        ("session: s\nbusinesses: [acme]", "acme"),
        ("session: s\nmcp_failures: true", "must be int"),
        ("session: s\nsession_cut_short: 1", "must be bool"),
    ],
)
def test_a_wrong_label_is_named_with_its_file(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=r"0\.yaml") as caught:
        load(tmp_path, text)
    assert told in str(caught.value)


def test_a_session_has_one_label_and_a_folder_at_least_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No labels"):
        load(tmp_path)
    with pytest.raises(SettingsError, match=r"1\.yaml"):
        load(tmp_path, "session: s\noutcome: not_achieved", "session: s\noutcome: not_achieved")
