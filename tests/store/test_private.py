"""No secret reaches Postgres, whatever field of a transcript it stands in."""

from __future__ import annotations

import json
from pathlib import Path

from session_insights.store.database import Connection, execute
from tests.building import assistant, result, transcript, user, write_transcript
from tests.helpers import dump_everything, sync_folder
from tests.planted_secrets import alnum

FIELDS = (
    *(
        "prompt",
        "reply",
        "command",
        "input",
        "toolerror",
        "rejection",
        "path",
        "skill",
        "pr",
        "prlink",
        "tool",
        "model",
    ),
    *("cwd", "branch", "version", "entrypoint", "kind", "steering", "apierror", "aititle", "agenttype", "agentprompt"),
    *("compaction", "queued", "customtitle", "summary", "forked"),
)
# Each field's own secret, so that a leak says where it was.
SECRETS = {field: "ghp_" + f"{number:02}" + alnum(34) for number, field in enumerate(FIELDS)}
TITLES = {
    "aititle": {"type": "ai-title", "aiTitle": "About aititle"},
    "customtitle": {"type": "custom-title", "customTitle": "About customtitle"},
    "summary": {"type": "summary", "summary": "About summary", "leafUuid": "u1"},
}


def _planted(session_id: str, title: str) -> str:
    """A session as lines of JSON with the names of fields where the secrets go."""
    records = transcript(
        user("about <prompt>", uuid="u1"),
        user("<command-name>/go</command-name><command-args><command></command-args>"),
        assistant("see <reply>", model="<model>"),
        assistant(tool="Bash", given={"command": "deploy <input>"}, call="a"),
        result("a", "failed with <toolerror>", is_error=True),
        assistant(tool="Edit", given={"file_path": "/x/<path>.py"}, call="b"),
        result("b", outcome={"structuredPatch": [], "gitOperation": {"pr": {"url": "https://x/<pr>"}}}),
        assistant(tool="Skill", given={"skill": "<skill>"}, call="c"),
        result("c"),
        assistant(tool="<tool>", given={}, call="d"),
        result("d", "The user doesn't want to proceed", is_error=True, userFeedback="no: <rejection>"),
        {"type": "pr-link", "prUrl": "https://x/<prlink>"},
        {"type": "queue-operation", "operation": "enqueue", "content": "wait: <queued>"},
        {"type": "queue-operation", "operation": "remove", "content": "wait: <queued>"},
        {"type": "attachment", "attachment": {"type": "queued_command", "prompt": "and <steering>"}},
        {"type": "system", "subtype": "compact_boundary", "compactMetadata": {"trigger": "<compaction>"}},
        {**assistant("<apierror>"), "isApiErrorMessage": True, "error": "x"},
        {"type": "<kind>"},
        {**TITLES[title], title: f"<{title}>"},
        session_id=session_id,
        cwd="/home/alex/<cwd>",
        entrypoint="<entrypoint>",
    )
    for record in records:
        if "cwd" in record:
            record |= {"gitBranch": "<branch>", "version": "<version>"}
        if record.get("uuid") == "u1":
            record["forkedFrom"] = {"sessionId": "<forked>"}
    lines = "".join(json.dumps(record) + "\n" for record in records).replace(f"About {title}", f"About <{title}>")
    return _fill(lines)


def _fill(text: str) -> str:
    for field, secret in SECRETS.items():
        text = text.replace(f"<{field}>", secret)
    return text


def test_every_field_is_masked_before_it_is_stored(connection: Connection, tmp_path: Path) -> None:
    for number, title in enumerate(TITLES):
        name = f"1111111{number}-2222-4333-8444-555555555555"
        path = write_transcript(tmp_path, transcript(user("x"), session_id=name))
        path.write_text(_planted(name, title), encoding="utf-8")
        agent = path.parent / name / "subagents" / "agent-a1.jsonl"
        agent.parent.mkdir(parents=True)
        records = transcript(user(_fill("look at <agentprompt>"), isSidechain=True), assistant(), session_id=name)
        agent.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        agent.with_suffix(".meta.json").write_text(json.dumps({"agentType": _fill("<agenttype>")}), encoding="utf-8")
    counts = sync_folder(connection, tmp_path)
    assert (counts["read_count"], counts["session_count"]) == (6, 6)
    stored = dump_everything(connection)
    assert [field for field, secret in SECRETS.items() if secret in stored] == []
    # Each field was stored, and not dropped before it could leak.
    [session] = execute(
        connection, "select * from insights.claude_sessions where id like '11111110%%' and not is_subagent"
    )
    assert [session[name] for name in ("title", "cwd", "git_branch", "entrypoint", "cli_version", "forked_from")] == [
        *("About [secret]", "/home/alex/[secret]", "[secret]", "[secret]", "[secret]", "[secret]")
    ]
    texts = "\n".join(
        row["text"]
        for row in execute(connection, "select text from insights.session_entries order by session_id, entry_no")
    )
    for said in ("about", "see", "deploy", "failed with", "no:", "and", "wait:", "/go", "look at", "/x/"):
        assert f"{said} [secret]".replace("/x/ ", "/x/") in texts
    for column in ("tool", "skill", "file_path", "pr_url"):
        rows = execute(connection, f"select 1 from insights.session_entries where {column} like '%%[secret]%%'")
        assert rows, column
    assert execute(connection, "select 1 from insights.session_messages where model = '[secret]'")
    assert execute(connection, "select 1 from insights.claude_sessions where agent_type = '[secret]'")
