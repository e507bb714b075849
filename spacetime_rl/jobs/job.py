"""A submitted run or sweep, which behaves like a future."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from spacetime_rl.errors import ClusterError, JobFailed, UsageError
from spacetime_rl.jobs.connection import ask, connect
from spacetime_rl.jobs.names import FOLDER, KIND, RESULT, is_for_users, job_of

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

Status = Literal["pending", "running", "stopped", "succeeded", "failed"]
OVER = ("stopped", "succeeded", "failed")
_POLL_S = 1.0
_TAIL = 12


@dataclass(frozen=True, slots=True)
class Job:
    """A run or sweep on a cluster. `id` is the run's id as well; methods ask the cluster every time."""

    id: str
    client: JobSubmissionClient = field(repr=False, compare=False)

    @classmethod
    def find(cls, job_id: str, address: str | None = None) -> Job:
        """A job that was submitted earlier, by its id or its run's. Raises UsageError if there is none."""
        job = cls(job_of(job_id), connect(address))
        job.status()
        return job

    def status(self) -> Status:
        """How it is: `pending` until Ray has started it."""
        return str(self._info().status).lower()  # type: ignore[return-value]

    def done(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.status() in OVER

    def running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.status() == "running"

    def cancelled(self) -> bool:
        """Whether it was stopped."""
        return self.status() == "stopped"

    def cancel(self) -> bool:
        """Ask it to stop as Ctrl-C does: it saves its trials and can be resumed. False where it has ended already."""
        if self.done():
            return False
        return bool(ask(lambda: self.client.stop_job(self.id), f"{self.id}: the cluster did not stop it"))

    def logs(self) -> str:
        """What it has printed so far."""
        return ask(lambda: str(self.client.get_job_logs(self.id)), f"{self.id}: the cluster has no logs of it")

    def follow(self) -> Iterator[str]:
        """What it prints, from the beginning until it ends, as it comes."""
        loop = asyncio.new_event_loop()
        lines = self.client.tail_job_logs(self.id)
        try:
            while True:
                yield loop.run_until_complete(anext(lines))
        except StopAsyncIteration:
            return
        finally:
            with suppress(RuntimeError):  # Ray's does not like to be closed before its end
                loop.run_until_complete(lines.aclose())
            loop.close()

    def result(self, timeout_s: float | None = None) -> dict[str, Any]:
        """The summary of the run, `report/summary.json`, once it has ended.

        Raises TimeoutError if it has not after `timeout_s`, CancelledError if it was stopped, JobFailed with the end of
        its logs.
        """
        status = self._wait(timeout_s)
        if status == "stopped":
            raise CancelledError(f"{self.id} was stopped; continue it by submitting it with --resume")
        told = [line for line in self.logs().splitlines() if line.startswith(RESULT)]
        if status == "failed" or not told:
            raise JobFailed(self._why())
        result: dict[str, Any] = json.loads(told[-1].removeprefix(RESULT))
        return result

    def exception(self, timeout_s: float | None = None) -> Exception | None:
        """Why it failed or was stopped, once it has ended; None if it did not. Raises TimeoutError."""
        try:
            self.result(timeout_s)
        except (JobFailed, CancelledError) as error:
            return error
        return None

    def describe(self) -> dict[str, Any]:
        """What a list of jobs shows of it: id, kind, status, when it began, how long it took and what went wrong."""
        info = self._info()
        return describe(info)

    def _info(self) -> Any:
        try:
            return ask(lambda: self.client.get_job_info(self.id), f"{self.id}: the cluster does not tell of it")
        except ClusterError as error:
            if "does not exist" not in str(error):
                raise
            raise UsageError(f"{self.id}: no such job there; `spacetime-rl jobs list` shows those there are") from error

    def _wait(self, timeout_s: float | None) -> Status:
        end_s = None if timeout_s is None else time.monotonic() + timeout_s
        while (status := self.status()) not in OVER:
            if end_s is not None and time.monotonic() >= end_s:
                raise TimeoutError(f"{self.id} is still {status} after {timeout_s} s")
            time.sleep(_POLL_S)
        return status

    def _why(self) -> str:
        info = self._info()
        lines = [line for line in self.logs().splitlines() if line.strip() and is_for_users(line)]
        said = "\n  ".join(lines[-_TAIL:])
        return f"{self.id} failed: {info.message or 'it ended without a result'}\n  {said}"


def find_jobs(address: str | None = None) -> list[dict[str, Any]]:
    """Our jobs on a cluster, the newest first, as `Job.describe` has them."""
    ours = [
        info
        for info in ask(connect(address).list_jobs, "the cluster does not list its jobs")
        if info.submission_id and KIND in (info.metadata or {})
    ]
    return [describe(info) for info in sorted(ours, key=lambda info: info.start_time or 0, reverse=True)]


def describe(info: Any) -> dict[str, Any]:
    """See `Job.describe`."""
    metadata: Mapping[str, str] = info.metadata or {}
    begun, ended = (None if stamp is None else stamp / 1000.0 for stamp in (info.start_time, info.end_time))
    status = str(info.status).lower()
    return {
        "id": info.submission_id,
        "kind": metadata.get(KIND, ""),
        "status": status,
        "folder": metadata.get(FOLDER, ""),
        "started": begun,
        "duration_s": None if begun is None else (ended or time.time()) - begun,
        "message": info.message if status == "failed" else "",
    }
