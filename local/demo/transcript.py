"""One demo session → the records that Claude Code 2.1.330 would have left; shapes as in transcript-format.md."""

from __future__ import annotations

import json
import random
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from genai_prices import Usage, calc_price

from local.demo import results
from local.demo.storyline import Session, Step

Record = dict[str, Any]

HOME = "/Users/alex"
MODELS = {"opus": ("claude-opus-5-5", "Opus 5.5"), "sonnet": ("claude-sonnet-5-5", "Sonnet 5.5")}
SUBAGENT_MODEL = "claude-haiku-5-5"
IDLE_SECONDS = 300  # the cache lives five minutes; a longer pause writes the whole context again
WAITING = "It is looking into that in the background; I'll report as soon as it is done."
DONE = ("Done.", "That is done.", "There it is.", "Done, as you asked.", "That worked.", "It is in place now.")
HEARD = (
    "All right.",
    "Noted, leaving it there.",
    "Understood.",
    "Good. I'll stop here.",
    "OK, that's it then.",
    "Noted.",
)
AGAIN = ("Trying once more.", "Same result; one more try.", "Again the same error.", "Let me retry that.")
SUMMARY = (
    "This session is being continued from a previous conversation that ran out of context. The summary below covers "
    "the earlier portion of the conversation.\n\nSummary:\n{}\n\nContinue the conversation from where it left off "
    "without asking the user any further questions."
)
NOTICE = """<task-notification>
<task-id>{agent}</task-id>
<tool-use-id>{call}</tool-use-id>
<status>completed</status>
<summary>Agent "{what}" finished</summary>
<result>{result}</result>
<usage><subagent_tokens>{tokens}</subagent_tokens><tool_uses>{tools}</tool_uses><duration_ms>{ms}</duration_ms></usage>
</task-notification>"""


@dataclass
class Tally:
    """What was spent and planted; `usage` is by model: input, output, cache read, cache write."""

    usage: dict[str, list[int]] = field(default_factory=dict)
    human_prompts: int = 0
    course_corrections: int = 0
    decisions: int = 0
    skills: list[str] = field(default_factory=list)
    mcp_failures: dict[str, int] = field(default_factory=dict)  # by server
    retry_loops: int = 0
    interruptions: int = 0
    rejections: int = 0
    written: list[str] = field(default_factory=list)  # paths, in order, each once
    lines_added: int = 0
    lines_removed: int = 0
    subagents: int = 0

    @property
    def cost_usd(self) -> float:
        """At list price; a cache write at the price of five minutes."""
        return sum(cost_usd(model, usage) for model, usage in self.usage.items())


def cost_usd(model: str, usage: list[int]) -> float:
    """The list price of one model's tokens."""
    fresh, output, read, write = usage
    tokens = Usage(
        input_tokens=fresh + read + write, output_tokens=output, cache_read_tokens=read, cache_write_tokens=write
    )
    return float(calc_price(tokens, model, provider_id="anthropic").total_price)


class Pace(NamedTuple):
    """A person's pauses and the machine's, each as a factor (or in seconds)."""

    person: float
    machine: float


