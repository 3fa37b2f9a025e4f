"""The Message Batches endpoints of the fake: what is sent, what comes back, and what can go wrong on the way."""

from __future__ import annotations

import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.exchange import Behaviour, Request, Response


@dataclass
class FakeBatch:
    """One batch as the API keeps it."""

    id: str
    requests: list[dict[str, Any]]
    created_at: datetime
    ends_at: float  # time.monotonic
    results: list[dict[str, Any]] = field(default_factory=list)  # made when it ends
    is_canceled: bool = False

    @property
    def has_ended(self) -> bool:
        return self.is_canceled or time.monotonic() >= self.ends_at


def expired() -> Behaviour:
    """In a batch: not answered within a day."""
    return lambda _: Response({"result": {"type": "expired"}})


class FakeBatches:
    """Every batch that was made. When one ends, its requests are answered by `answers` in turn, then by the default."""

    def __init__(self, default: Behaviour, address: str) -> None:
        self.made: list[FakeBatch] = []
        self.default = default
        self.address = address
        self.seconds = 0.0  # how long a batch takes
        self.answers: list[Behaviour] = []
        self.faults: list[tuple[Behaviour, bool]] = []  # for the next creations: what is answered, whether it is made
        self.extra_lines: list[str] = []  # stand among the results of every batch
        self.cut_results_after: int | None = None  # lines, once
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def fail(self, *behaviours: Behaviour, made: bool = False) -> None:
        """What the next creations get instead of their batch, and whether the batch is made nevertheless."""
        self.faults.extend((behaviour, made) for behaviour in behaviours)

    def add(self, custom_ids: list[str], *, seconds: float = 0.0) -> FakeBatch:
        """A batch of somebody else in the same workspace."""
        requests = [{"custom_id": custom_id, "params": {}} for custom_id in custom_ids]
        return self._make(requests, seconds)

    def answer(self, method: str, path: str, query: dict[str, list[str]], request: Request) -> Response:
        """`path` begins behind `/v1/messages/batches`."""
        parts = [part for part in path.split("/") if part]
        if not parts:
            return self._create(request) if method == "POST" else self._list(query)
        batch = next((batch for batch in self.made if batch.id == parts[0]), None)
        if batch is None:
            told = {"type": "not_found_error", "message": f"no batch {parts[0]}"}
            return Response({"type": "error", "error": told}, 404)
        if parts[1:] == ["cancel"]:
            batch.is_canceled = not batch.has_ended or batch.is_canceled
        if parts[1:] == ["results"]:
            return self._results(batch)
        return Response(self._describe(batch))

    def _create(self, request: Request) -> Response:
        with self._lock:
            fault, is_made = self.faults.pop(0) if self.faults else (None, True)
            batch = self._make(request.body["requests"], self.seconds) if is_made else None
        if fault is not None:
            return fault(request)
        assert batch is not None
        return Response(self._describe(batch))

    def _make(self, requests: list[dict[str, Any]], seconds: float) -> FakeBatch:
        batch = FakeBatch(f"msgbatch_{next(self._numbers):04}", requests, datetime.now(UTC), time.monotonic() + seconds)
        self.made.append(batch)
        return batch

    def _list(self, query: dict[str, list[str]]) -> Response:
        newest = [self._describe(batch) for batch in reversed(self.made)]
        if after := query.get("after_id"):
            newest = newest[1 + [batch["id"] for batch in newest].index(after[0]) :]
        page = newest[: int(query.get("limit", ["20"])[0])]
        ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
        return Response({"data": page, "has_more": len(page) < len(newest), **ends})

    def _describe(self, batch: FakeBatch) -> dict[str, Any]:
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        if batch.has_ended:
            for line in self._finish(batch):
                counts[line["result"]["type"]] = counts.get(line["result"]["type"], 0) + 1
        else:
            counts["processing"] = len(batch.requests)
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if batch.has_ended else "in_progress",
            "request_counts": counts,
            "created_at": batch.created_at.isoformat(),
            "expires_at": (batch.created_at + timedelta(hours=24)).isoformat(),
            "ended_at": datetime.now(UTC).isoformat() if batch.has_ended else None,
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": f"{self.address}/v1/messages/batches/{batch.id}/results" if batch.has_ended else None,
        }

    def _finish(self, batch: FakeBatch) -> list[dict[str, Any]]:
        with self._lock:
            if not batch.results:
                results = [self._result(batch, request) for request in batch.requests]
                batch.results = list(reversed(results))  # the API promises no order
            return batch.results

    def _result(self, batch: FakeBatch, request: dict[str, Any]) -> dict[str, Any]:
        if batch.is_canceled:
            return {"custom_id": request["custom_id"], "result": {"type": "canceled"}}
        behave = self.answers.pop(0) if self.answers else self.default
        response = behave(Request("batch", {}, request["params"]))
        result = response.body.get("result")
        if result is None and response.status >= 400:
            result = {"type": "errored", "error": response.body}
        elif result is None:
            message = response.body | {"usage": response.body["usage"] | {"service_tier": "batch"}}
            result = {"type": "succeeded", "message": message}
        return {"custom_id": request["custom_id"], "result": result}

    def _results(self, batch: FakeBatch) -> Response:
        lines = [json.dumps(line) for line in self._finish(batch)]
        lines[1:1] = self.extra_lines
        text = "".join(line + "\n" for line in lines).encode()
        cut_at = None
        if self.cut_results_after is not None:
            cut_at = len("".join(line + "\n" for line in lines[: self.cut_results_after]).encode())
            self.cut_results_after = None
        return Response(raw=text, headers={"content-type": "application/binary"}, cut_at=cut_at)
