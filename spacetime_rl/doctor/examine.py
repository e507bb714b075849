"""Run the checks: quick ones one after the other, and meanwhile slow ones, each in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from spacetime_rl.doctor.check import Check, Outcome, perform, too_slow, with_remedy

APART_TIMEOUT_S = 180.0


def examine(checks: Sequence[Check], said: Callable[[Outcome], None]) -> list[Outcome]:
    """Run the checks. Returns the outcomes in the order of `checks`.

    `said` is called with each outcome as soon as it is known, from several threads.
    """
    apart = [check for check in checks if check.apart]
    outcomes: dict[str, Outcome] = {}

    def settle(check: Check, run: Callable[[Check], Outcome]) -> None:
        outcomes[check.name] = run(check)
        said(outcomes[check.name])

    with ThreadPoolExecutor(max(1, len(apart))) as pool:
        pending = [pool.submit(settle, check, _perform_apart) for check in apart]
        for check in checks:
            if not check.apart:
                blocked = check.needs is not None and not outcomes[check.needs].ok
                settle(check, _not_tried if blocked else perform)
        for future in pending:
            future.result()
    return [outcomes[check.name] for check in checks]


def _not_tried(check: Check) -> Outcome:
    return Outcome(check.name, False, f"not tried, because `{check.needs}` failed", 0.0)


def _perform_apart(check: Check) -> Outcome:
    """Run a check in its own process, which prints the outcome as its last line. It is killed at the deadline."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "spacetime_rl.doctor", check.name]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=APART_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        detail = too_slow(f"did not finish within {APART_TIMEOUT_S:g} s", check)
        return Outcome(check.name, False, detail, time.perf_counter() - start)
    seconds = time.perf_counter() - start
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
        return Outcome(check.name, bool(answer["ok"]), str(answer["detail"]), seconds)
    except (IndexError, ValueError, KeyError, TypeError):
        tail = "\n".join(done.stderr.splitlines()[-5:])
        detail = with_remedy(f"ended with exit code {done.returncode}: {tail}", check)
        return Outcome(check.name, False, detail, seconds)
