"""One demo session → what the CLI, Claude and Alex would have left of it, step by step."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from local.demo import phrases, results
from local.demo.records import MODELS, SUBAGENT_MODEL, Record, Records
from local.demo.storyline import Step


class Transcript(Records):
    """Plays a script; afterwards `records` and `subagents` are complete."""

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
            self.records.append({
                "type": "file-history-snapshot", "messageId": prompt_uuid, "snapshot": snapshot,
                "isSnapshotUpdate": False,
            })  # fmt: skip
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
            is_thanked = re.search(r"thank|perfect|great|nice|love|good\b(?! enough)", self.last_prompt, re.I)
            answers = (
                phrases.DONE
                if "toolUseResult" in self.records[-1]
                else phrases.THANKED
                if is_thanked
                else phrases.HEARD
            )
            self.pending = self.rng.choice(answers)
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

    def call(self, calls: list[Step], refusal: Step | None) -> None:
        """One message with its tool calls, then their results; a repeated call is a message each time."""
        first = calls[0]
        self.tally.retry_loops += first.failed and first.times >= 3
        for attempt in range(first.times):
            if attempt and not self.pending and self.rng.random() < 0.6:
                self.pending = phrases.AGAIN[(attempt + len(first.text)) % len(phrases.AGAIN)]
            tools = [results.tool_use(step, self.cwd, self.session) for step in calls]
            for name, _ in tools:
                if name not in self.tools:
                    self.tools.append(name)
                    if not self.agent_id:
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
        if step.kind == "mcp" and step.failed and not step.output:
            self.now += timedelta(seconds=results.TIMEOUT_SECONDS + self.rng.random())
        else:
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
        self.pending = phrases.WAITING
        launched_at = self.now
        self.end_turn()
        self.now = max(self.now, agent.now) + timedelta(seconds=1)
        report = next(item.text for item in reversed(step.inner) if item.kind == "say")
        notice = phrases.NOTICE.format(
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
        trigger, _, summary = (part.strip() for part in step.text.partition("|"))
        if trigger == "manual":
            self.end_turn()
        before, leaf, self.parent_uuid = self.context, self.parent_uuid, None
        self.context = self.fresh = self.rng.randint(9_000, 13_000)
        metadata = {"trigger": trigger, "preTokens": before, "postTokens": self.context, "durationMs": 31_000}
        self.wait(31)
        self.put(
            "system", logicalParentUuid=leaf, subtype="compact_boundary", content="Conversation compacted",
            level="info", compactMetadata=metadata,
        )  # fmt: skip
        text = phrases.SUMMARY.format(summary)
        self.put(
            "user", message={"role": "user", "content": text}, isVisibleInTranscriptOnly=True, isCompactSummary=True
        )
        if trigger == "manual":
            self.say_locally("<command-name>/compact</command-name>\n            <command-message>compact"
                             "</command-message>\n            <command-args></command-args>")  # fmt: skip
            self.say_locally("<local-command-stdout>Compacted (ctrl+o to see full summary)</local-command-stdout>")
