"""Commands that play games fail at once, with a clear message, on a system that is not Linux."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from spacetime_rl.host.system import require_linux

P = ParamSpec("P")
R = TypeVar("R")


def on_linux(verb: str, command: Callable[P, R]) -> Callable[P, R]:
    """Wrap a command so that it raises UsageError if this is not Linux. Its help is shown on every system."""

    @functools.wraps(command)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        require_linux(f"spacetime-rl {verb}")
        return command(*args, **kwargs)

    return checked
