"""docker-compose.yaml as a file: what every service has, and what none may have."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from session_insights.settings import Settings
from tests.deploy.composed import FILE, ROOT, VARIABLE, Unset, load_services, make_env, read_env

TEXT = FILE.read_text("utf-8")
NAMES = sorted(yaml.safe_load(TEXT)["services"])


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    path = tmp_path_factory.mktemp("env") / ".env"
    make_env(path)
    return read_env(path)


@pytest.fixture(scope="module")
def services(variables: dict[str, str]) -> dict[str, dict[str, Any]]:
    return load_services(variables)


def test_the_file_is_what_the_compose_specification_allows() -> None:
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(FILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_services_of_the_stack_are_all_there() -> None:
    assert (
        sorted(["postgres", "redis", "init", "api-server", "scheduler", "dag-processor", "triggerer", "worker"])
        == NAMES
    )


def test_the_script_makes_every_variable_that_has_to_be_set(variables: dict[str, str]) -> None:
    required = {name for name, kind, _ in VARIABLE.findall(TEXT) if kind == ":?"}
    assert required == set(variables)


def test_every_variable_is_explained_where_a_user_looks() -> None:
    listed = set(re.findall(r"^#?([A-Z_0-9]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
    handed_on = {name for name, value in yaml.safe_load(TEXT)["x-environment"].items() if value is None}
    used = {name for name, _, _ in VARIABLE.findall(TEXT)}
    assert {name for name in used | handed_on if not name.startswith("AIRFLOW_CONN_")} <= listed


@pytest.mark.parametrize("name", [name for name, kind, _ in VARIABLE.findall(TEXT) if kind == ":?"])
def test_nothing_starts_without_a_secret_and_the_message_says_how_to_make_it(
    name: str, variables: dict[str, str]
) -> None:
    with pytest.raises(Unset, match=rf"{name}: run deploy/make-env.sh"):
        load_services({key: value for key, value in variables.items() if key != name})


def test_no_secret_has_a_default() -> None:
    for name, kind, _ in VARIABLE.findall(TEXT):
        assert kind == ":?" or not re.search("PASSWORD|SECRET|KEY|TOKEN", name), name


def test_the_script_makes_secrets_for_its_owner_alone_and_never_the_same_twice(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    make_env(first)
    make_env(second)
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    secrets = [
        value for path in (first, second) for name, value in read_env(path).items() if re.search("PASSWORD|KEY", name)
    ]
    assert len(set(secrets)) == len(secrets)
    assert min(map(len, secrets)) >= 32


def test_the_script_leaves_what_is_there_and_tells_no_secret(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("SESSION_INSIGHTS_READER=offline\nREDIS_PASSWORD=mine", "utf-8")
    path.chmod(0o644)
    told = make_env(path).stdout
    once = path.read_text("utf-8")
    assert once.startswith("SESSION_INSIGHTS_READER=offline\nREDIS_PASSWORD=mine\n")
    assert make_env(path).stdout == ""
    assert path.read_text("utf-8") == once
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not any(value in told for name, value in read_env(path).items() if "PASSWORD" in name)


@pytest.mark.parametrize("name", NAMES)
def test_a_service_is_watched_restarted_and_without_privileges(name: str, services: dict[str, Any]) -> None:
    service = services[name]
    if name == "init":
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert set(service["healthcheck"]) == {"test", "interval", "timeout", "retries", "start_period"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].split(":")[0] not in ("", "0", "root")
    assert not service.get("privileged")
    assert service["logging"]["options"]["max-size"]


def test_only_the_api_server_listens_and_on_this_host_alone(services: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert ports == {"api-server": ["127.0.0.1:8080:8080"]}
    assert "network_mode" not in TEXT


def test_images_are_pinned(services: dict[str, Any]) -> None:
    for service in services.values():
        assert re.search(r":\d[\w.-]*$", service["image"]), service["image"]


def test_transcripts_and_profile_are_mounted_for_reading_alone(services: dict[str, Any]) -> None:
    for name in ("api-server", "scheduler", "dag-processor", "triggerer", "worker", "init"):
        binds = [volume for volume in services[name]["volumes"] if isinstance(volume, dict)]
        assert {bind["target"] for bind in binds} == {"/transcripts", "/opt/airflow/profile.yaml"}
        # A folder that is not there is an error, not a new folder of root's.
        assert all(bind["read_only"] and not bind["bind"]["create_host_path"] for bind in binds)


def test_who_works_has_no_secret_of_the_owner_or_the_administrator(
    services: dict[str, Any], variables: dict[str, str]
) -> None:
    for name in ("scheduler", "dag-processor", "triggerer", "worker"):
        given = " ".join(services[name]["environment"].values())
        for secret in ("POSTGRES", "INSIGHTS_OWNER", "INSIGHTS_READER", "AIRFLOW_ADMIN", "AIRFLOW_LAPTOP"):
            assert variables[f"{secret}_PASSWORD"] not in given, f"{name}: {secret}"


def test_every_setting_can_be_made_in_the_env_file_or_is_made_by_the_stack(services: dict[str, Any]) -> None:
    known = yaml.safe_load(TEXT)["x-environment"]
    # A connection, the API server's own, beside plugins/.
    others = {f"SESSION_INSIGHTS_{name}" for name in ("DATABASE_URL", "DASHBOARD_URL", "INCLUDE_DIR")}
    settings = {f"SESSION_INSIGHTS_{name.upper()}" for name in Settings.model_fields}
    assert settings - others == {name for name in known if name.startswith("SESSION_INSIGHTS_")}


def test_a_setting_of_the_env_file_reaches_the_workers(variables: dict[str, str]) -> None:
    services = load_services({**variables, "SESSION_INSIGHTS_READER": "offline"})
    assert services["worker"]["environment"]["SESSION_INSIGHTS_READER"] == "offline"
    assert "SESSION_INSIGHTS_FACET_MODEL" not in services["worker"]["environment"]
