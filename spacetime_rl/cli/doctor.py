"""`spacetime-rl doctor`: is this machine ready to train?"""

from __future__ import annotations

from spacetime_rl.cli.common import JsonOption


def doctor(json_output: JsonOption = False) -> None:
    """Check this machine from Python to Ray, each failure with its remedy. Takes less than a minute."""
    raise NotImplementedError
