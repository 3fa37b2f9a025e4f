"""Questions to Claude by the `claude` command, for people who have a subscription and no API key.

The transcript in the question is untrusted and the command is an agent, so the call is given no power: no tools, no
MCP servers, no settings (and so no hooks, no CLAUDE.md), no slash commands, one turn, an empty folder. Every flag is in
Claude Code's own CLI reference; docs/decisions/0012-the-claude-command.md has the reason for each.
"""

from __future__ import annotations

import json
import math
import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, NonNegativeInt, ValidationError

from session_insights.errors import SettingsError
from session_insights.llm.asking import Answer, ClaudeUnavailable, Messages, Rejected, Reply, T, ask_twice
from session_insights.llm.prompts import RenderedPrompt, defuse
from session_insights.records import OWN_WORK

_FLAGS = (
    *("--print", "--output-format", "json", "--max-turns", "1"),
    *("--tools", "", "--strict-mcp-config", "--setting-sources", "", "--disable-slash-commands"),
    "--no-session-persistence",
)
_MOST_OUTPUT_BYTES = 4_000_000
# What a task of ours is told and the command need not know; and marks by which it would take itself for a child.
_NOT_PASSED_ON = ("AIRFLOW", "_AIRFLOW", "SESSION_INSIGHTS_", "CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT")
_SIGNED_OUT = re.compile(
    r"/login|not logged in|invalid (?:api key|bearer token)|oauth token|authenticat|\b40[13]\b", re.IGNORECASE
)
_CANNOT_PAY = re.compile(r"credit balance", re.IGNORECASE)
_UNKNOWN_FLAG = re.compile(r"unknown (?:option|argument)", re.IGNORECASE)
_UNKNOWN_MODEL = re.compile(r"selected model|model.{0,80}(?:not exist|not found|no access)|\b404\b", re.IGNORECASE)
_BUSY = re.compile(
    r"limit reached|hit your.{0,20}limit|usage limit|rate.?limit|overloaded|connection error|timed? ?out"
    r"|\b(?:429|5\d\d)\b",
    re.IGNORECASE,
)


class _Usage(BaseModel):
    input_tokens: NonNegativeInt = 0
    output_tokens: NonNegativeInt = 0
    cache_read_input_tokens: NonNegativeInt = 0
    cache_creation_input_tokens: NonNegativeInt = 0


class _Result(BaseModel):
    """What `--output-format json` prints, as far as it is used."""

    subtype: str = ""
    is_error: bool = False
    result: str = ""
    stop_reason: str | None = None
    total_cost_usd: float | None = None
    usage: _Usage = _Usage()
    modelUsage: dict[str, Any] = {}  # noqa: N815


