"""A `claude` to start: a real executable in a folder that does what it was told and writes down how it was called."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCRIPT = """#!{python}
import json, os, sys, time
from pathlib import Path
home = Path({folder!r})
number = len(list(home.glob("call-*.json")))
at = sys.argv.index("--system-prompt-file") + 1 if "--system-prompt-file" in sys.argv else None
call = {{
    "arguments": sys.argv[1:],
    "stdin": sys.stdin.read(),
    "guide": Path(sys.argv[at]).read_text() if at else None,
    "folder": os.getcwd(),
    "found": os.listdir(),
    "mode": os.stat("..").st_mode & 0o777,
    "environment": dict(os.environ),
    "pid": os.getpid(),
}}
(home / f"call-{{number}}.json").write_text(json.dumps(call))
acts = json.loads((home / "acts.json").read_text())
act = acts[min(number, len(acts) - 1)]
sys.stderr.write(act.get("errors", ""))
if act.get("child"):
    import subprocess
    child = subprocess.Popen(["sleep", "60"])
    (home / "child").write_text(str(child.pid))
time.sleep(act.get("seconds", 0))
for _ in range(act.get("times", 1)):
    sys.stdout.write(act.get("output", ""))
sys.stdout.flush()
sys.exit(act.get("code", 0))
"""


@dataclass(frozen=True)
class FakeCommand:
    """`acts` follow each other, the last one again and again: output, errors, code, seconds, times, child."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, *acts: dict[str, Any]) -> FakeCommand:
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder)
        made.path.write_text(_SCRIPT.format(python=sys.executable, folder=str(folder)))
        made.path.chmod(0o755)
        made.will(*acts)
        return made

    @property
    def path(self) -> Path:
        return self.folder / "claude"

    def will(self, *acts: dict[str, Any]) -> None:
        (self.folder / "acts.json").write_text(json.dumps(acts))

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("call-*.json"))]


def printed(result: str, **more: Any) -> dict[str, Any]:
    """What `--output-format json` prints around an answer, as Claude Code 2.1 does."""
    envelope: dict[str, Any] = {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "duration_ms": 4210,
        "duration_api_ms": 4000,
        "num_turns": 1,
        "result": result,
        "stop_reason": "end_turn",
        "session_id": "0a1b2c3d-0000-4000-8000-000000000000",
        "total_cost_usd": 0.0021,
        "usage": {
            "input_tokens": 10,
            "cache_creation_input_tokens": 1200,
            "cache_read_input_tokens": 300,
            "output_tokens": 80,
            "service_tier": "standard",
        },
        "modelUsage": {"claude-haiku-5-5": {"inputTokens": 10, "outputTokens": 80, "costUSD": 0.0021}},
        "permission_denials": [],
    }
    return {"output": json.dumps(envelope | more)}
