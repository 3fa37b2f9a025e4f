"""Secrets out of text, before it is stored, sent or logged."""

from __future__ import annotations

import re

_MASK = "[secret]"

# Each alternative starts with something rare, so that ordinary text is passed over quickly.
_PATTERNS = re.compile(
    r"""
    -----BEGIN[A-Z ]*PRIVATE\ KEY-----.*?(?:-----END[A-Z ]*PRIVATE\ KEY-----|\Z)
    | \bsk-(?:ant-|proj-|live-|or-)?[A-Za-z0-9_-]{20,}
    | \b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}
    | \b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{30,} | \bgithub_pat_[A-Za-z0-9_]{30,} | \bglpat-[A-Za-z0-9_-]{18,}
    | \bxox[abprse]-[A-Za-z0-9-]{10,} | \bxapp-[A-Za-z0-9-]{10,}
    | \b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b
    | \bAIza[A-Za-z0-9_-]{35} | \bya29\.[A-Za-z0-9_-]{20,}
    | \bnpm_[A-Za-z0-9]{30,} | \bpypi-[A-Za-z0-9_-]{40,} | \bhf_[A-Za-z0-9]{30,} | \bdop_v1_[a-f0-9]{60,}
    | \bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,} | \bAGE-SECRET-KEY-1[A-Z0-9]{50,}
    | \beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*
    | https://hooks\.slack\.com/services/[A-Za-z0-9/_-]+
    | https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/[A-Za-z0-9_-]+
    """,
    re.VERBOSE | re.DOTALL,
)
_URL_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"]{0,200}:)([^\s@/'\"]{1,200})(@)", re.IGNORECASE)
_BEARER = re.compile(
    r"""(\b(?:authorization|x-api-key)["']?\s*[:=]\s*["']?(?:bearer|basic|token)?\s*)([^\s"',]{8,})""", re.IGNORECASE
)
_NAMES = "password|passwd|pwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token|private[_-]?key"
_ASSIGNMENT = re.compile(
    rf"""(\b[\w.-]{{0,40}}(?:{_NAMES})[\w-]{{0,20}}["']?\s*(?::|=|:=|=>)\s*)(["']?)([^\s"'`,;)}}\]$<({{]{{6,}})(\2)""",
    re.IGNORECASE,
)
_ASSIGNMENT_HINT = re.compile(r"passw|pwd|secret|key|token|authorization", re.IGNORECASE)
_NO_SECRET = re.compile(r"^(?:\w+\.\w+|str\b|none\b|null\b|true\b|false\b|string\b)", re.IGNORECASE)


def mask_secrets(text: str) -> str:
    """The text with each secret replaced by `[secret]`; what surrounds it stays."""
    text = _PATTERNS.sub(_MASK, text)
    if "://" in text:
        text = _URL_PASSWORD.sub(rf"\1{_MASK}\3", text)
    if _ASSIGNMENT_HINT.search(text):
        text = _BEARER.sub(rf"\1{_MASK}", text)
        text = _ASSIGNMENT.sub(_mask_assignment, text)
    return text


def _mask_assignment(match: re.Match[str]) -> str:
    head, quote, value, tail = match.groups()
    if _NO_SECRET.match(value) or value.isalpha():
        return match[0]
    return f"{head}{quote}{_MASK}{tail}"
