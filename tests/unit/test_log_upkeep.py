"""Old log files of Airflow go; young ones, other DAGs' ones and what a link leads to stay."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from session_insights.settings import Settings
from session_insights.stages.logs import _DAGS, delete_logs

ROOT = Path(__file__).parent.parent.parent
DAY = 86_400
RUN = "dag_id=insights_session_sync/run_id=scheduled__1/task_id=find_transcripts"
OLD_OURS = {f"{RUN}/attempt=1.log", "dag_processor/2026-01-01/dags-folder/insights_setup.py.log"}
OLD_OTHERS = {"dag_id=somebodys/run_id=1/task_id=t/attempt=1.log", "dag_id=insights_of_theirs/run_id=1/attempt=1.log"}
YOUNG = {"dag_id=insights_session_sync/run_id=scheduled__2/task_id=find_transcripts/attempt=1.log"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "logs"
    for name in OLD_OURS | OLD_OTHERS | YOUNG:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("12345")
        age(path, 100 if name not in YOUNG else 10)
    return root


def age(path: Path, days: int) -> None:
    os.utime(path, (time.time() - days * DAY,) * 2, follow_symlinks=False)


def left(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("settings", "stay"),
    [
        (Settings(), OLD_OTHERS | YOUNG),
        (Settings(airflow_days=30), YOUNG),
        (Settings(bookkeeping_days=None), OLD_OURS | OLD_OTHERS | YOUNG),
        (Settings(bookkeeping_days=None, airflow_days=30), OLD_OURS | YOUNG),
    ],
)
def test_what_goes_is_old_enough_by_the_setting_for_it(folder: Path, settings: Settings, stay: set[str]) -> None:
    before = left(folder)
    would = delete_logs(folder, settings=settings, dry_run=True)
    assert left(folder) == before
    done = delete_logs(folder, settings=settings)
    assert left(folder) == stay
    assert done["file_count"] == would["file_count"] == len(before - stay)
    assert done["size_bytes"] == 5 * len(before - stay)


def test_a_log_that_a_link_leads_to_stays(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "insights_setup.py.log").write_text("kept")
    age(outside / "insights_setup.py.log", 100)
    (folder / "dag_processor" / "latest").symlink_to(outside)
    link = folder / RUN / "attempt=2.log"
    link.symlink_to(outside / "insights_setup.py.log")
    age(link, 100)
    delete_logs(folder, settings=Settings())
    assert (outside / "insights_setup.py.log").read_text() == "kept"
    assert link.is_symlink()


def test_an_empty_folder_goes_when_nobody_can_be_about_to_write_into_it(folder: Path) -> None:
    delete_logs(folder, settings=Settings())
    assert (folder / RUN).is_dir()
    delete_logs(folder, settings=Settings(), now=time.time() + 2 * DAY)
    assert not (folder / RUN).exists()
    assert folder.is_dir()


def test_a_folder_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    assert delete_logs(tmp_path / "none", settings=Settings())["summary"] == "0 old logs (0.0 MB) deleted."


def test_the_dags_whose_logs_go_are_those_there_are() -> None:
    assert sorted(_DAGS) == sorted(path.stem for path in (ROOT / "dags").glob("insights_*.py"))