class Transcript:
    """Writes records in file order; `write` runs a script, then `records` and `subagents` are complete."""

    def __init__(self, session: Session, *, seed: str, pace: Pace, parent: Transcript | None = None) -> None:
        self.session, self.seed, self.pace = session, seed, pace
        self.waited = Pace(0.0, 0.0)  # seconds so far, before pace
        self.rng = random.Random(f"{seed}:{session.key}:{'agent' if parent else 'main'}")
        self.now = session.started_at.astimezone(UTC) + timedelta(seconds=self.rng.uniform(0, 50))
        self.records: list[Record] = []
        self.subagents: list[tuple[str, list[Record], Record]] = []  # id, records, meta
        self.tally: Tally = parent.tally if parent else Tally()
        head = session.head
        self.id: str = parent.id if parent else self.uuid()
        self.cwd = results.absolute(head["cwd"], f"{HOME}/work")
        self.model = SUBAGENT_MODEL if parent else MODELS[head.get("model", "opus")][0]
        self.is_automated = head.get("started_by", "") != ""
        self.agent_id = f"a{self.rng.getrandbits(64):016x}" if parent else ""
        self.prompt_id: str = parent.prompt_id if parent else ""
        self.parent_uuid: str | None = None
        self.context = self.rng.randint(9_000, 14_000) if parent else self.rng.randint(48_000, 74_000)
        self.fresh = self.context  # what the next request writes to the cache
        self.called_at: datetime | None = None
        self.pending = ""  # said, not yet written: it goes with the next tool call
        self.turn_at: datetime | None = None
        self.prompt_index = 0
        self.last_prompt = ""
        self.tools: list[str] = []
        self.attribution: Record = {}
        self.is_killed = False
        self.title_due = not parent and not self.is_automated

    # -- ids, clock, envelope

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def key(self, prefix: str) -> str:
        return f"{prefix}_01{self.rng.getrandbits(88):022x}"

    def wait(self, seconds: float, *, person: bool = False) -> None:
        """Let time pass at the pace of the one who takes it."""
        self.now += timedelta(seconds=seconds * (self.pace.person if person else self.pace.machine))
        self.waited = Pace(self.waited.person + person * seconds, self.waited.machine + (not person) * seconds)

    def stamp(self) -> str:
        return f"{self.now:%Y-%m-%dT%H:%M:%S}.{self.now.microsecond // 1000:03d}Z"

    def bare(self, kind: str, **fields: Any) -> None:
        """A record without uuid; most have no time either."""
        self.records.append({"type": kind, **fields, "sessionId": self.id})

    def put(self, kind: str, **fields: Any) -> str:
        """A record of the conversation, chained to the one before."""
        record: Record = {"parentUuid": self.parent_uuid, "isSidechain": bool(self.agent_id)}
        if self.agent_id:
            record["agentId"] = self.agent_id
        if kind == "user":
            record["promptId"] = self.prompt_id
        record |= {"type": kind, **fields, "uuid": fields.get("uuid") or self.uuid(), "timestamp": self.stamp()}
        record |= {
            "userType": "external", "entrypoint": "sdk-cli" if self.is_automated else "cli", "cwd": self.cwd,
            "sessionId": self.id, "version": self.session.head["version"], "gitBranch": self.session.head["git"],
        }  # fmt: skip
        self.records.append(record)
        self.parent_uuid = str(record["uuid"])
        return self.parent_uuid

    # -- the script

    def write(self, steps: tuple[Step, ...] | list[Step]) -> None:
        """Run a whole script; the last turn is closed unless the session was killed."""
        position = 0
        while position < len(steps):
            step, after = steps[position], steps[position + 1 : position + 2]
            if step.kind in results.TOOLS:
                calls = [step]
                while position + 1 < len(steps) and steps[position + 1].beside:
                    position += 1
                    calls.append(steps[position])
                after = steps[position + 1 : position + 2]
                refusal = after[0] if after and after[0].kind == "reject" else None
                self.call(calls, refusal)
                position += refusal is not None
            else:
                getattr(self, f"do_{step.kind}")(step)
            position += 1
        if not self.is_killed:
            self.end_turn()

    def open(self) -> None:
        """What stands above the first prompt."""
        if self.is_automated:
            return
        self.bare("mode", mode="normal")
        self.bare("permission-mode", permissionMode=self.session.head.get("mode", "default"))

    def close(self) -> None:
        """What the CLI appends when it is left in good order."""
        if self.is_killed:
            return
        self.bare("last-prompt", lastPrompt=self.last_prompt[:200], leafUuid=self.parent_uuid)
        if not self.is_automated:
            self.title()
        names = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens")
        spent = {
            model: {**dict(zip(names, usage, strict=True)), "webSearchRequests": 0, "costUSD": cost_usd(model, usage)}
            for model, usage in self.tally.usage.items()
        }
        started = self.session.started_at.timestamp()
        self.bare(
            "cost-state", totalCostUSD=self.tally.cost_usd, totalLinesAdded=self.tally.lines_added,
            totalLinesRemoved=self.tally.lines_removed, totalDuration=round((self.now.timestamp() - started) * 1000),
            startTime=round(started * 1000), modelUsage=spent, hasUnknownModelCost=False,
        )  # fmt: skip

    def title(self) -> None:
        kind = "custom-title" if self.session.head.get("renamed") else "ai-title"
        name = "customTitle" if kind == "custom-title" else "aiTitle"
        self.bare(kind, **{name: self.session.head["title"]})

    # -- what a person does

    def think(self, text: str) -> None:
        """A person reads the answer and types: most often one to three minutes."""
        if self.records and self.last_prompt:
            self.wait(min(700.0, self.rng.lognormvariate(4.5, 0.55)) + len(text) / 6, person=True)

    def start_turn(self, text: str) -> Record:
        self.end_turn()
        self.think(text)
        self.prompt_id, self.prompt_index, self.last_prompt = self.uuid(), self.prompt_index + 1, text
        self.turn_at = self.now
        self.attribution = {}
        self.grow(len(text) // 3 + 60)
        origin = "sdk" if self.is_automated else "human"
        position = {"promptIndex": 0 if self.is_automated else self.prompt_index, "turnIndex": self.prompt_index}
        return {"turnOrigin": origin, "turnPosition": position}

    def do_prompt(self, step: Step) -> None:
        turn = self.start_turn(step.text)
        if self.is_automated:
            for operation in ({"operation": "enqueue", "content": step.text}, {"operation": "dequeue"}):
                self.bare("queue-operation", **operation, timestamp=self.stamp())
                self.now += timedelta(milliseconds=4)
        prompt_uuid = self.uuid()
        if not self.is_automated and (self.prompt_index == 1 or self.rng.random() < 0.4):
            snapshot = {"messageId": prompt_uuid, "trackedFileBackups": {}, "timestamp": self.stamp()}
            self.bare("file-history-snapshot", messageId=prompt_uuid, snapshot=snapshot, isSnapshotUpdate=False)
        source = {} if self.is_automated else {"origin": {"kind": "human"}}
        self.put(
            "user", message={"role": "user", "content": step.text}, uuid=prompt_uuid,
            permissionMode=self.session.head.get("mode", "default"), **source,
            promptSource="sdk" if self.is_automated else "typed", **turn,
        )  # fmt: skip
        self.tally.human_prompts += not self.is_automated
        self.note_flags(step)
        if self.prompt_index == 1:
            self.greet()

    def greet(self) -> None:
        """What the CLI tells the model once a session."""
        name = next(label for model, label in MODELS.values() if model == self.model)
        text = f"You are powered by the model named {name}. The exact model ID is {self.model}."
        self.attach({"type": "model", "identity": {"modelId": self.model, "marketingName": name}, "text": text})
        self.attach({"type": "date", "date": f"{self.session.started_at:%Y-%m-%d}"})

    def attach(self, attachment: Record) -> None:
        self.put("attachment", attachment=attachment, renderedRole="system")

    def note_flags(self, step: Step) -> None:
        self.tally.course_corrections += "~" in step.flags
        self.tally.decisions += "=" in step.flags

    def do_steer(self, step: Step) -> None:
        """Typed while Claude works: in the queue, then taken in with the next request; never a `user` record."""
        self.wait(self.rng.uniform(5, 20), person=True)
        command = self.uuid()
        self.bare("queue-operation", operation="enqueue", timestamp=self.stamp(), content=step.text)
        self.now += timedelta(milliseconds=self.rng.randint(900, 4000))
        self.bare(
            "queue-operation", operation="remove", timestamp=self.stamp(), reason="absorbed_mid_turn",
            commandUuid=command,
        )  # fmt: skip
        self.attach({
            "type": "queued_command", "prompt": step.text, "commandMode": "prompt", "origin": {"kind": "human"},
            "humanTurn": True, "source_uuid": command,
        })  # fmt: skip
        self.grow(len(step.text) // 3 + 60)
        self.tally.human_prompts += 1
        self.note_flags(step)

    def do_slash(self, step: Step) -> None:
        """A slash command: built in (`/model`) or a skill of Alex's (`/compose`)."""
        name, words = step.flags, step.text
        if name == "model":
            self.end_turn()
            self.think(words)
            self.model, label = MODELS[words]
            self.say_locally(f"<command-name>/{name}</command-name>\n            <command-message>{name}"
                             f"</command-message>\n            <command-args>{words}</command-args>")  # fmt: skip
            self.say_locally(f"<local-command-stdout>Set model to `{label}`</local-command-stdout>")
            return
        turn = self.start_turn(f"/{name} {words}")
        self.put("user", message={"role": "user", "content": (
            f"<command-message>{name}</command-message>\n<command-name>/{name}</command-name>\n"
            f"<command-args>{words}</command-args>")}, **turn)  # fmt: skip
        body = {"role": "user", "content": [{"type": "text", "text": results.skill_body(name, words)}]}
        self.put("user", message=body, isMeta=True, turnCompanion=True)
        self.grow(self.rng.randint(900, 1800))
        self.attribution = {"attributionSkill": name}
        self.note_skill(name)
        if self.prompt_index == 1:
            self.greet()

    def say_locally(self, text: str) -> None:
        self.put("user", message={"role": "user", "content": text})

    def note_skill(self, name: str) -> None:
        if name not in self.tally.skills:
            self.tally.skills.append(name)

    def do_shell(self, step: Step) -> None:
        """`!` mode: Alex runs a command himself."""
        turn = self.start_turn(f"! {step.text}")
        self.say_locally(f"<bash-input>{step.text}</bash-input>")
        self.wait(1)
        text = f"<bash-stdout>{chr(10).join(step.output)}</bash-stdout><bash-stderr></bash-stderr>"
        self.put("user", message={"role": "user", "content": text}, **turn)

    def do_interrupt(self, step: Step) -> None:
        """Esc while Claude speaks: the words so far, without a stop reason, and the marker."""
        message = self.message([{"type": "text", "text": step.text}], None)
        self.wait(self.rng.uniform(2, 9))
        self.put_interruption("[Request interrupted by user]", interruptedMessageId=message)

    def put_interruption(self, text: str, **fields: Any) -> None:
        self.put("user", message={"role": "user", "content": [{"type": "text", "text": text}]}, **fields)
        self.tally.interruptions += 1
        self.turn_at = None

    def do_later(self, step: Step) -> None:
        """A pause inside the session, as `18h30m`; the terminal stays open or the session is resumed."""
        self.end_turn()
        hours, minutes = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?", step.text).groups(default="0")  # type: ignore[union-attr]
        self.now += timedelta(hours=int(hours), minutes=int(minutes))

    # -- what Claude does

    def grow(self, tokens: int) -> None:
        self.context += tokens
        self.fresh += tokens

    def do_say(self, step: Step) -> None:
        if self.pending:
            self.flush("end_turn")
        self.pending = step.text

    def do_kill(self, _: Step) -> None:
        """The terminal is closed while Claude speaks: no stop reason, nothing after it."""
        self.message([{"type": "text", "text": self.pending}], None)
        self.pending, self.is_killed = "", True

    def flush(self, stop_reason: str) -> None:
        if self.pending:
            self.message([{"type": "text", "text": self.pending}], stop_reason)
            self.pending = ""

    def end_turn(self) -> None:
        """Close the running turn, if one is open; Claude always has the last word in it."""
        if self.turn_at is not None and not self.pending and self.records[-1]["type"] != "assistant":
            self.pending = self.rng.choice(DONE if "toolUseResult" in self.records[-1] else HEARD)
        self.flush("end_turn")
        if self.turn_at is None or self.agent_id:
            return
        self.wait(0.2)
        spent = round((self.now - self.turn_at).total_seconds() * 1000)
        if not self.is_automated:
            self.put("system", subtype="turn_duration", durationMs=spent, messageCount=len(self.records), isMeta=False)
        if self.title_due:
            self.title()
            self.title_due = False
        self.turn_at = None

    def message(self, blocks: list[Record], stop_reason: str | None) -> str:
        """One API message: a record a block, each with the same id and the same usage."""
        is_idle = self.called_at and (self.now - self.called_at).total_seconds() > IDLE_SECONDS
        write = min(self.context, self.fresh if not is_idle else self.context)
        size = sum(len(json.dumps(block)) for block in blocks) // 3
        thought = 0 if stop_reason is None else int(self.rng.lognormvariate(7.0, 0.6))
        output = 1 if stop_reason is None else min(2600, size + thought)
        self.wait(self.rng.uniform(3, 9) + output / 45)
        fresh = self.rng.randint(3, 14)
        spent = self.tally.usage.setdefault(self.model, [0, 0, 0, 0])
        for place, tokens in enumerate((fresh, output, self.context - write, write)):
            spent[place] += tokens
        usage = {
            "input_tokens": fresh, "cache_creation_input_tokens": write,
            "cache_read_input_tokens": self.context - write, "output_tokens": output,
            "output_tokens_details": {"thinking_tokens": thought},
            "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0}, "service_tier": "standard",
            "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": write},
            "inference_geo": "not_available", "speed": "standard",
        }  # fmt: skip
        if stop_reason and not self.agent_id and self.rng.random() < 0.3:
            signature = f"{self.rng.getrandbits(160):040x}"
            blocks = [{"type": "thinking", "thinking": "", "signature": signature}, *blocks]
        message_id, request_id = self.key("msg"), self.key("req")
        for index, block in enumerate(blocks):
            aborted = {"isAbortedMidStream": True} if stop_reason is None else {}
            message = {
                "id": message_id, "type": "message", "role": "assistant", "model": self.model, "content": [block],
                "stop_reason": stop_reason, "stop_sequence": None, "usage": usage,
            }  # fmt: skip
            self.put(
                "assistant", message=message, apiBlockIndex=index, requestId=request_id, requestedModel=self.model,
                **self.attribution, **aborted, effort="medium", madeBy="model",
            )  # fmt: skip
            self.now += timedelta(milliseconds=self.rng.randint(8, 60))
        self.called_at, self.fresh = self.now, 0
        self.grow(output)
        return message_id

    def call(self, calls: list[Step], refusal: Step | None) -> None:
        """One message with its tool calls, then their results; a repeated call is a message each time."""
        first = calls[0]
        self.tally.retry_loops += first.failed and first.times >= 3
        for attempt in range(first.times):
            if attempt and not self.pending and self.rng.random() < 0.6:
                self.pending = AGAIN[(attempt + len(first.text)) % len(AGAIN)]
            tools = [results.tool_use(step, self.cwd, self.session) for step in calls]
            for name, _ in tools:
                if name not in self.tools:
                    self.tools.append(name)
                    self.bare("tools-used", tools=list(self.tools))
            blocks: list[Record] = [{"type": "text", "text": self.pending}] if self.pending else []
            ids = [self.key("toolu") for _ in tools]
            uses = [
                {"type": "tool_use", "id": id_, "name": name, "input": given}
                for id_, (name, given) in zip(ids, tools, strict=True)
            ]
            self.pending = ""
            self.message(blocks + uses, "tool_use")
            asked = [record["uuid"] for record in self.records[-len(uses) :]]
            for step, use, source in zip(calls, uses, asked, strict=True):
                self.answer(step, use, source, refusal)

    def answer(self, step: Step, use: Record, source: str, refusal: Step | None) -> None:
        """The result of one call, and what it does to the tally."""
        if refusal:
            self.refuse(refusal, use, source)
            return
        self.wait(results.seconds(step, self.rng))
        if step.kind == "agent":
            self.delegate(step, use, source)
            return
        if step.kind == "mcp":
            server, _, tool = step.text.split(" ", 1)[0].partition(".")
            self.attribution = {"attributionMcpServer": server, "attributionMcpTool": tool}
            if step.failed:
                self.tally.mcp_failures[server] = self.tally.mcp_failures.get(server, 0) + 1
        content, detail, added, removed = results.tool_result(step, use["input"])
        if step.kind == "write" and not step.failed and use["input"]["file_path"] not in self.tally.written:
            self.tally.written.append(use["input"]["file_path"])
        self.tally.lines_added, self.tally.lines_removed = (
            self.tally.lines_added + added, self.tally.lines_removed + removed,
        )  # fmt: skip
        if step.kind == "pr":
            number, repository = step.text.split(" ", 1)
            link = f"https://github.com/{repository}/pull/{number}"
            self.bare("pr-link", prNumber=int(number), prUrl=link, prRepository=repository, timestamp=self.stamp())
        self.result(use, source, content, detail, is_error=step.failed)
        self.grow(results.tokens(step, content, self.rng))
        if step.kind == "skill":
            name, _, words = step.text.partition(" ")
            body = {"role": "user", "content": [{"type": "text", "text": results.skill_body(name, words)}]}
            self.put("user", message=body, isMeta=True, turnCompanion=True, sourceToolUseID=use["id"])
            self.attribution = {"attributionSkill": name}
            self.note_skill(name)

    def result(self, use: Record, source: str, content: Any, detail: Any, *, is_error: bool, **more: Any) -> None:
        block = {"tool_use_id": use["id"], "type": "tool_result", "content": content}
        if is_error or use["name"] == "Bash":
            block["is_error"] = is_error
        detail = {} if self.agent_id else {"toolUseResult": detail}
        accepted = {"decision": "accept", "source": "config", "reasonType": "rule", "ruleSource": "userSettings"}
        more = more or {"permissionDecision": accepted}
        self.put("user", message={"role": "user", "content": [block]}, **detail, sourceToolAssistantUUID=source, **more)

    def refuse(self, refusal: Step, use: Record, source: str) -> None:
        """The person says no: with words the turn goes on, without them it ends."""
        self.wait(self.rng.uniform(15, 60), person=True)
        words = refusal.text
        content = results.REFUSED + (results.REFUSED_WITH_WORDS + words if words else results.REFUSED_SILENTLY)
        more: Record = {"toolDenialKind": "user-rejected"}
        if words:
            decision = {"decision": "reject", "source": "user_reject", "reasonCode": "unknown"}
            more |= {"userFeedback": words, "holdsPersonsWords": True, "permissionDecision": decision}
        detail = f"Error: {content}" if words else "User rejected tool use"
        self.result(use, source, content, detail, is_error=True, **more)
        self.tally.rejections += 1
        self.tally.course_corrections += bool(words)
        if not words:
            self.put_interruption("[Request interrupted by user for tool use]")
            self.tally.interruptions -= 1  # one human act, two records

    def delegate(self, step: Step, use: Record, source: str) -> None:
        """A sub-agent: launched, waited for, its report brought back as a task notification."""
        agent = Transcript(self.session, seed=f"{self.seed}:{len(self.subagents)}", pace=self.pace, parent=self)
        agent.now = self.now
        agent.put("user", message={"role": "user", "content": use["input"]["prompt"]})
        agent.write(step.inner)
        self.subagents.append((agent.agent_id, agent.records, results.agent_meta(use, SUBAGENT_MODEL)))
        self.tally.subagents += 1
        content, detail = results.launched(use, agent.agent_id, SUBAGENT_MODEL)
        self.result(use, source, content, detail, is_error=False)
        self.grow(400)
        self.pending = WAITING
        launched_at = self.now
        self.end_turn()
        self.now = max(self.now, agent.now) + timedelta(seconds=1)
        report = next(item.text for item in reversed(step.inner) if item.kind == "say")
        notice = NOTICE.format(
            agent=agent.agent_id, call=use["id"], what=use["input"]["description"], result=report,
            tokens=agent.context, tools=len(agent.tools), ms=round((self.now - launched_at).total_seconds() * 1000),
        )  # fmt: skip
        self.bare("queue-operation", operation="enqueue", timestamp=self.stamp(), content=notice)
        self.bare("queue-operation", operation="dequeue", timestamp=self.stamp())
        self.turn_at, self.prompt_id = self.now, self.uuid()
        self.put(
            "user", message={"role": "user", "content": notice},
            origin={"kind": "task-notification", "producer": "session-task"}, promptSource="system",
            turnOrigin="task_notification",
        )  # fmt: skip
        self.grow(len(notice) // 3)

    def do_compact(self, step: Step) -> None:
        """The context is summed up: a boundary without parent, and the summary."""
        self.end_turn()
        trigger, _, summary = (part.strip() for part in step.text.partition("|"))
        before, leaf, self.parent_uuid = self.context, self.parent_uuid, None
        self.context = self.fresh = self.rng.randint(9_000, 13_000)
        metadata = {"trigger": trigger, "preTokens": before, "postTokens": self.context, "durationMs": 31_000}
        self.wait(31)
        self.put(
            "system", logicalParentUuid=leaf, subtype="compact_boundary", content="Conversation compacted",
            level="info", compactMetadata=metadata,
        )  # fmt: skip
        text = SUMMARY.format(summary)
        self.put(
            "user", message={"role": "user", "content": text}, isVisibleInTranscriptOnly=True, isCompactSummary=True
        )
        if trigger == "manual":
            self.say_locally("<command-name>/compact</command-name>\n            <command-message>compact"
                             "</command-message>\n            <command-args></command-args>")  # fmt: skip
            self.say_locally("<local-command-stdout>Compacted (ctrl+o to see full summary)</local-command-stdout>")
