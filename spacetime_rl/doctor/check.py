"""A check, and what came of it."""

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
    """Something to find out: `run` returns what it found, in a few words, or raises.

    `remedy` is what a user can do when it raises. A check whose `needs` failed is not tried. A check that is `apart`
    is slow and runs in a process of its own, beside the others.
    """

    name: str
    run: Callable[[], str]
    remedy: str
    needs: str | None = None
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a check, and how long it took."""

    name: str
    ok: bool
    detail: str
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail, "seconds": round(self.seconds, 2)}


def perform(check: Check) -> Outcome:
    """Run a check here and now. Whatever it raises becomes an outcome: the next check is wanted too."""
    start = time.perf_counter()
    try:
        ok, detail = True, check.run()
    except (LaunchTimeout, StepTimeout) as error:
        ok, detail = False, too_slow(str(error), check)
    except SpacetimeError as error:
        ok, detail = False, with_remedy(str(error), check)
    except Exception as error:  # the door: anything may be broken on a machine that is being examined
        ok, detail = False, with_remedy(f"{type(error).__name__}: {error}", check)
    return Outcome(check.name, ok, detail, time.perf_counter() - start)


def too_slow(what: str, check: Check) -> str:
    """What was not done in time, and what to do: on a machine that is busy with other things, to wait for those."""
    load, own = psutil.getloadavg()[0], cores()
    if load <= 2 * own:
        return with_remedy(what, check)
    return f"{what}\nWhat to do: try again when this machine is less busy (load {load:.0f} on {own} cores)"


def with_remedy(what: str, check: Check) -> str:
    """What went wrong, and what to do."""
    return f"{what}\nWhat to do: {check.remedy}"
