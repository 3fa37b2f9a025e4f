"""What a tool call of the demo looks like: its name and input, its result, its time and size."""

from __future__ import annotations

import json
import random
from typing import Any

from local.demo.storyline import Session, Step

TOOLS = {"bash", "read", "write", "edit", "mcp", "skill", "agent", "fetch", "search", "pr"}
REFUSED = (
    "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the "
    "new_string was NOT written to the file). "
)
REFUSED_WITH_WORDS = "To tell you how to proceed, the user said:\n"
REFUSED_SILENTLY = "STOP what you are doing and wait for the user to tell you how to proceed."
CURRENT = "(file state is current in your context — no need to Read it back)"
TIMED_OUT = "MCP error -32001: Request timed out"
TIMEOUT_SECONDS = 60
SKILLS = {
    "compose": "Draft or answer a mail in Alex's voice: short, warm, one question a mail. Read the thread first.",
    "file-this": "File a link, note or document: choose the folder, add a head with source and date, link both ways.",
    "meeting-prep": "Prepare a meeting: last contact, open promises, three questions, one ask. One page.",
    "agreement": "Draft or compare an agreement from the house template; list every change against the last version.",
    "event-plan": "Plan an event: date, room, budget, run of show, who does what. Keep all of it in one plan file.",
    "follow-up": "Follow up after an event or meeting: one mail a person, each with the promise that was made.",
}


def absolute(path: str, folder: str) -> str:
    """A path of a script, from Alex's machine: `~` is his home, the rest lies below the folder."""
    if path.startswith("~"):
        return "/Users/alex" + path[1:]
    return path if path.startswith("/") else f"{folder}/{path}"


def skill_body(name: str, words: str) -> str:
    """What the CLI puts before the model when a skill starts."""
    text = f"# {name}\n\n{SKILLS.get(name, 'One more of them.')}\n\nARGUMENTS: {words}"
    return f"Base directory for this skill: /Users/alex/.claude/skills/{name}\n\n{text}"


def tool_use(step: Step, cwd: str, session: Session) -> tuple[str, dict[str, Any]]:
    """Name and input of the call."""
    path, _, pages = step.text.partition(" pages=")
    where = {"file_path": absolute(path, cwd)}
    match step.kind:
        case "bash":
            command, _, told = step.text.partition("  # ")
            return "Bash", {"command": command, "description": told or session.head["title"]}
        case "read":
            return "Read", where | ({"pages": pages} if pages else {})
        case "write":
            return "Write", where | {"content": "\n".join(step.output) + "\n"}
        case "edit":
            return "Edit", {"replace_all": False} | where | {
                "old_string": "\n".join(step.old), "new_string": "\n".join(step.new)
            }  # fmt: skip
        case "mcp":
            tool, _, given = step.text.partition(" ")
            return "mcp__" + tool.replace(".", "__"), json.loads(given or "{}")
        case "skill":
            name, _, words = step.text.partition(" ")
            return "Skill", {"skill": name, "args": words}
        case "agent":
            kind, what, task = (part.strip() for part in step.text.split("|", 2))
            return "Agent", {"description": what, "prompt": task, "subagent_type": kind}
        case "fetch":
            url, _, question = step.text.partition(" ")
            return "WebFetch", {"url": url, "prompt": question or "Summarize this page."}
        case "search":
            return "WebSearch", {"query": step.text}
    return "Bash", {"command": "gh pr create --fill", "description": "Open a pull request"}


