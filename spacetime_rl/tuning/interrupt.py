"""The first signal that asks a run to stop ends training cleanly, with a checkpoint; the second one at once."""

from __future__ import annotations

import logging
import signal
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from ray.tune import Callback
from ray.tune.experiment import Trial
from ray.tune.result import SHOULD_CHECKPOINT

from spacetime_rl.host import signals
from spacetime_rl.notices import PASSING

logger = logging.getLogger(__name__)


class Interrupt(Callback):  # type: ignore[misc]
    """Takes the first signal (`signals.py`) while it is entered, and acts on it as a Tune callback.

    Every running trial finishes its iteration and is saved. Then Tune receives the signal at which it stops by itself.
    Its trials count as unfinished, so they can be resumed. A second signal raises `Stopped`. A copy that Tune pickled
    does nothing.
    """

    def __init__(self) -> None:
        self.requested = False
        self._said = False  # the message is not logged in the handler, because a signal may interrupt a write
        self._running: set[str] = set()  # ids of trials that have reported since they started
        self._entered = ExitStack()

    def __enter__(self) -> Self:
        before = signal.getsignal(signal.SIGUSR1)
        # Until Tune has its handler, this signal must not end the process; `on_step_end` repeats the signal.
        signal.signal(signal.SIGUSR1, lambda *_: None)
        self._entered.callback(signal.signal, signal.SIGUSR1, before)
        self._entered.enter_context(signals.gently(self.request))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered.close()

    def request(self) -> None:
        """Ask all trials to end."""
        self.requested = True
        self._stop_if_all_saved()

    def on_trial_result(self, trial: Any, result: dict[str, Any], **_: Any) -> None:
        """Mark the result, so that Tune saves the trial after this callback."""
        self._running.add(trial.trial_id)
        if self.requested:
            result[SHOULD_CHECKPOINT] = True

    def on_step_end(self, trials: Sequence[Any], **_: Any) -> None:
        """Stop waiting for trials that ended or were paused during Tune's last loop."""
        if self.requested:
            self._running &= {trial.trial_id for trial in trials if trial.status == Trial.RUNNING}
            if not self._said:
                self._said = True
                logger.warning(
                    "stopping after this iteration, with a checkpoint, because of %s; a second signal stops at once",
                    signals.name(),
                    extra=PASSING,
                )
            self._stop_if_all_saved()

    def on_trial_save(self, trial: Any, **_: Any) -> None:
        """Note that a trial was saved."""
        if self.requested:
            self._running.discard(trial.trial_id)
            self._stop_if_all_saved()

    def _stop_if_all_saved(self) -> None:
        if not self._running:
            signal.raise_signal(signal.SIGUSR1)  # Tune's own handler: leave the loop, save the experiment

    def __getstate__(self) -> dict[str, Any]:
        return {"requested": False, "_said": False, "_running": set(), "_entered": ExitStack()}
