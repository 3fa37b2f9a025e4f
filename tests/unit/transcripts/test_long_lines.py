"""Lines of any length, in a memory that does not grow with them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_insights.transcripts import lines
from session_insights.transcripts.long_lines import StringCutter
from tests.building import assistant, result, transcript, user

ROOT = Path(__file__).parents[3]
MOST_MB = 300

READ = """
import sys
from pathlib import Path
from session_insights.transcripts.files import find_transcripts
from session_insights.transcripts.syncing import read_files
for _, result in read_files(find_transcripts("laptop", Path(sys.argv[1])), entry_characters=8000, processes=1):
    print(len(result.bad_lines), sum(session.packed.entry_count for session in result.sessions))
# ru_maxrss would start with what the parent took.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024)
"""

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


def cut(data: bytes, *, pieces: int = 1, longest: int = 1000, most: int = 100_000) -> bytes | None:
    cutter = StringCutter(longest, most)
    for start in range(0, len(data), pieces):
        cutter.feed(data[start : start + pieces])
    return cutter.finish()


@given(values, st.integers(1, 9), st.booleans())
def test_what_is_short_stays_whatever_the_pieces(value: Any, pieces: int, is_ascii: bool) -> None:
    data = json.dumps(value, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    assert cut(data, pieces=pieces) == data


@given(values, st.integers(1, 9), st.integers(0, 12), st.booleans())
def test_what_is_cut_is_json_of_the_same_shape(value: Any, pieces: int, longest: int, is_ascii: bool) -> None:
    data = json.dumps([value], ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    shortened = cut(data, pieces=pieces, longest=longest)
    assert shortened is not None
    [found] = json.loads(shortened)
    assert type(found) is type(value)
    if isinstance(value, str) and value.isascii():
        assert value.startswith(found)


def test_a_line_that_stays_long_without_its_strings_is_given_up() -> None:
    assert cut(b"[" + b"1," * 1000 + b"1]", most=500) is None


def test_the_small_parts_of_an_oversized_line_are_read_and_the_line_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_CHUNK", 1000)
    monkeypatch.setattr(lines, "_LONGEST_LINE", 10_000)
    monkeypatch.setattr(lines, "_LONGEST_STRING", 100)
    long = json.dumps({"text": 'a"\\é' * 20_000, "uuid": "u2", "usage": {"output_tokens": 7}}).encode()
    reader = lines.LineReader(io.BytesIO(b'{"uuid":"u1"}\n' + long + b'\n{"uuid":"u3"}\n'))
    found = list(reader)
    assert [record["uuid"] for record in found] == ["u1", "u2", "u3"]
    assert found[1]["usage"] == {"output_tokens": 7}
    assert [(bad.offset, bad.size_bytes) for bad in reader.bad_lines] == [(14, len(long) + 1)]
    assert reader.read_bytes == 14 + len(long) + 1 + 14


def test_an_oversized_line_without_an_end_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_CHUNK", 1000)
    monkeypatch.setattr(lines, "_LONGEST_LINE", 10_000)
    reader = lines.LineReader(io.BytesIO(b'{"uuid":"u1"}\n{"text":"' + b"x" * 50_000))
    whole = lines.LineReader(io.BytesIO(b'{"uuid":"u1"}\n'))
    assert list(reader) == list(whole)
    assert (reader.read_bytes, reader.digest, reader.bad_lines) == (14, whole.digest, [])


@given(st.binary(max_size=400), st.integers(1, 50))
def test_the_size_of_the_pieces_read_changes_nothing(data: bytes, size: int) -> None:
    data = data.replace(b"\x01", b"\n").replace(b"\x02", b'{"a":1}\n')
    whole = lines.LineReader(io.BytesIO(data))
    expected = list(whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_CHUNK", size)
        reader = lines.LineReader(io.BytesIO(data))
        assert list(reader) == expected
    assert (reader.digest, reader.read_bytes, reader.bad_lines) == (whole.digest, whole.read_bytes, whole.bad_lines)


def read_in_a_process(root: Path) -> tuple[list[str], int]:
    """What reading says, and the peak of its memory in MB."""
    done = subprocess.run([sys.executable, "-c", READ, root], check=True, capture_output=True, text=True, cwd=ROOT)
    *said, peak = done.stdout.split("\n")[:-1]
    return said, int(peak)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_a_line_of_100_mb_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "project" / "s1.jsonl"
    path.parent.mkdir()
    record = {"type": "user", "uuid": "u1", "timestamp": "2026-11-16T09:00:00Z", "message": {"content": "@@"}}
    start, end = json.dumps(record).encode().split(b"@@")
    with path.open("wb") as stream:
        stream.write(start)
        for _ in range(100):
            stream.write("é".encode() * (512 * 1024))
        stream.write(end + b"\n")
    said, peak = read_in_a_process(tmp_path)
    assert said == ["1 1"]
    assert peak <= MOST_MB


@pytest.mark.parametrize("unit", [b"{},", b"[],", b'{"":0},', '"\U0001f600",'.encode(), b"[", b"\xff"])
def test_lines_made_to_take_memory_do_not(tmp_path: Path, unit: bytes) -> None:
    path = tmp_path / "project" / "s1.jsonl"
    path.parent.mkdir()
    with path.open("wb") as stream:
        for size in (4_000_000, 15_900_000):
            stream.write(b'{"type":"user","uuid":"u1","x":[' + unit * (size // len(unit)) + b"0]}\n")
    _, peak = read_in_a_process(tmp_path)
    assert peak <= MOST_MB


def write_small_records(path: Path, turns: int) -> None:
    """Prompts, calls with their results, and replies."""
    path.parent.mkdir(parents=True)
    with path.open("w") as stream:
        for turn in range(turns):
            call = assistant(tool="Bash", given={"command": f"ls {turn}"}, call=f"c{turn}", message_id=f"call{turn}")
            said = (user(f"go {turn}"), call, result(f"c{turn}", "ok"), assistant("Done.", message_id=f"m{turn}"))
            start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=turn)
            records = transcript(*said, start=start, seconds=0.1)
            stream.writelines(f"{json.dumps({**r, 'uuid': f'{turn}-{n}'})}\n" for n, r in enumerate(records))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_a_record_more_takes_next_to_no_memory(tmp_path: Path) -> None:
    write_small_records(tmp_path / "short" / "p" / "s1.jsonl", 12_000)
    write_small_records(tmp_path / "long" / "p" / "s1.jsonl", 40_000)
    said, short = read_in_a_process(tmp_path / "short")
    assert said == ["0 36000"]
    said, long = read_in_a_process(tmp_path / "long")
    assert said == ["0 120000"]
    # An entry that is held takes about 1 kB; 200 bytes a record are 21 MB.
    assert long - short <= 21, "112,000 records more"


def test_bad_lines_are_noted_one_by_one_up_to_a_bound_and_then_as_a_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_MOST_NOTES", 2)
    reader = lines.LineReader(io.BytesIO(b"a\nbb\n" + b"ccc\n" * 1000 + b'{"uuid":"u1"}\nd\n'))
    assert [record["uuid"] for record in reader] == ["u1"]
    noted = [(bad.offset, bad.size_bytes, bad.reason) for bad in reader.bad_lines]
    assert noted[:2] == [(0, 2, "no JSON"), (2, 3, "no JSON")]
    assert noted[2:] == [(5, 4 * 1000 + 14 + 2, "1,001 more bad lines in here")]