def tool_result(step: Step, given: dict[str, Any]) -> tuple[Any, Any, int, int]:
    """Content for the model, detail for the CLI, lines added and removed."""
    text = "\n".join(step.output)
    if step.failed:
        content = f"Exit code 1\n{text}" if step.kind == "bash" else text or TIMED_OUT
        if step.kind in ("edit", "read") and not content.startswith("<"):
            content = f"<tool_use_error>{content}</tool_use_error>" if step.kind == "edit" else content
        return content, f"Error: {content}", 0, 0
    path = given.get("file_path", "")
    match step.kind:
        case "read":
            lines = text.split("\n")
            numbered = "\n".join(f"{number}\t{line}" for number, line in enumerate(lines, 1))
            file = {"filePath": path, "content": text, "numLines": len(lines), "startLine": 1, "totalLines": len(lines)}
            return numbered, {"type": "text", "file": file}, 0, 0
        case "write":
            content = f"File created successfully at: {path} {CURRENT}"
            detail = {"type": "create", "filePath": path, "content": given["content"], "structuredPatch": [],
                      "originalFile": None, "userModified": False}  # fmt: skip
            return content, detail, len(step.output), 0
        case "edit":
            lines = ["-" + line for line in step.old] + ["+" + line for line in step.new]
            patch = {"oldStart": 1, "oldLines": len(step.old), "newStart": 1, "newLines": len(step.new), "lines": lines}
            detail = {"filePath": path, "oldString": given["old_string"], "newString": given["new_string"],
                      "originalFile": None, "structuredPatch": [patch], "userModified": False,
                      "replaceAll": False}  # fmt: skip
            return f"The file {path} has been updated successfully. {CURRENT}", detail, len(step.new), len(step.old)
        case "mcp":
            blocks = [{"type": "text", "text": text or "ok"}]
            return blocks, blocks, 0, 0
        case "skill":
            return f"Launching skill: {given['skill']}", {"success": True, "commandName": given["skill"]}, 0, 0
        case "fetch":
            return text, {"bytes": 40 * len(text), "code": 200, "result": text, "url": given["url"]}, 0, 0
        case "search":
            return text, {"query": given["query"], "results": [text], "durationSeconds": 2.1}, 0, 0
    detail = {"stdout": text, "stderr": "", "interrupted": False, "isImage": False, "noOutputExpected": not text}
    if step.kind == "pr":
        number, repository = step.text.split(" ", 1)
        link = f"https://github.com/{repository}/pull/{number}"
        pull = {"number": int(number), "url": link, "action": "created"}
        return link, detail | {"stdout": link, "gitOperation": {"pr": pull}}, 0, 0
    return text or "(Bash completed with no output)", detail, 0, 0


def seconds(step: Step, rng: random.Random) -> float:
    """How long the tool ran."""
    if step.kind == "mcp":
        return rng.uniform(1, 6)
    if step.kind in ("bash", "pr", "fetch", "search"):
        return min(120.0, rng.lognormvariate(2.2, 0.9))
    return rng.uniform(0.05, 0.6)


def tokens(step: Step, content: Any, rng: random.Random) -> int:
    """What the result adds to the context; a script shows the part of a result that matters."""
    shown = len(content if isinstance(content, str) else json.dumps(content)) // 3
    if step.failed or step.kind in ("write", "edit", "skill"):
        return shown + rng.randint(150, 500)
    return shown + int(rng.lognormvariate(9.2, 0.6))


def launched(use: dict[str, Any], agent_id: str, model: str) -> tuple[Any, dict[str, Any]]:
    """The result of a sub-agent's call: only that it was launched."""
    text = (
        "Async agent launched successfully. (This tool result is internal metadata — never quote or paste any part of "
        f"it.)\nagentId: {agent_id}\nThe agent is working in the background. You will be notified automatically when "
        "it completes."
    )
    given = use["input"]
    detail = {"isAsync": True, "status": "async_launched", "agentId": agent_id, "description": given["description"],
              "resolvedModel": model, "prompt": given["prompt"]}  # fmt: skip
    return [{"type": "text", "text": text}], detail


def agent_meta(use: dict[str, Any], model: str) -> dict[str, Any]:
    """The side file of a sub-agent."""
    given = use["input"]
    return {"agentType": given["subagent_type"], "isBuiltIn": True, "description": given["description"],
            "toolUseId": use["id"], "spawnDepth": 1, "requestShape": "background", "model": model,
            "finished": True}  # fmt: skip
