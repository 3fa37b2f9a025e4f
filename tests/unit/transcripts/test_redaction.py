"""Secrets out of text."""

from __future__ import annotations

import pytest

from session_insights.transcripts.redaction import mask_secrets

SECRETS = [
    "sk-ant-api03-" + "FAKE" * 20 + "-AA",
    "sk-proj-" + "a1B2" * 10,
    "ghp_" + "a1B2c3D4" * 5,
    "github_pat_" + "a1B2c3D4" * 6,
    "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
    "xoxb-1234567890-abcdefghij",
    "AKIA" + "ABCDEFGH12345678",
    "AIza" + "a" * 35,
    "npm_" + "a1B2c3D4" * 5,
    "hf_" + "a1B2c3D4" * 5,
    "SG." + "a" * 22 + "." + "b" * 43,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcDEF123",
    "https://hooks.slack.com/services/T000/B000/XXXXXXXX",
    "https://discord.com/api/webhooks/123456/abc-DEF",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:12])
def test_a_secret_is_gone_and_what_surrounds_it_stays(secret: str) -> None:
    masked = mask_secrets(f"before {secret} after")
    assert secret not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://app:hunter22@db:5432/x", "postgresql://app:[secret]@db:5432/x"),
        ('DB_PASSWORD="correct-horse9"', 'DB_PASSWORD="[secret]"'),
        ("api_key: 8f3a9c2e77", "api_key: [secret]"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer [secret]"),
    ],
)
def test_a_password_in_an_address_or_an_assignment_is_masked(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "def load_token(token: str) -> None:",
        "password = os.environ['X']",
        "max_tokens=4096",
        "the secret of a good week",
        "https://example.org/a/b?c=d",
        "task-1234567890abcdef",
        "input_tokens: 1200",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert mask_secrets(text) == text
