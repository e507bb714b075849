"""Progress as blocks of a few lines, one an iteration, in the form of Ray Tune's own output."""

from __future__ import annotations

import time
from typing import TextIO

from spacetime_rl import metrics
from spacetime_rl.console.progress import Progress, TrialProgress, View


class StatusView(View):
    """Prints a block `== Status ==` after every iteration, and warnings as lines `WARNING: …` on stderr."""

    def __init__(self, progress: Progress, out: TextIO, err: TextIO) -> None:
        self._progress = progress
        self._out = out
        self._err = err

    def stage(self, text: str) -> None:
        """Print the stage's name."""
        self._print(self._out, f"{text[:1].upper()}{text[1:]}")

    def note(self, text: str, is_warning: bool) -> None:
        """Print a warning, or a fact."""
        self._print(self._err, f"{'WARNING' if is_warning else 'INFO'}: {text}")

    def result(self, trial: TrialProgress) -> None:
        """Print the block of an iteration."""
        result = metrics.Result(trial.result)
        lines = [
            "== Status ==",
            f"Current time: {time.strftime('%Y-%m-%d %H:%M:%S')}",
            f"Training iteration: {result.iteration}",
            f"Total agent steps: {result.agent_steps}",
        ]
        for policy in result.policies:
            mean = result.figure(metrics.of_policy(policy, metrics.RETURN))
            if mean is not None:
                lines.append(f"Policy {policy}: reward={mean:.5g}")
        self._print(self._out, "\n".join(lines))

    def _print(self, to: TextIO, text: str) -> None:
        to.write(text + "\n")
        to.flush()
