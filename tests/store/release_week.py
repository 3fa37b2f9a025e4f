"""The transcripts that the databases in `upgrades/` were filled from, by the code of their time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.building import assistant, result, transcript, user, write_transcript

MONDAY = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)


def write_release_week(root: Path) -> None:
    """A session of two days with a tool error, a fork of it, an automated one and a sub-agent; all ids are fixed."""
    history = [
        user("draft the town hall mail", uuid="u1"),
        assistant("Here it is.", message_id="m1", uuid="u2"),
        user("no, shorter please", uuid="u3"),
        assistant(tool="Bash", given={"command": "make"}, call="c1", message_id="m2", uuid="u4"),
        result("c1", "make: no rule", is_error=True, uuid="u5"),
        assistant("Shorter now.", message_id="m3", uuid="u6"),
    ]
    write_transcript(root, transcript(*history, user("perfect, thank you!"), session_id="one", start=MONDAY))
    on = [user("and the invitation", uuid="u8"), assistant("There.", message_id="m4", uuid="u9"), user("great")]
    write_transcript(root, transcript(*history, *on, session_id="two", start=MONDAY, seconds=60))
    later = MONDAY + timedelta(days=2)
    late = [user("compare two leases"), assistant("The second.", message_id="m5"), user("why?"), assistant("Rent.")]
    late[-1]["message"]["id"] = "m6"
    path = write_transcript(root, transcript(*late, session_id="three", start=later, seconds=120))
    agent = [user("look at the leases", isSidechain=True), assistant("Done.", message_id="m7", isSidechain=True)]
    write_transcript(
        path.parent, transcript(*agent, session_id="three", start=later), name="agent-a1", project="three/subagents"
    )
