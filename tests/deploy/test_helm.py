"""Values for the official Airflow chart: its schema, no secret in them, nothing that only the laptop has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from session_insights.settings import Settings, parse_source

ROOT = Path(__file__).parent.parent.parent
HELM = ROOT / "deploy" / "helm"
VALUES = yaml.safe_load((HELM / "values.yaml").read_text("utf-8"))
JOBS = list(yaml.safe_load_all((HELM / "jobs.yaml").read_text("utf-8")))


@pytest.mark.parametrize("name", ["values.yaml", "kubernetes-executor.yaml"])
def test_the_values_are_what_the_chart_takes(name: str) -> None:
    schema = yaml.safe_load((Path(__file__).parent / "airflow_chart.schema.yaml").read_text("utf-8"))
    jsonschema.Draft7Validator(schema).validate(yaml.safe_load((HELM / name).read_text("utf-8")))


def test_secrets_stand_there_by_name_alone() -> None:
    for name in ("values.yaml", "kubernetes-executor.yaml", "jobs.yaml"):
        text = (HELM / name).read_text("utf-8")
        # The chart's own keys for a value in the clear, and a password in an address.
        assert not re.search(r"\b(fernetKey|apiSecretKey|jwtSecret|brokerUrl|password|pass|metadataConnection):", text)
        assert not re.search(r"://[^/\s\"]+:[^/\s\"]+@", text)
    assert VALUES["createUserJob"]["defaultUser"]["enabled"] is False
    assert VALUES["postgresql"]["enabled"] is False


def test_the_readers_address_is_the_api_servers_alone() -> None:
    everywhere = {item["envName"] for item in VALUES["secret"]} | {item["name"] for item in VALUES["env"]}
    assert "SESSION_INSIGHTS_DASHBOARD_URL" not in everywhere
    assert [item["name"] for item in VALUES["apiServer"]["env"]] == ["SESSION_INSIGHTS_DASHBOARD_URL"]


def test_every_secret_that_is_asked_for_is_explained() -> None:
    guide = (ROOT / "docs" / "kubernetes.md").read_text("utf-8")
    names = secret_names([VALUES, *JOBS])
    assert len(names) >= 7
    assert {name for name in names if f"`{name}`" not in guide} == set()


def secret_names(node: Any) -> set[str]:
    """Every name of a Kubernetes secret in a tree."""
    if isinstance(node, list):
        return set().union(*map(secret_names, node))
    if not isinstance(node, dict):
        return set()
    found = set().union(*map(secret_names, node.values())) if node else set()
    for key, value in node.items():
        if isinstance(value, str) and (key.endswith(("SecretName", "secretName")) or key == "credentialsSecret"):
            found.add(value)
        if key == "secretKeyRef":
            found.add(value["name"])
    return found


def test_settings_are_known_and_nothing_is_kept_on_a_pods_own_disk() -> None:
    env = {item["name"]: item["value"] for item in VALUES["env"]}
    known = {f"SESSION_INSIGHTS_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in env if name.startswith("SESSION_INSIGHTS_")} <= known
    for name in ("SOURCES", "ARCHIVE", "REPORTS_UPLOAD"):
        assert "s3://" in env[f"SESSION_INSIGHTS_{name}"]
    assert parse_source(env["SESSION_INSIGHTS_SOURCES"])[0] == "alex-laptop"


def test_versions_are_those_of_the_image_and_everybody_is_limited_and_unprivileged() -> None:
    tag = re.search(r"slim-([\d.]+)-", (ROOT / "deploy" / "Dockerfile").read_text("utf-8"))
    assert tag is not None
    assert VALUES["airflowVersion"] == VALUES["images"]["airflow"]["tag"] == tag[1]
    for name in ("apiServer", "scheduler", "dagProcessor", "triggerer", "workers"):
        assert {"requests", "limits"} <= VALUES[name]["resources"].keys()
    for job in JOBS:
        pod = job["spec"]["template"]["spec"]
        [container] = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
        assert container["image"].endswith(f":{tag[1]}")
        assert container["resources"]["limits"]


def test_a_job_runs_what_the_image_has() -> None:
    sources = re.findall(r"^COPY (.+)$", (ROOT / "deploy" / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    commands = [" ".join(job["spec"]["template"]["spec"]["containers"][0]["command"]) for job in JOBS]
    assert commands == ["python -m session_insights migrate", "python /opt/session-insights/deploy/users.py"]
    assert any("deploy/users.py" in line for line in sources)
    assert (ROOT / "plugins" / "session_insights" / "__main__.py").is_file()
