"""A result as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_HEAD = "| facet | n | agreement | kappa | F1 | mean error | unanswered |\n|---|---|---|---|---|---|---|"


def describe_result(result: Mapping[str, Any], verdict: Mapping[str, Any]) -> str:
    """Markdown: the head, a line a facet, outcomes, price, and what changed since the last result."""
    unread = f", {result['unread_count']} not read" if result["unread_count"] else ""
    lines = [
        f"{result['labels']}: {result['session_count']} sessions read by {result['reader']} ({result['model']}, "
        f"version {result['prompt_version']}, {result['prompt_hash'][:8]}){unread}",
        "",
        _HEAD,
        *(_facet_line(name, score) for name, score in result["facets"].items()),
        "",
        *_outcome_lines(result),
        _cost_line(result),
        *_change_lines(result, verdict),
    ]
    return "\n".join(lines)


def _facet_line(name: str, score: Mapping[str, Any]) -> str:
    share = f"{score['agreement']:.0%} ± {100 * score['plus_minus']:.0f}"
    figures = [_two(score.get(key)) for key in ("kappa", "f1", "mae")]
    return f"| {name} | {score['n']} | {share} | {' | '.join(figures)} | {score['unanswered'] or ''} |"


def _two(value: float | None) -> str:
    return f"{value:.2f}" if value is not None else ""


def _outcome_lines(result: Mapping[str, Any]) -> list[str]:
    found, table = result["not_achieved"], result["outcome_confusion"]
    if not table:
        return []
    answers = sorted({answer for row in table.values() for answer in row})
    said = [f"{what} {_two(found[what]) or 'unknown'}" for what in ("recall", "precision")]
    return [
        f"| label ↓ reader → | {' | '.join(answers)} |",
        f"|---|{'---|' * len(answers)}",
        *(f"| {label} | {' | '.join(str(row.get(a, '')) for a in answers)} |" for label, row in table.items()),
        "",
        f"not_achieved: {found['n']} by label; {', '.join(said)}.",
    ]


def _cost_line(result: Mapping[str, Any]) -> str:
    tokens = (
        f"{result['input_tokens_per_session']:,} tokens in and {result['output_tokens_per_session']:,} out a session"
    )
    if result["cost_usd"] is None:
        return f"{tokens}; the model has no list price."
    return f"{tokens}; ${result['cost_usd'] / result['session_count']:.5f} a session, ${result['cost_usd']:.4f} in all."


def _change_lines(result: Mapping[str, Any], verdict: Mapping[str, Any]) -> list[str]:
    last = verdict["last"]
    if last is None:
        return []
    since = f"Since {last['date']} (version {last['prompt_version']}, {last['prompt_hash'][:8]})"
    if last["labels_hash"] != result["labels_hash"]:
        return [f"{since}: the labels have changed, so nothing is compared."]
    lines = [
        f"  {word} {change['facet']}: {change['before']:.2f} → {change['now']:.2f}"
        for word in ("rose", "fell")
        for change in verdict[word]
    ]
    failed = [change["facet"] for change in verdict["failed"]]
    fallen = [f"Fell too far: {', '.join(failed)}."] if failed else []
    return [f"{since}:" if lines else f"{since}: nothing changed.", *lines, *fallen]
