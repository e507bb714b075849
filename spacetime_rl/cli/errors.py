"""An error as the user sees it: one message on stderr and an exit code."""

from __future__ import annotations

import errno
import sys
import tempfile
import traceback
from pathlib import Path

from spacetime_rl.errors import ConfigError, SpacetimeError

UNEXPECTED = 3
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def report(error: Exception, debug: bool) -> int:
    """Print what went wrong on stderr; the traceback too if `debug`. Returns the exit code."""
    if debug:
        traceback.print_exception(error)
    if isinstance(error, SpacetimeError):
        _say(_message(error))
        return error.exit_code
    if full := _full_disk(error):
        _say(f"{full.filename or 'a file'} cannot be written: {full.strerror}; make room, or choose another folder")
        return UNEXPECTED
    _say(f"unexpected {type(error).__name__}: {error}")
    if not debug:
        _say(f"the traceback is in {_write_traceback(error)} (--debug before the verb shows it here)")
    return UNEXPECTED


def _full_disk(error: BaseException | None) -> OSError | None:
    """The error, or what it came of, if that is a full disk: Tune wraps whatever its callbacks raise."""
    while error is not None and not (isinstance(error, OSError) and error.errno in _DISK_FULL):
        error = error.__cause__ or error.__context__
    return error


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
