"""A check and its outcome."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from spacetime_rl.errors import LaunchTimeout, SpacetimeError, StepTimeout
from spacetime_rl.host.system import cores


@dataclass(frozen=True, slots=True)
class Check:
    """A check: `run` returns its finding in a few words, or raises.

    `remedy` is the advice to the user if it raises. `needs` names a check that must pass first. A check that is `apart`
    is slow and runs in its own process, at the same time as the others.
    """

    name: str
    run: Callable[[], str]
    remedy: str
    needs: str | None = None
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a check: whether it passed, the finding or the error, and its duration."""

    name: str
    ok: bool
    detail: str
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail, "seconds": round(self.seconds, 2)}


def perform(check: Check) -> Outcome:
    """Run a check in this process. An exception becomes an outcome, so that the next check runs too."""
    start = time.perf_counter()
    try:
        ok, detail = True, check.run()
    except (LaunchTimeout, StepTimeout) as error:
        ok, detail = False, too_slow(str(error), check)
    except SpacetimeError as error:
        ok, detail = False, with_remedy(str(error), check)
    except Exception as error:  # on the machine that is checked, anything may be broken
        ok, detail = False, with_remedy(f"{type(error).__name__}: {error}", check)
    return Outcome(check.name, ok, detail, time.perf_counter() - start)


def too_slow(what: str, check: Check) -> str:
    """The message for a timeout; on a machine with more than twice as much load as cores, the advice is to wait."""
    load, own = psutil.getloadavg()[0], cores()
    if load <= 2 * own:
        return with_remedy(what, check)
    return f"{what}\nWhat to do: try again when this machine is less busy (load {load:.0f} on {own} cores)"


def with_remedy(what: str, check: Check) -> str:
    """An error message with the check's remedy."""
    return f"{what}\nWhat to do: {check.remedy}"
