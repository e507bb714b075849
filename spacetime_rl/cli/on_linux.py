"""Commands that play games say so at once on a system where none can be played."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from spacetime_rl.host.system import require_linux

P = ParamSpec("P")
R = TypeVar("R")


def on_linux(verb: str, command: Callable[P, R]) -> Callable[P, R]:
    """The command, which first raises UsageError where this is not Linux; its help is shown everywhere."""

    @functools.wraps(command)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        require_linux(f"spacetime-rl {verb}")
        return command(*args, **kwargs)

    return checked
