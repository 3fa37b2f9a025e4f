"""What a person says over a reader: shown, kept through later readings, taken back, forgotten with the session."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from session_insights.errors import SettingsError
from session_insights.records import Facet, Reading
from session_insights.settings import Settings
from session_insights.stages import keeping
from session_insights.stages.correcting import correct_facets, list_corrections
from session_insights.store.corrections import load_all_standing
from session_insights.store.database import Connection, connect, execute
from session_insights.store.facets import save_reading
from session_insights.store.queries import load_sql
from tests.building import assistant, transcript, user, write_transcript
from tests.helpers import dump_everything, sample_profile, sync_folder
from tests.store.test_facets import add_session

PROFILE = sample_profile()
READ = Facet(
    "s1",
    outcome="fully_achieved",
    businesses=["stb"],
    skills_missed=[],
    course_corrections=1,
    evidence={"outcome": [4, 7], "businesses": [1]},
)


def reading(facet: Facet = READ, **values: Any) -> Reading:
    made = Reading(facet.session_id, "ok", "offline", "offline", 1, "p", "c1", facet=facet)
    return replace(made, **values)


def correct(connection: Connection, values: dict[str, Any], *, session_id: str = "s1", **more: Any) -> dict[str, Any]:
    return correct_facets(connection, session_id, values, **({"by": "Alex", "profile": PROFILE} | more))


def facet_of(connection: Connection, session_id: str = "s1") -> dict[str, Any]:
    [row] = execute(connection, "select * from insights.session_facets where session_id = %(id)s", id=session_id)
    return row


@pytest.fixture
def read(connection: Connection) -> Connection:
    """A session `s1` that the rules have read."""
    add_session(connection, "s1")
    save_reading(connection, reading())
    return connection


def test_a_correction_is_shown_at_once_and_the_readers_value_is_kept_beside_it(read: Connection) -> None:
    correct(read, {"outcome": "not_achieved", "skills_missed": "compose, follow-up"}, note="it never went out")
    row = facet_of(read)
    assert (row["outcome"], row["skills_missed"]) == ("not_achieved", ["compose", "follow-up"])
    assert row["corrected"] == {
        "outcome": {"value": "fully_achieved", "evidence": [4, 7]},
        "skills_missed": {"value": [], "evidence": []},
    }
    assert (row["businesses"], row["course_corrections"], row["reader"]) == (["stb"], 1, "offline")


def test_a_readers_evidence_is_none_for_a_persons_value(read: Connection) -> None:
    correct(read, {"outcome": "not_achieved"})
    assert facet_of(read)["evidence"] == {"businesses": [1]}


def test_a_correction_holds_through_later_readings_and_knows_what_the_last_one_said(read: Connection) -> None:
    correct(read, {"outcome": "not_achieved"})
    later = replace(READ, outcome="mostly_achieved", course_corrections=3, evidence={"outcome": [9]})
    save_reading(read, reading(later, reader="claude", model="claude-haiku-5-5"))
    row = facet_of(read)
    assert (row["outcome"], row["course_corrections"], row["reader"]) == ("not_achieved", 3, "claude")
    assert row["corrected"] == {"outcome": {"value": "mostly_achieved", "evidence": [9]}}


def test_undo_shows_what_the_last_reader_said_with_its_evidence(read: Connection) -> None:
    correct(read, {"outcome": "not_achieved", "businesses": "indy-hall"})
    save_reading(read, reading(replace(READ, outcome="mostly_achieved", evidence={"outcome": [9]})))
    correct(read, {}, undo=["outcome"])
    row = facet_of(read)
    assert (row["outcome"], row["businesses"]) == ("mostly_achieved", ["indy-hall"])
    assert row["evidence"] == {"outcome": [9]}
    assert list(row["corrected"]) == ["businesses"]
    correct(read, {}, undo=["businesses"])
    assert (facet_of(read)["businesses"], facet_of(read)["corrected"]) == (["stb"], {})


def test_a_facet_corrected_twice_goes_back_to_the_reader_and_not_to_the_first_correction(read: Connection) -> None:
    correct(read, {"outcome": "not_achieved"})
    correct(read, {"outcome": "partially_achieved"})
    assert facet_of(read)["corrected"]["outcome"]["value"] == "fully_achieved"
    correct(read, {}, undo=["outcome"])
    assert facet_of(read)["outcome"] == "fully_achieved"


def test_every_act_is_kept_with_what_stood_there_before(read: Connection) -> None:
    correct(read, {"outcome": "not_achieved"}, note="never sent")
    correct(read, {"outcome": "partially_achieved"}, by="Maya")
    correct(read, {}, undo=["outcome"])
    acts = [
        tuple(act[name] for name in ("action", "value", "previous_value", "corrected_by", "note"))
        for act in list_corrections(read, "s1")
    ]
    assert acts == [
        ("set", "not_achieved", "fully_achieved", "Alex", "never sent"),
        ("set", "partially_achieved", "not_achieved", "Maya", None),
        ("undo", None, "partially_achieved", "Alex", None),
    ]


def test_unknown_is_a_correction_too(read: Connection) -> None:
    correct(read, {"businesses": "unknown"})
    assert facet_of(read)["businesses"] is None
    save_reading(read, reading())
    assert facet_of(read)["businesses"] is None
    correct(read, {}, undo=["businesses"])
    assert facet_of(read)["businesses"] == ["stb"]


def test_a_session_that_is_not_read_yet_takes_the_correction_on_when_it_is(connection: Connection) -> None:
    add_session(connection, "s1")
    assert correct(connection, {"outcome": "not_achieved"})["is_read"] is False
    assert execute(connection, "select 1 from insights.session_facets") == []
    save_reading(connection, reading())
    assert facet_of(connection)["outcome"] == "not_achieved"


def test_a_wrong_correction_changes_nothing(read: Connection) -> None:
    before = dump_everything(read)
    for values, undo, told in (
        ({"outcome": "partially_achieved", "businesses": "acme"}, [], "'indy-hall'"),
        ({"outcome": "partially_achieved"}, ["businesses"], "not corrected"),
        ({"mcp_failures": 2}, [], "counted from the transcript"),
        ({"mood": "good"}, [], "no such facet"),
        ({"outcome": "not_achieved"}, ["outcome"], "either"),
        ({}, [], "Nothing to correct"),
    ):
        with pytest.raises(SettingsError, match=told):
            correct(read, values, undo=undo)
    with pytest.raises(SettingsError, match="not known"):
        correct(read, {"outcome": "not_achieved"}, session_id="nobody")
    assert dump_everything(read) == before


def test_figures_follow_a_correction_and_coverage_counts_it(read: Connection) -> None:
    days = {"window_start": date(2026, 11, 15), "window_end": date(2026, 11, 22)}

    def outcomes() -> dict[str, int]:
        rows = execute(read, load_sql("aggregates/outcomes"), **days)
        return {row["outcome"]: row["session_count"] for row in rows}

    assert outcomes() == {"fully_achieved": 1}
    correct(read, {"outcome": "not_achieved", "course_corrections": "2"})
    assert outcomes() == {"not_achieved": 1}
    [coverage] = execute(read, load_sql("aggregates/coverage"), **days)
    assert coverage["corrected_facet_count"] == 2


def test_a_correction_and_a_reading_at_once_leave_the_correction_on_top(read: Connection, database_url: str) -> None:
    """Whoever comes first, the other waits for the whole of it."""

    def read_again() -> None:
        with connect(database_url) as other:
            for _ in range(20):
                save_reading(other, reading(replace(READ, outcome="mostly_achieved")))

    reader = Thread(target=read_again)
    reader.start()
    for outcome in ["not_achieved", "partially_achieved"] * 10:
        correct(read, {"outcome": outcome})
        assert facet_of(read)["outcome"] == outcome
    reader.join()
    assert facet_of(read)["corrected"]["outcome"]["value"] == "mostly_achieved"


def test_purging_a_session_takes_its_corrections_along(read: Connection, tmp_path: Path) -> None:
    correct(read, {"brief_summary": "xylophone-7413"})
    keeping.purge(
        read, session_ids=["s1"], person=None, with_forks=False, dry_run=False, profile=PROFILE, settings=Settings()
    )
    assert "xylophone-7413" not in dump_everything(read)
    assert execute(read, "select 1 from insights.facet_corrections") == []


def test_purging_a_person_takes_the_name_out_of_corrections(read: Connection) -> None:
    correct(read, {"people_mentioned": "Anna Kern"}, by="Anna Kern", note="asked Anna Kern")
    correct(read, {"people_mentioned": "Tom Okafor"})
    keeping.purge(
        read, session_ids=[], person="Anna Kern", with_forks=False, dry_run=False, profile=PROFILE, settings=Settings()
    )
    assert "Anna Kern" not in dump_everything(read, without="purged_people")
    assert [act["value"] for act in list_corrections(read, "s1")] == [["[person]"], ["Tom Okafor"]]


def test_purging_a_person_takes_the_name_out_of_what_the_reader_had_said(read: Connection) -> None:
    save_reading(read, reading(replace(READ, people_mentioned=["Anna Kern"])))
    correct(read, {"people_mentioned": "Tom Okafor"})
    keeping.purge(
        read, session_ids=[], person="Anna Kern", with_forks=False, dry_run=False, profile=PROFILE, settings=Settings()
    )
    assert "Anna Kern" not in dump_everything(read, without="purged_people")
    assert facet_of(read)["corrected"]["people_mentioned"]["value"] == ["[person]"]


def test_corrections_survive_a_sync_of_everything_from_the_archive(connection: Connection, tmp_path: Path) -> None:
    settings = Settings(archive=tmp_path / "archive")
    write_transcript(tmp_path / "projects", transcript(user("mail Maya"), assistant(), session_id="s1"))
    sync_folder(connection, tmp_path / "projects", settings=settings)
    save_reading(connection, reading())
    correct(connection, {"outcome": "not_achieved"})
    keeping.resync_from_archive(connection, profile=PROFILE, settings=settings, progress=lambda _: None)
    assert facet_of(connection)["outcome"] == "not_achieved"
    save_reading(connection, reading())
    assert facet_of(connection)["outcome"] == "not_achieved"


def test_what_stands_is_offered_as_labels(read: Connection) -> None:
    add_session(read, "s2")
    correct(read, {"outcome": "not_achieved", "businesses": "stb"})
    correct(read, {}, undo=["businesses"])
    correct(read, {"course_corrections": "2"}, session_id="s2")
    assert load_all_standing(read) == {"s1": {"outcome": "not_achieved"}, "s2": {"course_corrections": 2}}
