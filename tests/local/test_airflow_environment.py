"""What Airflow's processes are told: loopback only, own secrets, no foreign settings."""

from __future__ import annotations

import json
import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from local import airflow_environment
from local.airflow_environment import AirflowSite, build_site, claim_port, load_password, load_port
from local.databases import Databases
from local.sources import Source

DATABASES = Databases(
    "postgresql://postgres:one@127.0.0.1:54329/insights",
    "postgresql://postgres:one@127.0.0.1:54329/airflow",
    "insights on 127.0.0.1:54329",
)
SOURCE = Source("/srv/projects", "/srv/projects")


def build(state_dir: Path, environment: dict[str, str] | None = None, port: int = 8080) -> AirflowSite:
    return build_site(state_dir, environment or {"PATH": "/usr/bin"}, DATABASES, SOURCE, port=port)


def test_every_address_is_on_loopback_with_the_chosen_port(tmp_path: Path) -> None:
    site = build(tmp_path, port=9090)
    assert site.url == "http://127.0.0.1:9090"
    told = site.environment
    assert told["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert told["AIRFLOW__API__PORT"] == "9090"
    assert told["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:9090"
    assert told["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:9090/execution/"


def test_secrets_are_made_once_and_differ_between_installations(tmp_path: Path) -> None:
    names = ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API__SECRET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET")
    here, again, there = build(tmp_path / "here"), build(tmp_path / "here"), build(tmp_path / "there")
    assert here.environment == again.environment
    assert here.password == again.password != there.password
    for name in names:
        assert len(here.environment[name]) >= 32
        assert here.environment[name] != there.environment[name]


def test_secrets_and_passwords_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    site = build(tmp_path)
    for path in (site.home / "secrets.json", site.home / "passwords.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(site.home.stat().st_mode) == 0o700
    assert json.loads((site.home / "passwords.json").read_text()) == {"admin": load_password(tmp_path)}
    assert site.password not in repr(site)


def test_settings_of_the_user_are_passed_on_and_foreign_ones_are_not(tmp_path: Path) -> None:
    told = build(
        tmp_path,
        {
            "PATH": "/usr/bin",
            "SESSION_INSIGHTS_READER": "offline",
            "AIRFLOW_CONN_SLACK_DEFAULT": "{}",
            "NO_PROXY": "intranet",
            "AIRFLOW_HOME": "/srv/other",
            "AIRFLOW_CONFIG": "/srv/other/airflow.cfg",
            "AIRFLOW__CORE__DAGS_FOLDER": "/srv/other/dags",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SESSION_INSIGHTS_DATABASE_URL": "postgresql://db/insights",
        },
    ).environment
    assert told["SESSION_INSIGHTS_READER"] == "offline"
    assert told["AIRFLOW_CONN_SLACK_DEFAULT"] == "{}"
    assert told["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert told["AIRFLOW_HOME"] == str(tmp_path / "airflow")
    assert told["AIRFLOW__CORE__DAGS_FOLDER"] == str(airflow_environment.REPO / "dags")
    assert not {"AIRFLOW_CONFIG", "PYTHONDONTWRITEBYTECODE", "SESSION_INSIGHTS_DATABASE_URL"} & told.keys()
    assert json.loads(told["AIRFLOW_CONN_SESSION_INSIGHTS_DB"])["schema"] == "insights"
    assert told["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


def test_the_fingerprint_changes_with_settings_and_code_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = tmp_path / "repo"
    for folder in ("dags", "plugins"):
        (repo / folder).mkdir(parents=True)
    (repo / "dags" / "one.py").write_text("")
    monkeypatch.setattr(airflow_environment, "REPO", repo)
    first = build(tmp_path / "state").fingerprint
    assert build(tmp_path / "state", {"PATH": "/usr/bin", "SHLVL": "2"}).fingerprint == first
    assert build(tmp_path / "state", {"PATH": "/usr/bin", "SESSION_INSIGHTS_READER": "offline"}).fingerprint != first
    os.utime(repo / "dags" / "one.py", ns=(1, 1))
    assert build(tmp_path / "state").fingerprint != first


def test_the_port_is_kept_until_somebody_else_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        monkeypatch.setattr(airflow_environment, "PREFERRED_PORT", taken)
        with claim_port(tmp_path) as chosen:
            assert chosen != taken
            assert load_port(tmp_path) == chosen
    # The usual one is free again, but bookmarks lead to the kept one.
    with claim_port(tmp_path) as again:
        assert again == chosen
    with socket.create_server(("127.0.0.1", chosen)), claim_port(tmp_path) as another:
        assert another != chosen


def test_starts_at_the_same_time_take_different_ports_before_anything_listens(tmp_path: Path) -> None:
    with claim_port(tmp_path / "first") as first, claim_port(tmp_path / "second") as second:
        assert first != second
        # Both have run on the same port before, one after the other.
        for name in ("third", "fourth"):
            (tmp_path / name / "airflow").mkdir(parents=True)
            (tmp_path / name / "airflow" / "port").write_text("8190")
        with claim_port(tmp_path / "third") as third, claim_port(tmp_path / "fourth") as fourth:
            assert len({first, second, third, fourth}) == 4
