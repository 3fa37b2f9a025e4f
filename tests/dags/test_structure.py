"""DAG files: what they say before anything runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DAGS = sorted((ROOT / "dags").glob("*.py"))

# In a process of its own: Airflow reads its settings when it is imported.
SCRIPT = """
import json, sys, warnings
from airflow.exceptions import RemovedInAirflow4Warning
warnings.simplefilter("error", RemovedInAirflow4Warning)
from airflow.dag_processing.dagbag import BundleDagBag
bag = BundleDagBag(dag_folder=sys.argv[1], bundle_path=sys.argv[1], bundle_name="tests", load_op_links=False)
print(json.dumps({
    "heavy": sorted({"anthropic", "boto3", "pandas", "sqlfluff"} & set(sys.modules)),
    "errors": {str(name): error for name, error in bag.import_errors.items()},
    "dags": {
        dag.dag_id: {
            "file": dag.fileloc,
            "catchup": dag.catchup,
            "max_active_runs": dag.max_active_runs,
            "tags": sorted(dag.tags),
            "doc": dag.doc_md,
            "tasks": sorted(task.task_id.rpartition(".")[2] for task in dag.tasks),
            "pools": sorted({task.pool for task in dag.tasks}),
            "schedule": dag.timetable.summary if hasattr(dag.timetable, "summary") else str(dag.schedule),
        }
        for dag in bag.dags.values()
    },
}))
"""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ROOT / "dags")], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_every_dag_file_imports_without_error_or_deprecated_name(bag: dict[str, object]) -> None:
    assert bag["errors"] == {}


def test_file_function_and_dag_id_are_one_word(bag: dict[str, object]) -> None:
    dags: dict[str, dict[str, object]] = bag["dags"]  # type: ignore[assignment]
    assert {dag_id: Path(str(dag["file"])).stem for dag_id, dag in dags.items()} == {p.stem: p.stem for p in DAGS}
    assert all(f"\ndef {path.stem}() -> None:" in path.read_text() for path in DAGS)


def test_no_dag_catches_up_runs_beside_itself_or_waits_for_a_pool_of_its_own(bag: dict[str, object]) -> None:
    for dag_id, dag in bag["dags"].items():  # type: ignore[attr-defined]
        # Sessions end side by side.
        runs = 4 if dag_id == "insights_session_ended" else 1
        assert (dag["catchup"], dag["max_active_runs"]) == (False, runs), dag_id
        assert dag["pools"] == ["default_pool"], dag_id
        assert dag["tags"] == ["session-insights"], dag_id
        assert dag["doc"], dag_id


def test_a_month_has_the_tasks_of_a_week_and_its_own_figures(bag: dict[str, object]) -> None:
    dags: dict[str, dict[str, list[str]]] = bag["dags"]  # type: ignore[assignment]
    weekly, monthly = (set(dags[name]["tasks"]) for name in ("insights_weekly_report", "insights_monthly_deep_dive"))
    assert weekly < monthly
    assert monthly - weekly == {"summary_by_month", "return_by_business", "value_by_skill", "people_by_calendar_week"}


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_a_dag_file_is_wiring_of_at_most_80_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80


def test_parsing_a_dag_file_loads_no_heavy_library(bag: dict[str, object]) -> None:
    assert bag["heavy"] == []  # each costs every task a second or two


def test_the_plugins_folder_is_not_executed_file_by_file() -> None:
    assert "session_insights/" in (ROOT / "plugins" / ".airflowignore").read_text().splitlines()
