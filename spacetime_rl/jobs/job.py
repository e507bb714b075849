"""A submitted run, sweep or evaluation, with the interface of a future."""

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
_TAIL = 12  # last lines of its output in the error of a failed job


@dataclass(frozen=True, slots=True)
class Job:
    """A job on a cluster. Every method sends a request to the cluster. `id` is Ray's id of the job."""

    id: str
    client: JobSubmissionClient = field(repr=False, compare=False)

    @classmethod
    def find(cls, job_id: str, address: str | None = None) -> Job:
        """Find a job that was submitted earlier, by its id or its run's id. Raises UsageError if there is none."""
        job = cls(job_of(job_id), connect(address))
        job.status()
        return job

    def status(self) -> Status:
        """The job's status: `pending` until Ray has started it."""
        return str(self._info().status).lower()  # type: ignore[return-value]

    def done(self) -> bool:
        """Whether the job has ended: succeeded, failed or stopped."""
        return self.status() in OVER

    def running(self) -> bool:
        """Whether the job has begun and not ended."""
        return self.status() == "running"

    def cancelled(self) -> bool:
        """Whether the job was stopped."""
        return self.status() == "stopped"

    def cancel(self) -> bool:
        """Stop the job as Ctrl-C would: it saves its trials and can be resumed. False if it has already ended."""
        if self.done():
            return False
        return bool(ask(lambda: self.client.stop_job(self.id), f"{self.id}: the cluster did not stop it"))

    def logs(self) -> str:
        """The job's output so far."""
        return ask(lambda: str(self.client.get_job_logs(self.id)), f"{self.id}: the cluster has no logs of it")

    def follow(self) -> Iterator[str]:
        """Yield the job's output in chunks, from its beginning until the job ends."""
        loop = asyncio.new_event_loop()
        lines = self.client.tail_job_logs(self.id)
        try:
            while True:
                yield loop.run_until_complete(anext(lines))
        except StopAsyncIteration:
            return
        finally:
            with suppress(RuntimeError):  # Ray's generator cannot be closed before its end
                loop.run_until_complete(lines.aclose())
            loop.close()

    def result(self, timeout_s: float | None = None) -> dict[str, Any]:
        """Wait for the job's end and return the summary of its run, `report/summary.json`, or its other result.

        Raises TimeoutError if it has not ended after `timeout_s` seconds, CancelledError if it was stopped, and
        JobFailed, with the last lines of its output, if it failed.
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
        """Wait for the job's end and return why it failed or was stopped; None if it succeeded. Raises TimeoutError."""
        try:
            self.result(timeout_s)
        except (JobFailed, CancelledError) as error:
            return error
        return None

    def describe(self) -> dict[str, Any]:
        """The job's row in a list: id, kind, status, results folder, start in Unix time, duration and error message."""
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
    """This package's jobs on a cluster, newest first, each as `Job.describe` returns it."""
    ours = [
        info
        for info in ask(connect(address).list_jobs, "the cluster does not list its jobs")
        if info.submission_id and KIND in (info.metadata or {})
    ]
    return [describe(info) for info in sorted(ours, key=lambda info: info.start_time or 0, reverse=True)]


def describe(info: Any) -> dict[str, Any]:
    """Describe a job from Ray's job details, as `Job.describe` does."""
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