@dataclass(frozen=True)
class ClaudeCommand:
    """Starts `claude --print` for each question."""

    executable: str = "claude"
    timeout_seconds: float = 300.0

    def find(self) -> str:
        """Where the command is.

        Raises:
            SettingsError: Nowhere, or it may not be started.
        """
        found = shutil.which(os.path.expanduser(self.executable))  # noqa: PTH111 - a Path would lose `./`
        if found is None:
            raise SettingsError(
                f"Reader 'cli' finds no command '{self.executable}': install Claude Code for the user that runs this, "
                "or name it by SESSION_INSIGHTS_CLAUDE_COMMAND."
            )
        return str(Path(found).absolute())

    def ask(self, *, prompt: RenderedPrompt, answer: type[T], model: str) -> Answer[T]:
        """Ask, and ask once more when the answer cannot be used; see `Client`.

        Cost and tokens are what the command reports; with a subscription that is what the API would have charged.

        Raises:
            SettingsError: The command is not there, too old, or not signed in.
            ClaudeUnavailable: A usage limit, an overload, or no answer in time.
        """
        schema = json.dumps(answer.model_json_schema())
        system = f"{prompt.static}\n\nAnswer with one JSON object of this schema and nothing else:\n{schema}"

        def send(messages: Messages, max_tokens: int) -> Reply:
            return self._send(system, _as_one_text(messages), model, max_tokens)

        return ask_twice(send, prompt=prompt, answer=answer, model=model)

    def _send(self, system: str, text: str, model: str, max_tokens: int) -> Reply:
        with tempfile.TemporaryDirectory(prefix="session-insights-") as folder:
            question, guide, empty = Path(folder, "question"), Path(folder, "guide"), Path(folder, "empty")
            question.write_text(text, encoding="utf-8", errors="replace")
            guide.write_text(system, encoding="utf-8", errors="replace")
            empty.mkdir()
            arguments = [self.find(), *_FLAGS, "--model", model, "--system-prompt-file", str(guide)]
            code, output, told = self._run(arguments, question, empty, max_tokens)
        result = _parse(output)
        if result is None:
            self._judge(told or output, model)
            raise Rejected(f"'{self.executable}' ended with exit code {code}: {_line(told or output) or 'no words'}")
        if result.is_error or result.subtype.startswith("error"):
            self._judge(result.result or told, model)
        return _reply(result, model)

    def _run(self, arguments: list[str], question: Path, folder: Path, max_tokens: int) -> tuple[int, str, str]:
        """Exit code, output and errors; nothing that it started is left behind."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)}
        environment["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1"  # no update of itself half-way
        environment["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] = str(max_tokens)
        try:
            with question.open("rb") as stdin:
                process = subprocess.Popen(
                    arguments,
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd=folder,
                    env=environment,
                    start_new_session=True,
                )
        except OSError as error:
            told = f"Reader 'cli' cannot start '{self.executable}' ({error.strerror})"
            raise SettingsError(f"{told}; see SESSION_INSIGHTS_CLAUDE_COMMAND.") from None
        with process:
            try:
                output, errors = self._collect(process)
                return process.wait(timeout=10), output, errors
            except subprocess.TimeoutExpired:
                raise ClaudeUnavailable(f"'{self.executable}' answered and did not end") from None
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def _collect(self, process: subprocess.Popen[bytes]) -> tuple[str, str]:
        """Both outputs until they are closed, within bounds of time and size."""
        deadline = time.monotonic() + self.timeout_seconds
        streams = {process.stdout: bytearray(), process.stderr: bytearray()}
        with selectors.DefaultSelector() as selector:
            for stream in streams:
                selector.register(stream, selectors.EVENT_READ)  # type: ignore[arg-type]
            while selector.get_map():
                ready = selector.select(deadline - time.monotonic())
                if not ready:
                    raise ClaudeUnavailable(f"'{self.executable}' gave no answer in {self.timeout_seconds:.0f} s")
                for key, _ in ready:
                    data = os.read(key.fd, 65_536)
                    if not data:
                        selector.unregister(key.fileobj)
                    streams[key.fileobj] += data  # type: ignore[index]
                    if len(streams[key.fileobj]) > _MOST_OUTPUT_BYTES:  # type: ignore[index]
                        raise Rejected(f"'{self.executable}' printed more than {_MOST_OUTPUT_BYTES:,} bytes")
        output, errors = (bytes(data).decode("utf-8", "replace") for data in streams.values())
        return output, errors

    def _judge(self, told: str, model: str) -> None:
        """Raise what an error of the command means for others; return where it is about this question alone."""
        said = _line(told)
        if _UNKNOWN_FLAG.search(said):
            raise SettingsError(f"'{self.executable}' is too old for reader 'cli' ({said}); update Claude Code.")
        if _CANNOT_PAY.search(said):
            raise SettingsError(f"'{self.executable}': the account cannot pay ({said}); add credit to it.")
        if _BUSY.search(said):
            raise ClaudeUnavailable(f"'{self.executable}' says: {said}")
        if _SIGNED_OUT.search(said):
            raise SettingsError(
                f"'{self.executable}' is not signed in ({said}): run `claude` once as the user that runs this and "
                "sign in, or choose another reader."
            )
        if _UNKNOWN_MODEL.search(said):
            raise SettingsError(
                f"'{self.executable}' cannot use the model '{model}' ({said}); set SESSION_INSIGHTS_FACET_MODEL or "
                "SESSION_INSIGHTS_NARRATIVE_MODEL."
            )


def _as_one_text(messages: Messages) -> str:
    """The question as the command gets it.

    It starts with our mark, by which a sync knows it for no session of a person. Each `@` becomes `＠`: the command
    would take `@path` for a file to be read and attached, whoever wrote it.
    """
    parts = [f"{OWN_WORK} A question of Session Insights, not of a person.", messages[0]["content"]]
    for earlier in messages[1:]:
        text = earlier["content"]
        parts.append(f"<earlier_answer>\n{defuse(text)}\n</earlier_answer>" if earlier["role"] == "assistant" else text)
    return "\n\n".join(parts).replace("@", "＠")


def _parse(output: str) -> _Result | None:
    """The result object, which is the whole output, its last line, or the last item of a list."""
    for text in (output, output.strip().rpartition("\n")[2]):
        try:
            data = json.loads(text)
            return _Result.model_validate(data[-1] if isinstance(data, list) and data else data)
        except (ValueError, ValidationError, RecursionError):
            continue
    return None


def _reply(result: _Result, model: str) -> Reply:
    cost = result.total_cost_usd
    if cost is not None and not (0 <= cost < math.inf):
        cost = None
    error = None
    if result.is_error or result.subtype.startswith("error"):
        error = f"the command reports {result.subtype or 'an error'}: {_line(result.result) or 'no words'}"
    return Reply(
        text=result.result,
        model=next(iter(result.modelUsage)) if len(result.modelUsage) == 1 else model,
        stop_reason=result.stop_reason,
        error=error,
        input_tokens=result.usage.input_tokens,
        output_tokens=result.usage.output_tokens,
        cache_read_tokens=result.usage.cache_read_input_tokens,
        cache_write_tokens=result.usage.cache_creation_input_tokens,
        cost_usd=cost,
    )


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
