"""A set of ids that takes 8 bytes for each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_insights.transcripts import hashes


@given(st.lists(st.text(max_size=2)), st.integers(1, 5))
def test_it_knows_what_a_set_knows(ids: list[str], near: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashes, "_NEAR", near)
        seen = hashes.SeenIds()
        expected: set[str] = set()
        for key in ids:
            assert seen.add(key) == (key not in expected)
            expected.add(key)
        assert all(key in seen for key in ids)
        assert "never" not in seen
