"""The pages for operators know everything that the code can tell them, and tell nothing that it cannot."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from session_insights.aggregates import anomalies
from session_insights.dashboard.health import build_checks
from session_insights.settings import Settings
from session_insights.store.spending import Spending

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "plugins" / "session_insights"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
HEADINGS = "\n".join(line for line in RUNBOOK.splitlines() if line.startswith("#"))
NAMED = set(re.findall(r"`([^`]+)`", HEADINGS))
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def source(*parts: str) -> str:
    return PACKAGE.joinpath(*parts).read_text(encoding="utf-8")


def test_every_kind_of_source_warning_has_its_heading() -> None:
    text = source("transcripts", "source_warnings.py")
    [comment] = re.findall(r"kind: str  # (.+)", text)
    kinds = set(re.findall(r"\w+_\w+", comment))
    assert kinds == set(re.findall(r'"((?:source|unread|unarchived)_\w+)"', text))
    assert kinds <= NAMED, kinds - NAMED


def test_every_anomaly_has_its_heading() -> None:
    metrics = set(anomalies.RULES) | {judgement.metric for judgement in [anomalies.judge_sync([], NOW.date())]}
    assert metrics <= NAMED, metrics - NAMED


def test_every_kind_of_message_has_its_heading() -> None:
    texts = source("stages", "notifying.py") + source("stages", "alerts.py") + source("notifications", "failure.py")
    kinds = set(re.findall(r'f"([a-z]+):\{', texts))
    assert len(kinds) >= 5
    assert kinds <= NAMED, kinds - NAMED


def test_every_error_that_we_raise_on_purpose_has_its_heading() -> None:
    bases: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {base.id for base in node.bases if isinstance(base, ast.Name)}
    ours = {"InsightsError"}
    while found := {name for name, above in bases.items() if above & ours} - ours:
        ours |= found
    assert ours - {"InsightsError"} <= NAMED, ours - NAMED


def test_every_hint_of_the_health_page_has_its_heading() -> None:
    counts = {
        "unread_count": 200,
        "changed_count": 0,
        "given_up_count": 0,
        "archived_count": 0,
        "stored_bytes": 0,
        "size_bytes": 0,
        "open_batch_count": 1,
        "oldest_batch_at": NOW - timedelta(days=3),
        "undelivered_count": 1,
        "uncertain_count": 1,
    }
    old = {"machine": "laptop", "last_read_at": NOW - timedelta(days=9), "failed_count": 0}
    spending, settings = Spending(9.0, 99.0, 0), Settings()
    checks = build_checks(
        counts,
        [old | {"newest_file_at": NOW - timedelta(days=9)}],
        spending,
        settings,
        failure_count=1,
        anomaly_count=1,
        now=NOW,
    )
    assert all(check.remedy for check in checks), "each hint is among them"
    labels = {check.label.removesuffix(" laptop") for check in checks}
    assert {label for label in labels if label not in HEADINGS} == set()


def test_every_message_that_the_runbook_quotes_is_one_of_the_code() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    quoted = re.findall(r"^\| `([^`]+)` \|", RUNBOOK, re.MULTILINE)
    assert len(quoted) > 10
    assert [words for words in quoted if words not in code] == []


def test_every_setting_that_the_pages_name_is_there() -> None:
    known = {f"SESSION_INSIGHTS_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"SESSION_INSIGHTS_[A-Z_]+", RUNBOOK + OPERATIONS)) <= known


def test_every_metric_that_is_sent_is_listed_and_no_other() -> None:
    sent = set(re.findall(r'^ +"([a-z_]+\.[a-z_]+)":', source("stages", "measuring.py"), re.MULTILINE))
    dag = (ROOT / "dags" / "insights_session_sync.py").read_text(encoding="utf-8")
    sent |= set(re.findall(r'bridge\.count\("([a-z_.]+)"', dag))
    assert len(sent) > 8
    assert set(re.findall(r"`session_insights\.([a-z_]+\.[a-z_]+)`", OPERATIONS)) == sent
