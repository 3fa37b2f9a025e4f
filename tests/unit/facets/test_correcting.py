"""What a person may type for a facet, and what becomes of it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from session_insights.errors import SettingsError
from session_insights.facets.correcting import JUDGED, MEASURED, check_value, split_assignments
from session_insights.records import Facet
from tests.unit.facets.building import PROFILE


@pytest.mark.parametrize(
    ("facet", "typed", "value"),
    [
        ("outcome", "not_achieved", "not_achieved"),
        ("outcome", "unknown", "unclear_from_transcript"),
        ("workflow_type", "unknown", None),
        ("businesses", "stb, indy-hall, stb", ["stb", "indy-hall"]),
        ("businesses", '["stb"]', ["stb"]),
        ("skills_missed", "", []),
        ("people_mentioned", "May, Anna Kern, claude", ["Maya Brooks", "Anna Kern"]),
        ("priority_matched", "none", None),
        ("course_corrections", " 3 ", 3),
        ("estimated_time_saved_minutes", "unknown", None),
        ("projects", "Autumn Newsletter!", ["autumn-newsletter"]),
        ("friction_counts", '{"buggy_code": 2}', {"buggy_code": 2}),
        ("goal_categories", '{"write a mail": 1}', {"write a mail": 1}),
        ("completion_chain", '{"started": 2, "completed": 1}', {"started": 2, "completed": 1, "abandoned": 0}),
        ("pivot_trigger", "price\x00 change", "price change"),
        (
            "relationship_actions",
            '[{"person": "May", "action": "wrote"}]',
            [{"person": "Maya Brooks", "action": "wrote"}],
        ),
    ],
)
def test_what_is_typed_becomes_the_value_that_a_reader_would_give(facet: str, typed: str, value: Any) -> None:
    assert check_value(facet, typed, PROFILE) == value
    if value is not None:
        assert check_value(facet, value, PROFILE) == value


@pytest.mark.parametrize(
    ("facet", "typed", "told"),
    [
        ("outcome", "done", "'fully_achieved'"),
        ("businesses", "acme", "'indy-hall', 'stb' or 'system'"),
        ("skills_missed", "juggling", "'compose' or 'file-this'"),
        ("priority_matched", "world-peace", "'growing-indy-hall'"),
        ("course_corrections", "many", "whole number"),
        ("course_corrections", "-1", "greater than or equal to 0"),
        ("friction_counts", "lots", "must be JSON, such as"),
        ("friction_counts", '{"boredom": 1}', "boredom"),
        ("completion_chain", "[1]", "completion_chain="),
        ("retry_loops", "2", "counted from the transcript"),
        ("evidence", "1", "no such facet"),
        ("session_id", "x", "no such facet"),
    ],
)
def test_a_value_that_no_reader_could_give_is_refused_with_what_is_possible(facet: str, typed: str, told: str) -> None:
    with pytest.raises(SettingsError, match=facet) as caught:
        check_value(facet, typed, PROFILE)
    assert told in str(caught.value)


def test_every_facet_is_either_judged_or_measured() -> None:
    names = {field.name for field in fields(Facet)} - {"session_id", "evidence"}
    assert {*JUDGED} | {*MEASURED} == names
    assert not {*JUDGED} & {*MEASURED}


def test_assignments_are_split_at_the_first_equals_sign() -> None:
    assert split_assignments(["outcome=not_achieved", "friction_detail=a=b"]) == {
        "outcome": "not_achieved",
        "friction_detail": "a=b",
    }
    for wrong in (["outcome"], ["=x"], ["outcome=a", "outcome=b"]):
        with pytest.raises(SettingsError):
            split_assignments(wrong)
