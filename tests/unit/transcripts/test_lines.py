"""Bytes → records."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_insights.transcripts.lines import LineReader, clean


def read(data: bytes) -> tuple[list[dict[str, object]], LineReader]:
    reader = LineReader(io.BytesIO(data))
    return list(reader), reader


# Beyond 64 bits a number is read as a fraction.
_VALUES = st.text(max_size=20) | st.integers(-(2**63), 2**64 - 1)


@given(st.lists(st.dictionaries(st.text(max_size=5), _VALUES), max_size=8))
def test_every_well_formed_record_comes_back_as_it_was(records: list[dict[str, object]]) -> None:
    data = "".join(json.dumps(record) + "\n" for record in records).encode()
    found, reader = read(data)
    assert found == records
    assert reader.bad_lines == []
    assert reader.read_bytes == len(data)


@given(st.binary(max_size=300))
def test_no_bytes_stop_the_reader(data: bytes) -> None:
    _, reader = read(data)
    assert reader.read_bytes <= len(data)


@given(st.binary(max_size=60))
def test_a_good_line_after_any_line_is_still_read(line: bytes) -> None:
    found, _ = read(line.replace(b"\n", b"") + b"\n" + b'{"type":"after"}\n')
    assert {"type": "after"} in found


def test_an_unterminated_tail_waits() -> None:
    found, reader = read(b'{"a":1}\n{"b":2}')
    assert found == [{"a": 1}]
    assert reader.read_bytes == 8
    assert reader.bad_lines == []


def test_records_glued_on_one_line_are_both_read() -> None:
    found, reader = read(b'{"a":1}{"b":2}\n')
    assert found == [{"a": 1}, {"b": 2}]
    assert reader.bad_lines == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\x00" * 40, "NUL bytes"),
        (b'{"type":"user","message":{"content":"cut he', "no JSON"),
        (b"[1,2]", "no JSON object"),
        (b'{"note":"\xff\xfe"}', "not UTF-8; read with replacements"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_a_bad_line_is_noted_with_its_place_and_reason(line: bytes, reason: str) -> None:
    _, reader = read(b'{"a":1}\n' + line + b"\n")
    assert [(bad.offset, bad.reason) for bad in reader.bad_lines] == [(8, reason)]


def test_a_file_copied_by_hand_may_have_a_bom_blank_lines_and_crlf() -> None:
    found, reader = read(b'\xef\xbb\xbf{"a":1}\r\n\r\n  \n{"b":2}\r\n')
    assert found == [{"a": 1}, {"b": 2}]
    assert reader.bad_lines == []


def test_a_lone_surrogate_and_a_nul_become_storable_text() -> None:
    found, _ = read(b'{"text":"a \\ud83d b \\u0000 c"}\n')
    text = clean(str(found[0]["text"]))
    assert text == "a \ufffd b \ufffd c"
    text.encode("utf-8")


def test_the_six_characters_of_an_escaped_escape_stay_as_they_are() -> None:
    found, _ = read(b'{"text":"\\\\u0000"}\n')
    assert clean(str(found[0]["text"])) == "\\u0000"
