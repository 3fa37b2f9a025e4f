"""Content to Markdown: what the page says, for notes, for chat, and for Claude. Charts are told in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from session_insights.reports.content import Content
from session_insights.reports.friction import Finding
from session_insights.reports.markdown_month import write_heat, write_months, write_returns, write_targets
from session_insights.reports.markdown_text import advice, big, bullets, change, code, escape, inline, shown, table
from session_insights.reports.story import SectionStory
from session_insights.wording import PeriodWords, capital

VERDICTS = {"worked": "✓ Worked", "not_yet": "○ Not yet", "not_tried": "○ Not tried"}


def render_markdown(content: Content) -> str:
    """The whole report; pure. Sections stand in the order of the page."""
    story, rails, words = content.story, content.rails, content.words
    blocks = [*_head(content), *_figures(content)]

    def add(topic: str, rail: str, text: SectionStory, body: Iterable[str]) -> None:
        blocks.extend(_section(topic, rail, text.headline, [*body, *map(inline, text.paragraphs)]))

    if not content.is_empty:
        add("Where attention went", rails.attention, story.attention, _attention(content))
        add("Priority alignment", rails.priorities, story.priorities, _priorities(content))
        add("Friction highlights", rails.friction, story.friction, _friction(content))
        add("Skills gap", rails.skills, story.skills, _skills(content))
        add("Relationship pulse", rails.people, story.people, _people(content))
        add("Value", rails.value, story.value, _value(content))
    add("System health", rails.health, story.health, _health(content))
    if content.month:
        month = content.month
        if story.months:
            add("Month by month", month.months.rail, story.months, write_months(month, has_past=not content.is_first))
        if story.returns and not content.is_empty:
            add("Return", month.returns.rail, story.returns, write_returns(month))
        if story.contacts and not content.is_empty:
            add("People and weeks", month.heat.rail, story.contacts, write_heat(month))
        blocks += _section("Targets", month.targets.rail, month.targets.headline, write_targets(month, story))
    else:
        blocks += _section(f"Next {words.noun}", "", content.next_headline, _next(content))
    blocks += _foot(content)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _section(topic: str, rail: str, headline: str, body: Iterable[str]) -> list[str]:
    return [f"## {inline(headline)}", f"*{escape(topic)}.* {escape(rail)}".strip(), *body]


def _head(content: Content) -> Iterator[str]:
    head, story = content.masthead, content.story
    kind = "monthly deep dive" if content.month else "weekly report" if content.words.noun == "week" else "report"
    yield f"# {escape(head.title)}"
    yield f"Session Insights, {kind} for {escape(head.owner)}. {escape(head.made_at)}."
    facts = (
        ("Coverage", head.coverage),
        ("Compared with", head.compared_with),
        ("Reader", head.reader),
        ("Cost of report", head.cost),
    )
    yield bullets(f"**{name}:** {escape(text)}" for name, text in facts)
    if head.warning:
        yield f"**{escape(head.warning)}**"
    yield from (f"**{escape(change)}**" for change in head.changes)
    yield f"## {inline(story.headline)}"
    if story.lede:
        yield inline(story.lede)
    yield bullets(inline(bullet.text) for bullet in story.glance)
    if head.note:
        yield f"*{escape(head.note)}*"
    yield f"*At a glance.* {escape(content.rails.glance)}"


def _figures(content: Content) -> Iterator[str]:
    rows = []
    for card in content.cards:
        value = "".join(number + unit for number, unit in card.value) or None
        against = change(card.delta) or (f"*{escape(card.note)}*" if card.note else "")
        rows.append((escape(card.label), shown(value), against, escape(card.was), escape(card.range)))
    yield f"## The {content.words.noun} in figures"
    yield table(["", capital(content.words.this), "Change", "Before", "Range"], rows)


def _attention(content: Content) -> Iterator[str]:
    part, past = content.attention, content.attention.has_past
    if part.bars:
        days = "; ".join(f"{escape(label)} {escape(time)}" for label, time in part.bars)
        yield f"**{escape(part.caption)}** {escape(part.caption_more)} {days}."
    head = ["Business", "Sessions", "Minutes", "Share", *_against(content.words, past), "Tokens", "Cost"]
    rows = [
        [
            shown(row.name),
            *map(escape, (row.session_count, row.minutes, row.share)),
            *([escape(row.change)] if past else []),
            escape(row.tokens),
            shown(row.cost or None),
        ]
        for row in (*part.rows, part.all)
    ]
    yield table(head, rows)
    yield escape(" ".join(part.notes))


def _against(words: PeriodWords, has_past: bool) -> list[str]:
    return [f"Against {words.last}"] if has_past else []


def _priorities(content: Content) -> Iterator[str]:
    part = content.priorities
    if not part.rows:
        yield "*Needs a reader.*"
        return
    rows = [
        (escape(row.label), escape(row.share), escape(row.target), change(row.delta), escape(row.detail))
        for row in part.rows
    ]
    yield table(["Priority", "Share", "Target", "Against it", "Minutes"], rows)
    if content.story.priorities.paragraphs:
        yield f"### {escape(part.title)}"


def _friction(content: Content) -> Iterator[str]:
    part = content.friction
    if part.lines:
        yield f"**{escape(part.caption)}**"
        rows = [
            [escape(line.label), *map(shown, line.cells), change(line.delta), shown(line.detail or None)]
            for line in part.lines
        ]
        counts = ["Sessions read (n)", *map(escape, part.read_counts), "", ""]
        yield table(["Week from", *part.weeks, "Change", "Times in sessions"], [*rows, counts])
    if part.findings:
        yield f"### {escape(part.findings_title)}"
        for finding in part.findings:
            yield f"**{escape(finding.title)}:** {escape(finding.detail)}"
            yield "\n".join(_evidence(finding))
    elif part.is_read:
        yield "Nothing went wrong in the same way in two sessions."
    yield escape(part.incidents)
    if part.origins:
        yield f"**Where it started.** {escape(part.origin_caption)} {escape('; '.join(part.origins))}."


def _evidence(finding: Finding) -> Iterator[str]:
    for item in finding.evidence:
        facts = ", ".join(escape(fact) for fact in (item.when, item.active, item.times, item.project) if fact)
        yield f"- **{escape(item.title)}**{f' ({facts})' if facts else ''}: {inline(item.text) or '*no summary*'}" + (
            f" {code(item.command)}" if item.command else ""
        )
    if finding.more_count:
        yield f"- and {finding.more_count} more"


def _skills(content: Content) -> Iterator[str]:
    part = content.skills
    if not part.rows:
        return

    def pair(now: str | None, was: str, *, has_past: bool) -> str:
        return shown(now) + (f" ({escape(was)})" if has_past else "")

    rows = [
        (
            code(f"/{row.name}") + (f" {escape(row.when)}" if row.when else ""),
            pair(row.used, row.used_was, has_past=part.has_past),
            pair(row.missed, row.missed_was, has_past=part.has_missed_past),
            escape(row.instead),
        )
        for row in part.rows
    ]
    rows.append(
        (
            "All",
            pair(part.used, part.used_was, has_past=part.has_past),
            pair(part.missed, part.missed_was, has_past=part.has_missed_past),
            "",
        )
    )
    yield table(["Skill", "Used", "Missed", "What happened instead"], rows)
    past = [f"In brackets: {content.words.last}."] if part.has_past else []
    yield " ".join([*past, *part.notes])


def _people(content: Content) -> Iterator[str]:
    part, past = content.people, content.people.has_past
    if not part.rows:
        return
    rows = [
        [
            escape(f"{row.name}, {row.about}" if row.about else row.name),
            escape(row.contacts),
            shown(row.reactive),
            shown(row.proactive),
            *([escape(f"{row.was}; {row.change}" if row.change else row.was)] if past else []),
        ]
        for row in (*part.rows, part.all)
    ]
    yield table(["Person", "Contacts", "Reactive", "Proactive", *([capital(content.words.last)] if past else [])], rows)
    yield escape(part.direction_note)


def _value(content: Content) -> Iterator[str]:
    part = content.value
    yield big(part.figures, needs_reader=part.needs_reader)
    if part.rows:
        rows = [
            (shown(row.name), escape(row.read_count), *map(shown, (row.saved, row.artifacts, row.decisions, row.filed)))
            for row in (*part.rows, part.all)
        ]
        yield table(["Business", "Sessions read", "Saved, at least", "Artifacts", "Decisions", "Notes filed"], rows)
    outcomes = escape(", ".join(part.outcomes)) + "." if part.outcomes else shown(None)
    yield f"**Was the goal reached?** {escape(part.outcome_caption)} {outcomes}"
    yield escape(part.price)


def _health(content: Content) -> Iterator[str]:
    part, last = content.health, content.words.last
    if part.starters:
        named = [(shown(row.name), row) for row in part.starters] + [("All", part.all)]
        named += [(capital(last), part.last)] if part.last else []
        rows = [(name, *map(escape, (row.ran, row.failed, row.cost))) for name, row in named]
        yield "**Automated sessions,** in no figure above"
        yield table(["Started by", "Ran", "Failed", "Cost"], rows)
    elif content.story.health.headline != f"No automated session ran {content.words.this}":
        yield f"No automated session ran {content.words.this}."
    if part.tools:
        tools = [
            [
                escape(row.name),
                escape(row.failed),
                escape(row.rate),
                *([change(row.delta), escape(row.was)] if part.has_past else []),
            ]
            for row in part.tools
        ]
        yield "**Tool calls** in your sessions"
        past = ["Change", capital(last)] if part.has_past else []
        yield table(["Tool", "Failed of calls", "Rate", *past], tools)
        yield escape(part.more_tools)


def _next(content: Content) -> Iterator[str]:
    story = content.story
    if story.recommendations:
        yield from advice(story.recommendations)
    else:
        yield "No finding of two sessions or more calls for advice."
    if story.verdicts:
        yield f"### {escape(content.verdicts_title)}"
        rows = [
            (inline(item.title), VERDICTS.get(item.verdict, shown(None)), inline(item.evidence))
            for item in story.verdicts
        ]
        yield table(["Recommendation", "Verdict", "Evidence"], rows, words=3)


def _foot(content: Content) -> Iterator[str]:
    foot = content.foot
    yield "## How this was counted"
    yield "### What the figures mean"
    yield bullets(map(escape, foot.meaning))
    yield "### What was left out"
    yield bullets(map(escape, foot.left_out))
    yield "### Cost of this report"
    yield f"{escape(foot.cost)} {escape(foot.made)}"
