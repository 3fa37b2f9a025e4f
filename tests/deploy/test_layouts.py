"""Where hosts put our files: in each layout every DAG is imported, with its SQL, prompts and profile found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
IDS = sorted(path.stem for path in (ROOT / "dags").glob("insights_*.py"))
CODE = shutil.ignore_patterns("__pycache__", "*.egg-info")

# In a process of its own, which sees no package of ours but the one of its layout.
SCRIPT = """
import json, sys
from airflow.dag_processing.dagbag import BundleDagBag
from airflow import plugins_manager
bundle = sys.argv[1]
bag = BundleDagBag(dag_folder=bundle, bundle_path=bundle, bundle_name="layout", load_op_links=False)
import session_insights
from session_insights.settings import find_include_dir, load_settings
plugins, errors = plugins_manager._get_plugins()
print(json.dumps({
    "dags": sorted(bag.dags),
    "looked_at": sorted(stat.file.rpartition("/")[2] for stat in bag.dagbag_stats),
    "errors": {str(name): error for name, error in bag.import_errors.items()},
    "package": session_insights.__file__,
    "include": str(find_include_dir(load_settings())),
    "plugins": sorted(plugin.name for plugin in plugins if plugin.name == "session_insights"),
    "plugin_errors": {str(name): error for name, error in errors.items()},
}))
"""


def copy(target: Path, *names: str) -> None:
    for name in names:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / Path(name).name, ignore=CODE, dirs_exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def look(home: Path, bundle: Path, **environment: str) -> dict[str, Any]:
    """Import the DAGs of a bundle as Airflow's dag-processor does."""
    empty = home / "no-plugins"
    empty.mkdir(exist_ok=True)
    given = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(bundle),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(empty),
        **environment,
    }
    # -S with the packages named: the repository's own folder, installed editable, must not come to help.
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    given["PYTHONPATH"] = ":".join(filter(None, [environment.get("PYTHONPATH"), packages]))
    done = subprocess.run(
        [sys.executable, "-S", "-c", SCRIPT, str(bundle)],
        env=given,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def repository_is_the_bundle(home: Path) -> dict[str, Any]:
    """Astro, or a Git bundle without a folder: everything that Git holds."""
    names = subprocess.run(
        ["git", "ls-files", "--others", "--cached", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in names.stdout.splitlines():
        if not name.startswith(("tests/transcripts/", "docs/")) and (ROOT / name).is_file():
            (home / "repo" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, home / "repo" / name)
    return look(home, home / "repo", AIRFLOW__CORE__PLUGINS_FOLDER=str(home / "repo" / "plugins"))


def dags_are_the_bundle(home: Path) -> dict[str, Any]:
    """DAGs here, the package there by PYTHONPATH, SQL and prompts by setting."""
    copy(home, "dags")
    copy(home / "lib", "plugins/session_insights")
    copy(home / "share", "include")
    setting = {"SESSION_INSIGHTS_INCLUDE_DIR": str(home / "share" / "include")}
    return look(home, home / "dags", PYTHONPATH=str(home / "lib"), **setting)


def plugins_zip_and_dags(home: Path) -> dict[str, Any]:
    """MWAA: plugins.zip is unpacked beside dags/, which carries include/."""
    copy(home, "dags", "plugins")
    copy(home / "dags", "include")
    return look(home, home / "dags", AIRFLOW__CORE__PLUGINS_FOLDER=str(home / "plugins"))


def everything_below_dags(home: Path) -> dict[str, Any]:
    """Composer: the plugins folder reaches the web server alone, so package and include/ travel with the DAGs."""
    copy(home, "dags")
    copy(home / "dags", "plugins/session_insights", "include")
    (home / "dags" / ".airflowignore").write_text("session_insights/\ninclude/\n")
    return look(home, home / "dags", PYTHONPATH=str(home / "dags"))


@pytest.mark.parametrize(
    ("layout", "has_plugin"),
    [
        (repository_is_the_bundle, True),
        (dags_are_the_bundle, False),
        (plugins_zip_and_dags, True),
        (everything_below_dags, False),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_every_dag_is_imported_in_the_layout(
    layout: Callable[[Path], dict[str, Any]], has_plugin: bool, tmp_path: Path
) -> None:
    found = layout(tmp_path)
    assert found["errors"] == found["plugin_errors"] == {}
    assert found["dags"] == IDS
    assert found["looked_at"] == [f"{name}.py" for name in IDS]  # nothing else is executed
    assert Path(found["package"]).is_relative_to(tmp_path)
    assert Path(found["include"]).is_relative_to(tmp_path)
    # The dashboard's plugin may be missing everywhere but in the API server.
    assert found["plugins"] == (["session_insights"] if has_plugin else [])


def test_the_api_server_needs_the_plugin_and_no_dag(tmp_path: Path) -> None:
    copy(tmp_path, "plugins", "include")
    (tmp_path / "dags").mkdir()
    found = look(tmp_path, tmp_path / "dags", AIRFLOW__CORE__PLUGINS_FOLDER=str(tmp_path / "plugins"))
    assert (found["dags"], found["plugins"], found["plugin_errors"]) == ([], ["session_insights"], {})
