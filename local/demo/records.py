"""The records of one demo session: ids, clock, envelope, API messages; shapes as in transcript-format.md."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from genai_prices import Usage, calc_price

from local.demo import results
from local.demo.storyline import Session

Record = dict[str, Any]
Tokens = tuple[int, int, int, int]  # input, output, cache read, cache write

HOME = "/Users/alex"
MODELS = {"opus": ("claude-opus-5-5", "Opus 5.5"), "sonnet": ("claude-sonnet-5-5", "Sonnet 5.5")}
SUBAGENT_MODEL = "claude-haiku-5-5"
IDLE_SECONDS = 300  # the cache lives five minutes; a longer pause writes the whole context again


@dataclass
class Tally:
    """What was spent and planted."""

    messages: list[tuple[str, Tokens]] = field(default_factory=list)  # model and tokens of each API message
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
        return sum(cost_usd(model, tokens) for model, tokens in self.messages)

    def by_model(self) -> dict[str, Record]:
        """As `modelUsage` of a cost-state."""
        names = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens")
        spent: dict[str, Record] = {}
        for model, tokens in self.messages:
            total = spent.setdefault(model, {**dict.fromkeys(names, 0), "webSearchRequests": 0, "costUSD": 0.0})
            for name, number in zip(names, tokens, strict=True):
                total[name] += number
            total["costUSD"] += cost_usd(model, tokens)
        return spent


@cache
def cost_usd(model: str, tokens: Tokens) -> float:
    """The list price of one API message."""
    fresh, output, read, write = tokens
    usage = Usage(
        input_tokens=fresh + read + write, output_tokens=output, cache_read_tokens=read, cache_write_tokens=write
    )
    return float(calc_price(usage, model, provider_id="anthropic").total_price)


class Pace(NamedTuple):
    """A person's pauses and the machine's, each as a factor (or in seconds)."""

    person: float
    machine: float


class Records:
    """Writes records in file order and keeps what the CLI keeps: parent, context size, cost."""

    def __init__(self, session: Session, *, seed: str, pace: Pace, parent: Records | None = None) -> None:
        self.session, self.seed, self.pace = session, seed, pace
        self.waited = Pace(0.0, 0.0)  # seconds so far, before pace
        self.rng = random.Random(f"{seed}:{session.key}:{'agent' if parent else 'main'}")
        self.now = session.started_at.astimezone(UTC) + timedelta(seconds=self.rng.uniform(0, 50))
        self.records: list[Record] = []
        self.copied = 0  # how many of them a fork has taken over
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
        started = self.session.started_at.timestamp()
        self.bare(
            "cost-state", totalCostUSD=self.tally.cost_usd, totalLinesAdded=self.tally.lines_added,
            totalLinesRemoved=self.tally.lines_removed, totalDuration=round((self.now.timestamp() - started) * 1000),
            startTime=round(started * 1000), modelUsage=self.tally.by_model(), hasUnknownModelCost=False,
        )  # fmt: skip

    def title(self) -> None:
        kind = "custom-title" if self.session.head.get("renamed") else "ai-title"
        name = "customTitle" if kind == "custom-title" else "aiTitle"
        self.bare(kind, **{name: self.session.head["title"]})

    def attach(self, attachment: Record) -> None:
        self.put("attachment", attachment=attachment, renderedRole="system")

    def greet(self) -> None:
        """What the CLI tells the model once a session."""
        name = next(label for model, label in MODELS.values() if model == self.model)
        text = f"You are powered by the model named {name}. The exact model ID is {self.model}."
        self.attach({"type": "model", "identity": {"modelId": self.model, "marketingName": name}, "text": text})
        self.attach({"type": "date", "date": f"{self.session.started_at:%Y-%m-%d}"})

    def say_locally(self, text: str) -> None:
        self.put("user", message={"role": "user", "content": text})

    def grow(self, tokens: int) -> None:
        self.context += tokens
        self.fresh += tokens

    def message(self, blocks: list[Record], stop_reason: str | None) -> str:
        """One API message: a record a block, each with the same id and the same usage."""
        is_idle = self.called_at and (self.now - self.called_at).total_seconds() > IDLE_SECONDS
        write = min(self.context, self.fresh if not is_idle else self.context)
        size = sum(len(json.dumps(block)) for block in blocks) // 3
        thought = 0 if stop_reason is None else int(self.rng.lognormvariate(7.0, 0.6))
        output = 1 if stop_reason is None else min(2600, size + thought)
        self.wait(self.rng.uniform(3, 9) + output / 45)
        fresh = self.rng.randint(3, 14)
        self.tally.messages.append((self.model, (fresh, output, self.context - write, write)))
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

    def result(self, use: Record, source: str, content: Any, detail: Any, *, is_error: bool, **more: Any) -> None:
        block = {"tool_use_id": use["id"], "type": "tool_result", "content": content}
        if is_error or use["name"] == "Bash":
            block["is_error"] = is_error
        detail = {} if self.agent_id else {"toolUseResult": detail}
        accepted = {"decision": "accept", "source": "config", "reasonType": "rule", "ruleSource": "userSettings"}
        more = more or {"permissionDecision": accepted}
        self.put("user", message={"role": "user", "content": [block]}, **detail, sourceToolAssistantUUID=source, **more)
