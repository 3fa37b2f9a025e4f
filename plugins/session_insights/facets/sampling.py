"""A session as text for one request: whole if it fits, else cut where it says least, with every cut marked."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from session_insights.records import SessionForReading, StoredEntry

CHARACTERS_A_TOKEN = 4
_FIRST, _LAST = 4, 8  # entries kept at either end
_TROUBLE = frozenset({"tool_error", "rejection", "denial", "interruption", "api_error"})
# Characters kept of one entry, tried in turn when what must be kept does not fit.
_CAPS = (100_000, 4_000, 1_500, 600, 250, 120)
_MARK_CHARACTERS = 40  # room for a mark such as `[… 42 entries left out …]`


@dataclass(frozen=True)
class SampledTranscript:
    """Text within the budget, and how many entries it lacks."""

    text: str
    left_out_count: int


def sample_transcript(session: SessionForReading, *, budget_tokens: int) -> SampledTranscript:
    """Number and join the entries; cut when they are more than the budget carries.

    Kept first: what people said, the first and last entries, and all errors, refusals and interruptions, long ones
    shortened if need be. The rest is filled from the newest entry back. Each gap reads `[… 42 entries left out …]`.
    Only the first line of an entry starts at the margin, so that no text can pass for an entry of its own.

    Args:
        budget_tokens: Upper bound, counted as 4 characters a token.
    """
    budget = budget_tokens * CHARACTERS_A_TOKEN
    lines = [render_entry(entry) for entry in session.entries]
    if sum(len(line) + 1 for line in lines) <= budget:
        return SampledTranscript("\n".join(lines), 0)
    must = [place for place, entry in enumerate(session.entries) if _must_stay(entry, place, len(lines))]
    cap = next((cap for cap in _CAPS if _size(session, must, cap) <= budget), _CAPS[-1])
    kept: dict[int, str] = {}
    room = budget
    for place in [*_from_both_ends(must), *reversed(range(len(lines)))]:
        if place in kept:
            continue
        line = render_entry(session.entries[place], most=cap)
        if len(line) + _MARK_CHARACTERS <= room:
            kept[place] = line
            room -= len(line) + _MARK_CHARACTERS
    return SampledTranscript(_join(kept, len(lines)), len(lines) - len(kept))


def _must_stay(entry: StoredEntry, place: int, count: int) -> bool:
    said = entry.is_person or entry.kind in ("prompt", "steering", "command")
    return said or entry.kind in _TROUBLE or place < _FIRST or place >= count - _LAST


def _size(session: SessionForReading, places: list[int], cap: int) -> int:
    return sum(len(render_entry(session.entries[place], most=cap)) + _MARK_CHARACTERS for place in places)


def _from_both_ends(places: list[int]) -> list[int]:
    """First, last, second, last but one …: what falls off when there is no room is the middle."""
    order = []
    for near, far in zip(places, reversed(places), strict=True):
        order += [near, far]
    return order[: len(places)]


def _join(kept: dict[int, str], count: int) -> str:
    lines: list[str] = []
    expected = 0
    for place in [*sorted(kept), count]:
        if place > expected:
            gap = place - expected
            lines.append(f"[… {gap:,} {'entry' if gap == 1 else 'entries'} left out …]")
        if place < count:
            lines.append(kept[place])
        expected = place + 1
    return "\n".join(lines)


def render_entry(entry: StoredEntry, *, most: int = _CAPS[0]) -> str:
    """`[12] tool Bash: …`; further lines are indented, long text is cut in its middle."""
    head = f"[{entry.entry_no}] {entry.kind}"
    if entry.tool:
        head += f" {' '.join(entry.tool.split())}"
    if entry.skill:
        head += f" (skill {' '.join(entry.skill.split())})"
    if entry.is_person:
        head += " (person)"
    text = entry.text.strip()
    if len(text) > most:
        half = most // 2
        text = f"{text[:half]} [… {len(text) - 2 * half:,} characters left out …] {text[-half:]}"
    return f"{head}: " + "\n    ".join(text.splitlines())


def describe_session(session: SessionForReading, *, time_zone: ZoneInfo) -> str:
    """What is known of a session besides its entries, a line each."""
    started_at = session.started_at.astimezone(time_zone)
    facts = [
        ("title", session.title),
        ("project", session.project),
        ("folder", session.cwd),
        ("started", f"{started_at:%A %Y-%m-%d %H:%M} local time"),
        ("active minutes", f"{session.active_minutes:.0f}"),
        ("prompts of the person", str(session.human_prompt_count)),
        ("messages", str(session.message_count)),
        ("started by", session.initiated_by),
        ("continues session", session.resumed_from),
        ("tools used", _counted(session.tools_used, 20)),
        ("files touched", _counted(session.files_touched, 20)),
    ]
    return "\n".join(f"{name}: {' '.join(value.split())[:2000]}" for name, value in facts if value)


def _counted(counts: dict[str, int], most: int) -> str:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{name} ({n})" for name, n in ranked[:most]]
    return ", ".join([*shown, f"and {len(ranked) - most} more"] if len(ranked) > most else shown)
