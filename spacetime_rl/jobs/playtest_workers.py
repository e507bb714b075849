"""Workers of a playtest on the nodes of a Ray cluster, an actor each."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from spacetime_rl.config.playtest import Playtest
from spacetime_rl.episodes.episode import Episode
from spacetime_rl.errors import WorkerLost
from spacetime_rl.playtest.findings import Finding
from spacetime_rl.playtest.outcome import Outcome
from spacetime_rl.playtest.play import Abandoned
from spacetime_rl.playtest.repeats import Known
from spacetime_rl.playtest.sighting import Sighting
from spacetime_rl.playtest.story import OpenWorker
from spacetime_rl.playtest.worker import LocalWorker, prepare
from spacetime_rl.tuning.ray_session import ray_session

_POLL_S = 0.2  # how soon a stop is noticed
_PLACE_S = 120.0  # to find a node with a free CPU, and to start there


@contextmanager
def ray_workers(plan: Playtest, results: Path, baseline: str | None, stop: threading.Event) -> Iterator[OpenWorker]:
    """Workers on the cluster at $RAY_ADDRESS, or on a Ray of this machine; each takes a CPU. Raises ClusterError."""
    with ray_session(plan.settings.games):
        yield lambda index, known: RayWorker(plan, results, baseline, index, stop, known)


class RayWorker:
    """A worker that plays on some node. Every method raises WorkerLost if its process or node is gone."""

    def __init__(
        self,
        plan: Playtest,
        results: Path,
        baseline: str | None,
        index: int,
        stop: threading.Event,
        known: Known | None = None,
    ) -> None:
        import ray

        self._index = index
        self._stop = stop
        actor = ray.remote(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")(_Remote)
        self._actor: Any = actor.remote(plan, results, baseline, f"playtest-{index}", str(Path.cwd()), known)
        try:
            self._ask("ready", longest_s=_PLACE_S)
        except BaseException:
            self.close()
            raise

    def check(self) -> Known:
        """As `Worker.check`."""
        found: Known = self._ask("check")
        return found

    def play(self, number: int) -> Outcome:
        """As `Worker.play`."""
        found: Outcome = self._ask("play", number)
        return found

    def examine(self, finding: Finding, episode: Episode) -> tuple[Finding, Episode]:
        """As `Worker.examine`."""
        found: tuple[Finding, Episode] = self._ask("examine", finding, episode)
        return found

    def end(self) -> tuple[Sighting, ...]:
        """As `Worker.end`."""
        found: tuple[Sighting, ...] = self._ask("end")
        return found

    def close(self) -> None:
        """End the process; its games end with it."""
        import ray

        ray.kill(self._actor)

    def _ask(self, method: str, *arguments: Any, longest_s: float | None = None) -> Any:
        import ray
        from ray.exceptions import RayError, RayTaskError

        answer = getattr(self._actor, method).remote(*arguments)
        end_s = None if longest_s is None else time.monotonic() + longest_s
        while not ray.wait([answer], timeout=_POLL_S)[0]:
            if self._stop.is_set():
                raise Abandoned
            if end_s is not None and time.monotonic() > end_s:
                raise WorkerLost(f"the cluster has no free CPU for worker {self._index} within {_PLACE_S:g} s")
        try:
            return ray.get(answer)
        except RayTaskError as error:
            raise error.cause from None  # as it was raised there
        except RayError as error:
            reason = str(error).partition("\n")[0]
            raise WorkerLost(f"worker {self._index} or its node is gone: {reason}") from error


class _Remote:
    """What an actor does: a local worker that is made when it is first needed."""

    def __init__(
        self, plan: Playtest, results: Path, baseline: str | None, name: str, folder: str, known: Known | None
    ) -> None:
        self._known = known
        self._plan = plan
        self._results = results
        self._baseline = baseline
        self._name = name
        self._opened = ExitStack()
        self._worker: LocalWorker | None = None
        if Path(folder).is_dir():  # on another node, a job's folder is where Ray has put us
            os.chdir(folder)

    def ready(self) -> None:
        """Return when the process has started."""

    def check(self) -> Known:
        return self._local().check()

    def play(self, number: int) -> Outcome:
        return self._local().play(number)

    def examine(self, finding: Finding, episode: Episode) -> tuple[Finding, Episode]:
        return self._local().examine(finding, episode)

    def end(self) -> tuple[Sighting, ...]:
        return self._local().end()

    def _local(self) -> LocalWorker:
        if self._worker is None:
            prepared = self._opened.enter_context(prepare(self._plan, self._results, self._baseline))
            self._worker = LocalWorker(prepared, self._name, self._known)
        return self._worker
