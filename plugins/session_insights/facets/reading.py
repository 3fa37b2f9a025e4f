"""One reading of one session: measured, judged by Claude or by rules, checked, put together."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from session_insights.errors import BudgetReached, SettingsError
from session_insights.facets import judged, offline
from session_insights.facets.answer import FacetAnswer, answer_for
from session_insights.facets.measured import Measured, measure
from session_insights.facets.turns import Finding
from session_insights.llm.asking import Answer, Client
from session_insights.profile import Profile
from session_insights.records import Facet, Reading, SessionForReading
from session_insights.settings import Reader, Settings

ChosenReader = Literal["claude", "cli", "offline"]
_MOST_EVIDENCE = 24
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Question:
    """What a reader asks of every session; another version makes sessions due again."""

    version: int
    sha256: str


def choose_reader(wanted: Reader, *, has_claude: bool) -> ChosenReader:
    """`auto` is Claude where a connection is there, else the rules.

    Raises:
        SettingsError: Claude was asked for and there is no connection, or the reader does not read one at a time.
    """
    if wanted == "batch":
        raise SettingsError(
            "Reader 'batch' hands over many sessions at once and waits up to a day: trigger insights_facet_backfill "
            "for it; here choose auto, claude, cli or offline."
        )
    if wanted == "claude" and not has_claude:
        raise SettingsError(
            "Reader 'claude' needs the connection 'anthropic_default', or ANTHROPIC_API_KEY; else choose 'cli' or "
            "'offline'."
        )
    if wanted == "auto":
        return "claude" if has_claude else "offline"
    return wanted


def question_of(reader: ChosenReader, profile: Profile) -> Question:
    """Version and hash of what `reader` asks."""
    if reader == "offline":
        return Question(offline.VERSION, offline.rules_hash(profile))
    return Question(judged.load_facet_prompt().version, judged.question_hash(profile))


def read_session(
    session: SessionForReading,
    *,
    profile: Profile,
    settings: Settings,
    reader: ChosenReader,
    client: Client | None = None,
    dry_run: bool = False,
    may_spend: Callable[[float | None], None] = lambda _: None,
) -> Reading:
    """Read a session, always: whether it is due was decided before.

    Args:
        client: Needed by `claude` and `cli`.
        dry_run: Log what would be sent, with tokens and price estimated, and send nothing.
        may_spend: Called with the estimated price in dollars (None: no list price) right before something is sent;
            raises `BudgetReached` where that is too much.

    Returns:
        A reading whose state is `ok`, or `failed`, `refused` or `skipped` with an error that names the session and
        what to do.

    Raises:
        SettingsError: A setting is wrong: no session can be read like this.
        ClaudeUnavailable: Claude does not answer; nothing was read, and trying again later helps.
    """
    if reader == "offline":
        return _by_rules(session, profile, dry_run=dry_run)
    if client is None and not dry_run:
        raise SettingsError(f"Reader '{reader}' has no connection; see 'anthropic_default', or ANTHROPIC_API_KEY.")
    prompt = judged.build_request(session, profile, budget_tokens=settings.facet_budget_tokens)
    made = Reading(
        session_id=session.session_id,
        state="dry_run",
        reader=reader,
        model=settings.facet_model,
        prompt_version=prompt.version,
        prompt_hash=prompt.sha256,
        content_hash=session.content_hash,
        estimated_tokens=prompt.estimated_tokens,
        estimated_cost_usd=judged.estimate_cost(prompt, settings.facet_model, datetime.now(UTC)),
    )
    if dry_run or client is None:
        cost, tokens = made.estimated_cost_usd, prompt.estimated_tokens
        price = f"about ${cost:.4f}" if cost is not None else "no list price"
        log.info(
            "session %s: would send %s characters, about %s tokens, to %s (%s):\n%s\n\n%s",
            *(session.session_id, f"{len(prompt.static) + len(prompt.untrusted):,}", f"{tokens:,}"),
            *(settings.facet_model, price, prompt.static, prompt.untrusted),
        )
        return made
    try:
        may_spend(made.estimated_cost_usd)
    except BudgetReached as reached:
        return replace(made, state="skipped", error=f"session {session.session_id}: {reached}")
    answer = client.ask(prompt=prompt, answer=answer_for(profile), model=settings.facet_model)
    return conclude(made, answer, session, profile)


def conclude(made: Reading, answer: Answer[FacetAnswer], session: SessionForReading, profile: Profile) -> Reading:
    """What an answer, however it came, makes of a reading that was begun."""
    made = replace(
        made,
        model=answer.model,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        cache_read_tokens=answer.cache_read_tokens,
        cache_write_tokens=answer.cache_write_tokens,
        cost_usd=answer.cost_usd,
        duration_seconds=round(answer.duration_seconds, 3),
    )
    if answer.value is None:
        return replace(made, state="refused" if answer.is_refused else "failed", error=_failure(session, answer))
    facet = combine(
        measure(session), judged.facet_from(answer.value, session.session_id, profile, entry_count=len(session.entries))
    )
    return replace(made, state="ok", facet=checked(facet, session))


def _by_rules(session: SessionForReading, profile: Profile, *, dry_run: bool) -> Reading:
    measured = measure(session)
    question = question_of("offline", profile)
    if dry_run:
        log.info("session %s: would be read by rules; nothing is sent and nothing is paid", session.session_id)
    facet = checked(combine(measured, offline.judge_by_rules(session, profile, measured)), session)
    return Reading(
        session_id=session.session_id,
        state="dry_run" if dry_run else "ok",
        reader="offline",
        model="offline",
        prompt_version=question.version,
        prompt_hash=question.sha256,
        content_hash=session.content_hash,
        facet=facet,
    )


def _failure(session: SessionForReading, answer: Answer[FacetAnswer]) -> str:
    tries = f"{answer.tries} {'try' if answer.tries == 1 else 'tries'}" if answer.tries else "no answer"
    return (
        f"session {session.session_id}: {answer.error} ({tries}, {answer.model}); it is tried again by itself, "
        "or clear its task; see facet_extractions."
    )


def combine(measured: Measured, judgement: Facet) -> Facet:
    """Measured facets over judged ones; where the measure is a floor, the larger number with the evidence of both."""
    evidence = dict(judgement.evidence)

    def put(name: str, finding: Finding[int] | Finding[bool] | Finding[list[str]]) -> None:
        evidence.pop(name, None)
        if finding.evidence:
            evidence[name] = finding.evidence

    def at_least(name: str, finding: Finding[int], judged_count: int | None) -> int:
        numbers = sorted({*finding.evidence, *evidence.get(name, [])})
        if numbers:
            evidence[name] = numbers
        return max(finding.value, judged_count or 0)

    put("skills_used", measured.skills_used)
    put("mcp_failures", measured.mcp_failures)
    put("retry_loops", measured.retry_loops)
    put("session_cut_short", measured.session_cut_short)
    put("artifacts_created", measured.artifacts_created)
    used = {name.rpartition(":")[2] for name in measured.skills_used.value}
    missed = judgement.skills_missed
    return replace(
        judgement,
        initiated_by=measured.initiated_by,
        resumed_from=measured.resumed_from,
        skills_used=measured.skills_used.value,
        skills_missed=[name for name in missed if name not in used] if missed is not None else None,
        mcp_failures=measured.mcp_failures.value,
        retry_loops=measured.retry_loops.value,
        session_cut_short=measured.session_cut_short.value,
        artifacts_created=measured.artifacts_created.value,
        course_corrections=at_least("course_corrections", measured.course_corrections, judgement.course_corrections),
        knowledge_filed=at_least("knowledge_filed", measured.knowledge_filed, judgement.knowledge_filed),
        evidence=evidence,
    )


def checked(facet: Facet, session: SessionForReading) -> Facet:
    """Drop evidence that names no entry, and what is more than a page can show.

    A judgement that loses all of it stays, without evidence.
    """
    known = {entry.entry_no for entry in session.entries}
    kept = {name: sorted(known.intersection(numbers))[:_MOST_EVIDENCE] for name, numbers in facet.evidence.items()}
    return replace(facet, evidence={name: numbers for name, numbers in sorted(kept.items()) if numbers})
