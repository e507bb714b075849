"""The error that ended a trial, extracted from what Ray wraps around it, with the user's own lines that led to it.

An exception in the constructor of a Ray actor comes back only as text; the error is parsed from that text.
"""

from __future__ import annotations

import logging
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path

from ray.exceptions import OutOfMemoryError, RayActorError, RayTaskError

import spacetime_rl
from spacetime_rl import errors
from spacetime_rl.errors import (
    ConfigError,
    GodotNotFound,
    GodotTooOld,
    ImportFailed,
    NothingLearned,
    RewardHookError,
    SpacetimeError,
    UsageError,
    UserCodeError,
)
from spacetime_rl.host.machine_limits import OUT_OF_MEMORY, explain
from spacetime_rl.notices import Notice, Notices

_LASTING = (UsageError, GodotNotFound, GodotTooOld, ImportFailed, NothingLearned, RewardHookError)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r'^ *File "([^"]+)", line (\d+)(?:, in (.+))?$', re.MULTILINE)
_RAISED = re.compile(r"^((?:\w+\.)*(\w+))(?:: |\n|$)", re.MULTILINE)
_ERROR = re.compile(r"(?:Error|Exception|Interrupt|Exit|Warning|NotFound|TooOld|Failed|Timeout|Died|Closed|Exhausted)$")
_OF_LIBRARIES = (
    str(Path(spacetime_rl.__file__).parent),
    sysconfig.get_path("stdlib"),
    sysconfig.get_path("purelib"),
    sysconfig.get_path("platlib"),
    sys.prefix,
    "<",
    "python/ray/",
)


class LostRunners(logging.Handler):
    """Turns RLlib's log records of lost env runners into notices; RLlib restarts them without a visible message."""

    def __init__(self, notices: Notices) -> None:
        super().__init__(logging.ERROR)
        self._notices = notices
        logging.getLogger("ray.rllib.utils.actor_manager").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Add a notice where RLlib takes a runner out of service."""
        text = record.getMessage()
        if "out of service" in text:
            why = f": {OUT_OF_MEMORY}" if "memory" in text.lower() else ""
            self._notices.add(Notice(f"an env runner was lost and is started again{why}"))


def is_lasting(error: SpacetimeError) -> bool:
    """Whether training again would only fail in the same way."""
    return isinstance(error, _LASTING)


def find_error(error: BaseException) -> SpacetimeError | None:
    """The error that a user can act on, without Ray's wrapping; None where a process was simply lost."""
    if isinstance(error, SpacetimeError) and not isinstance(error, RayTaskError):
        return error
    if isinstance(error, RayTaskError):
        cause = error.cause
        found = find_error(cause) if isinstance(cause, (SpacetimeError, RayTaskError, RayActorError)) else None
        # An error that Ray raised as an instance of its cause's class, too, has its traceback only as its text.
        return found or _named(cause, getattr(error, "traceback_str", None) or str(error))
    if isinstance(error, OutOfMemoryError):
        return SpacetimeError(OUT_OF_MEMORY)
    if isinstance(error, RayActorError):
        return read_error(str(error)) if is_of_constructor(error) else None
    return describe(error)


def is_of_constructor(error: BaseException) -> bool:
    """Whether an actor died because its constructor raised, so that it will not come back."""
    return isinstance(error, RayActorError) and (error.actor_init_failed or "creation task" in str(error))


def describe(error: BaseException) -> SpacetimeError:
    """Any exception of this process as a SpacetimeError that can be pickled, with the user's lines that led to it."""
    if isinstance(error, SpacetimeError):
        return error
    return _named(error, "".join(traceback.format_exception(error)))


def read_error(text: str) -> SpacetimeError:
    """The error at the end of a traceback's text. An error class of this package is restored as that class."""
    text = _COLOUR.sub("", text)
    raised = [match for match in _RAISED.finditer(text) if _ERROR.search(match[2])]
    if not raised:
        return SpacetimeError(text.strip().splitlines()[-1] if text.strip() else "a process ended without a word")
    last = raised[-1]
    message = text[last.end() :].strip()
    kind = getattr(errors, last[2], None) if last[1].startswith(errors.__name__) else None
    if isinstance(kind, type) and issubclass(kind, ConfigError):
        return kind(message.splitlines())
    if isinstance(kind, type) and issubclass(kind, SpacetimeError):
        return kind(message)
    return _sentence(last[2], message, text)


def _named(error: BaseException, trace: str) -> SpacetimeError:
    limit = explain(error)
    return SpacetimeError(limit) if limit else _sentence(type(error).__name__, str(error), _COLOUR.sub("", trace))


def _sentence(kind: str, message: str, trace: str) -> SpacetimeError:
    what = f"{kind}: {message}" if message else kind
    frames = list(_users_frames(trace))
    if not frames:
        return UserCodeError(what, trace) if trace else SpacetimeError(what)
    return UserCodeError(
        f"{frames[-1][0]}: {what}", "\n".join(["Traceback of your own code:", *dict(frames).values(), what])
    )


def _users_frames(trace: str) -> Iterator[tuple[str, str]]:
    """`file:line` and the frame as Python prints it, for every frame outside this package and the libraries."""
    lines = trace.splitlines()
    for index, line in enumerate(lines):
        frame = _FRAME.match(line)
        if frame and not frame[1].startswith(_OF_LIBRARIES) and "site-packages" not in frame[1]:
            source = (
                lines[index + 1 : index + 2] if index + 1 < len(lines) and not _FRAME.match(lines[index + 1]) else []
            )
            yield f"{frame[1]}:{frame[2]}", "\n".join([line, *source])
