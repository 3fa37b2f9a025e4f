"""Demo stories: what Alex asked, what Claude did and how it ended, as plain text that a person can edit.

A story is a head (`key: value`, one `when:` line per session it becomes), a line `---`, and a script, one step a line:

    > typed by Alex       >~ a course correction   >= a decision    >> typed while Claude works
    < said by Claude      ^ said until Esc         X the tool call above was refused, with these words
    $ shell   R read   W write   E edit   M server.tool {json}   fetch URL   search words   !! shell typed by Alex
    !$ failed   !$3 failed three times in a row   & beside the tool call above, in one message
    K skill words         /skill words             A type | what | task    (its own steps start with a dot)
    | output or content   - old line   + new line  (two blanks: the text above goes on)
    @ 18h30m later        PR 118 owner/repository  compact auto | summary   kill
    ?key line             only where the `when:` line sets key

`{{key}}` is filled from the head and the `when:` line, `{{+3}}`, `{{w9.thu}}` and `{{month-1}}` from the calendar.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from zoneinfo import ZoneInfo

TIME_ZONE = ZoneInfo("America/New_York")
STORIES = Path(__file__).parent / "stories"
HABITS = Path(__file__).parent / "habits.txt"
VERSIONS = (
    "2.1.301",
    "2.1.309",
    "2.1.316",
    "2.1.322",
    "2.1.327",
    "2.1.330",
)  # the CLI updates itself every four weeks or so
EARLIER_WEEKS = 9
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_STEP = re.compile(
    r"(?P<amp>& )?(?P<bad>!)?(?P<mark>\$|R|W|E|M|K|A|X|PR|fetch|search|compact|@)(?P<times>\d*)(?: (?P<rest>.*)|$)"
)
_TOKEN = re.compile(r"\{\{([\w.+\-]+)(?::(\w+))?\}\}")
_KINDS = {
    "$": "bash", "R": "read", "W": "write", "E": "edit", "M": "mcp", "K": "skill", "A": "agent", "X": "reject",
    "PR": "pr", "fetch": "fetch", "search": "search", "compact": "compact", "@": "later",
}  # fmt: skip


class BrokenStory(ValueError):
    """A line of a story has no meaning; the message names file, story and line."""


@dataclass
class Step:
    """One line of a script with the lines that belong to it."""

    kind: str  # prompt, steer, say, interrupt, bash, read, write, edit, mcp, skill, slash, agent, …
    text: str
    flags: str = ""  # "~" a course correction, "=" a decision
    failed: bool = False
    times: int = 1  # how often the same call is made in a row
    beside: bool = False  # in the same message as the call above
    output: list[str] = field(default_factory=list)
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    inner: list[Step] = field(default_factory=list)  # what a sub-agent does


@dataclass(frozen=True)
class Story:
    """A head with its script as written; `sessions` makes it real."""

    name: str
    head: Mapping[str, str]
    when: tuple[str, ...]  # "w9 mon 08:50 | key=value"
    script: tuple[str, ...]


@dataclass(frozen=True)
class Session:
    """One session to be written: a story at a time, all words filled in."""

    key: str  # story name and place in the calendar; seeds every id in the file
    week: int  # 9 is the last full week, 1 the ninth before it, -8 the oldest
    started_at: datetime  # local
    head: Mapping[str, str]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Calendar:
    """Week 9 is the last full week, Sunday to Saturday, before `end`, 10 the running one, -8 the oldest."""

    end: date

    @property
    def last_sunday(self) -> date:
        """The last Sunday on or before the end."""
        return self.end - timedelta(days=(self.end.weekday() + 1) % 7)

    def day(self, week: int, day: str) -> date:
        """The date of `w9.thu`."""
        return self.last_sunday + timedelta(days=7 * (week - 10) + DAYS.index(day))


def load_stories(folder: Path = STORIES) -> list[Story]:
    """All stories, in the order of file name and line."""
    stories: list[Story] = []
    for path in sorted(folder.glob("*.txt")) if folder.is_dir() else [folder]:
        for part in re.split(r"^=== ", path.read_text("utf-8"), flags=re.M)[1:]:
            top, _, script = part.partition("\n---\n" if "\n---\n" in part else "\n")
            name, *lines = top.splitlines()
            pairs = [line.split(":", 1) for line in lines if line.strip()]
            head = {key.strip(): value.strip() for key, value in pairs if key != "when"}
            when = tuple(line for key, value in pairs if key == "when" for line in spread(value.strip()))
            stories.append(Story(name.strip(), head, when, tuple(script.splitlines())))
    return stories


def spread(line: str) -> list[str]:
    """`w1-w3 tue,thu 02:30 | …` is six lines."""
    weeks, days, rest = line.split(" ", 2)
    era = weeks[0]
    first, _, last = weeks.replace(era, "").partition("-")
    numbers = range(int(first), int(last or first) + 1)
    return [f"{era}{number} {day} {rest}" for number in numbers for day in days.split(",")]


def week_of(place: str) -> int:
    """10 for `w10`; the nine weeks before w1 are v1 to v9, so 0 for `v9`."""
    return int(place[1:]) - (EARLIER_WEEKS if place[0] == "v" else 0)


def plan_sessions(
    stories: Iterable[Story], calendar: Calendar, *, habits: Collection[Story] | None = None
) -> list[Session]:
    """Every session of every story, by time; the writer leaves out those outside its weeks."""
    sessions = []
    habits = load_stories(HABITS) if habits is None else habits
    for story in stories:
        for line in story.when:
            place, *settings = [part.strip() for part in line.split("|")]
            week, day, clock = place.split()
            usual = {"git": "HEAD", "version": VERSIONS[(week_of(week) + EARLIER_WEEKS + 2) // 4]}
            words = usual | dict(story.head) | dict(setting.split("=", 1) for setting in settings)
            on = calendar.day(week_of(week), day)
            hour, minute = map(int, clock.split(":"))
            started_at = datetime(on.year, on.month, on.day, hour, minute, tzinfo=TIME_ZONE)
            filled = {key: fill(value, words, calendar, on) for key, value in words.items()}
            try:
                steps = parse_script([fill(text, filled, calendar, on) for text in _chosen(story.script, filled)])
            except (KeyError, ValueError, IndexError) as error:
                raise BrokenStory(f"{story.name}, {line}: {error!r}") from error
            if not filled.get("started_by"):
                steps[1:1] = choose_habits(habits, filled["cwd"], f"{story.name}:{place}:{on}")
            sessions.append(Session(f"{story.name}:{place}", week_of(week), started_at, filled, tuple(steps)))
    return sorted(sessions, key=lambda session: (session.started_at, session.key))


def choose_habits(habits: Iterable[Story], folder: str, seed: str) -> list[Step]:
    """What Claude looks at first in this folder: two to four calls, some of them in one message."""
    rng = random.Random(seed)
    own = next((habit for habit in habits if fnmatch(folder, habit.name)), None)
    known = parse_script(own.script) if own else []
    chosen = sorted(rng.sample(range(len(known)), min(len(known), rng.randint(2, 4))))
    for place in chosen[1:]:
        known[place].beside = rng.random() < 0.5
    return [known[place] for place in chosen]


def fill(text: str, words: Mapping[str, str], calendar: Calendar, on: date) -> str:
    """Replace each `{{…}}`; a word may itself hold a date."""

    def value(match: re.Match[str]) -> str:
        name, style = match.group(1), match.group(2) or ""
        if name in words:
            return fill(words[name], words, calendar, on)
        if name.startswith("month"):
            number = on.year * 12 + on.month - 1 + int(name[5:] or 0)
            return f"{date(number // 12, number % 12 + 1, 1):%B}"
        if name == "year":
            return str(on.year)
        if name[0] in "+-":
            return spell(on + timedelta(days=int(name)), style)
        week, _, day = name.partition(".")
        return spell(calendar.day(week_of(week), day), style)

    return _TOKEN.sub(value, text)


def spell(day: date, style: str) -> str:
    """November 26; with `day` Thursday, November 26; with `short` Nov 26; with `iso` 2026-11-26."""
    shapes = {"iso": f"{day:%Y-%m-%d}", "short": f"{day:%b} {day.day}", "day": f"{day:%A, %B} {day.day}"}
    return shapes.get(style, f"{day:%B} {day.day}")


def _chosen(script: Iterable[str], words: Mapping[str, str]) -> list[str]:
    chosen = []
    for line in script:
        if line.startswith("?"):
            key, _, line = line[1:].partition(" ")
            if not words.get(key):
                continue
        chosen.append(line)
    return chosen


def parse_script(lines: Iterable[str]) -> list[Step]:
    """Steps in order; raises `ValueError` with the line that has no meaning."""
    steps: list[Step] = []
    inner: list[str] = []

    def close() -> None:
        if inner:
            steps[-1].inner = parse_script(inner)
            inner.clear()

    for line in lines:
        if line.startswith("."):
            inner.append(line[1:])
            continue
        if not line.strip() or line.startswith("#"):
            continue
        close()
        if line.startswith("| ") or line == "|":
            steps[-1].output.append(line[2:])
        elif line.startswith("  "):
            steps[-1].text += "\n" + line[2:]
        elif steps and steps[-1].kind == "edit" and line[:2] in ("- ", "+ ", "+"):
            (steps[-1].old if line[0] == "-" else steps[-1].new).append(line[2:])
        else:
            steps.append(parse_line(line))
    close()
    return steps


def parse_line(line: str) -> Step:
    """One step without the lines that follow it."""
    if line.startswith("!! "):
        return Step("shell", line[3:])
    if match := re.match(r"(>>?)([~=]*) (.*)", line):
        return Step("steer" if match[1] == ">>" else "prompt", match[3], flags=match[2])
    if line[:2] in ("< ", "^ "):
        return Step("say" if line[0] == "<" else "interrupt", line[2:])
    if line == "kill":
        return Step("kill", "")
    if match := re.match(r"/([\w-]+) ?(.*)", line):
        return Step("slash", match[2], flags=match[1])
    if match := _STEP.fullmatch(line):
        return Step(
            _KINDS[match["mark"]],
            match["rest"] or "",
            failed=match["bad"] is not None,
            times=int(match["times"] or 1),
            beside=match["amp"] is not None,
        )
    raise ValueError(f"no meaning in {line!r}")
