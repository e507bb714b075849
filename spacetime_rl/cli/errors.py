"""Report an error to the user: one message on stderr, and an exit code."""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path

from spacetime_rl.errors import ConfigError, SpacetimeError
from spacetime_rl.host.machine_limits import explain

UNEXPECTED = 3


def report(error: Exception, debug: bool) -> int:
    """Print an error's message to stderr, with the traceback if `debug`. Returns the exit code."""
    if debug:
        traceback.print_exception(error)
    if isinstance(error, SpacetimeError):
        _say(_message(error))
        return error.exit_code
    if limit := explain(error):
        _say(limit)
        return UNEXPECTED
    _say(f"unexpected {type(error).__name__}: {error}")
    if not debug:
        try:
            _say(f"the traceback is in {_write_traceback(error)} (--debug before the verb shows it here)")
        except OSError:
            _say("--debug before the verb shows the traceback")
    return UNEXPECTED


def _message(error: SpacetimeError) -> str:
    if isinstance(error, ConfigError) and len(error.problems) > 1:
        return "\n  ".join([f"{len(error.problems)} mistakes:", *error.problems])
    return str(error)


def _say(message: str) -> None:
    sys.stderr.write(f"spacetime-rl: {message}\n")


def _write_traceback(error: Exception) -> Path:
    with tempfile.NamedTemporaryFile("w", prefix="spacetime-rl-", suffix=".traceback", delete=False) as file:
        traceback.print_exception(error, file=file)
    return Path(file.name)
