"""Secrets out of text."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from session_insights.transcripts.redaction import MASK, mask_secrets
from tests.planted_secrets import PLANTED, TOKENS

CONTEXTS: dict[str, Callable[[str], str]] = {
    "on its own": lambda text: text,
    "on a line": lambda text: f"first\n{text}\nlast",
    "in JSON": lambda text: json.dumps({"command": "run", "output": f"a\n{text}\nb"}),
    "in JSON in JSON": lambda text: json.dumps(json.dumps({"output": f"a\n{text}\nb"})),
    "in prose": lambda text: f"We saw that {text} stands here (again), and went on.",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_secret_of_each_kind_is_masked_wherever_it_stands(kind: str) -> None:
    text, secret = PLANTED[kind]
    parts = secret.split("\n")[1:4] if "\n" in secret else [secret]
    for context, place in CONTEXTS.items():
        masked = mask_secrets(place(text))
        assert [part for part in parts if part in masked] == [], context
        assert MASK in masked, context
        assert mask_secrets(masked) == masked, f"{context}: a second time changes it"


@pytest.mark.parametrize("kind", TOKENS)
def test_what_surrounds_a_secret_stays(kind: str) -> None:
    masked = mask_secrets(f"before {TOKENS[kind]} after")
    assert masked.startswith("before ")
    assert masked.endswith(" after")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://app:hunter22@db:5432/x", "postgresql://app:[secret]@db:5432/x"),
        ('DB_PASSWORD="correct-horse9"', 'DB_PASSWORD="[secret]"'),
        ("api_key: 8f3a9c2e77", "api_key: [secret]"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer [secret]"),
        ("tool --password 'x9 y' --host h", "tool --password 'x9 y' --host h"),
        ("mysql -u root -phunter22 shop", "mysql -u root -p[secret] shop"),
        ('{"password": "hunter22", "n": 1}', '{"password": "[secret]", "n": 1}'),
        ("İstanbul PASSWORD=hunter22", "İstanbul PASSWORD=[secret]"),
    ],
)
def test_a_password_is_masked_and_its_name_stays(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "def load_token(token: str) -> None:",
        "password = os.environ['X']",
        "password = getpass.getpass()",
        "password: Optional[str] = None",
        "password=password, token=token",
        "PASSWORD=$DB_PASSWORD",
        "password: ${DB_PASSWORD}",
        "token = await fetch_token(client)",
        "if token == expected_token:",
        "api_key = settings.api_key",
        '<input type="password" name="pw1">',
        "secrets: inherit",
        "max_tokens=4096",
        "input_tokens: 1200, output_tokens: 88000",
        '"total_tokens": 123456789',
        "the secret of a good week",
        "The password is wrong; a token is needed.",
        "https://example.org/a/b?c=d",
        "https://example.org:8080/a@b",
        "git@github.com:acme/shop.git",
        "task-1234567890abcdef",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "session_id=11111111-2222-4333-8444-555555555555",
        "token: 11111111-2222-4333-8444-555555555555",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4",
        "monkey = sorted(keys, key=lambda item: item.key2)",
        "primary_key = 'customer_id_2026'",
        "s3_destination_key = s3_destination_key",
        "npm_config_registry npm_lifecycle_event_before_install",
        "sk-learn-pipeline-with-many-words-in-it",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PRIVATE KEY----- is how such a file begins.",
        "--token-limit 4000 --password-file /run/secrets/db",
        "[secret]",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert mask_secrets(text) == text


@pytest.mark.parametrize("package", ["yaml", "jinja2", "pydantic_settings", "psycopg", "dotenv"])
def test_code_is_hardly_ever_masked(package: str) -> None:
    """At most 8 masks a megabyte of ordinary modules, or one in a small package; docs/privacy.md has the figures."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    texts = [path.read_text(encoding="utf-8") for path in sorted(Path(spec.origin).parent.rglob("*.py"))]
    masks = sum(mask_secrets(text).count(MASK) for text in texts)
    assert masks <= max(1, 8 * sum(map(len, texts)) / 1e6)


HOSTILE = """
from session_insights.transcripts.redaction import mask_secrets
size = 100_000
for piece in (
    "a", "A1", "password", "password=", "password: '", "key-", "api_key=", "://", "a://b:", "a://b@", "-", "- ", "--p",
    "\\\\", "\\\\'", "token='\\\\", '"', "'", "=", "?sig=", "eyJ", "eyJa.", "-----BEGIN PRIVATE KEY-----", "AKIA",
    "cookie: a=", "curl ", "curl -u ", "mysql ", "mysql -p", "docker login ", "authorization: ", "bearer ", "basic ",
    "login a password ", ":5432:", ".abcdef.", "M", "sk-", "LS0tLS1CRUdJTi", "\\n", " ", "password\\n", "PRIVATE KEY",
    "-----BEGIN PRIVATE KEY-----\\nA: b\\n", "https://hooks.slack.com/", "x.x.", "token ", "secret_", "[", "x.y/",
    "cookie:", "password is ",
):
    mask_secrets((piece * (size // len(piece) + 1))[:size])
    mask_secrets("password = " + (piece * (size // len(piece) + 1))[:size])
"""


def test_no_text_makes_masking_slow() -> None:
    """106 texts of 100,000 characters, 10 MB: seconds when each rule is linear, hours when one is quadratic."""
    subprocess.run([sys.executable, "-c", HOSTILE], check=True, timeout=120)
