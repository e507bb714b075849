"""How Ctrl-C, SIGTERM and SIGHUP stop a command: the same way from its first moment to its last.

The first signal raises `Stopped` in the main thread, so that everything open is closed on the way out. Inside `gently`
the first signal requests an end instead, and the second one raises. A further signal ends the process at once. The
process also ends if the main thread does not return from a library within `DEAF_S` seconds, or does not finish within
`UNWIND_S` seconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

_WORDS = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "SIGHUP"}
NAMES = {number: _WORDS[number.name] for number in signal.Signals if number.name in _WORDS}  # Windows has no SIGHUP
INTERRUPT = int(signal.SIGINT)
# `timeout` and a closing terminal send the same signal twice in a moment; a person's second signal comes later.
SAME_S = 0.75
NUDGE_S = 0.2  # after which the main thread gets the signal once more, which interrupts the call that it waits in
DEAF_S = 15.0  # for the main thread to handle a signal, docs/decisions/0031
UNWIND_S = 90.0  # from `Stopped` to the end of the command
_POLL_S = 0.01  # between two restorations of the handlers, while Ray's C++ code may replace them
_SIGACTION_BYTES = 512  # more than the structure has on any platform


class Stopped(KeyboardInterrupt):
    """A signal asked the process to end."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"stopped by {NAMES[signal.Signals(number)]}")


@dataclass(slots=True)
class _State:
    """The signals received so far, and how to react to the next one."""

    listening: bool = False
    first: int | None = None  # the first signal
    last_s: float = -1e9  # when the latest one was handled, on the monotonic clock
    raised_s: float | None = None  # when `Stopped` was raised
    finishing: bool = False
    request: Callable[[], None] | None = None
    last_words: list[Callable[[], None]] = field(default_factory=list)
    stderr: int = 2  # a copy of the user's stderr, because descriptor 2 may be redirected


_state = _State()


def listen() -> None:
    """Handle the three signals from now on. Does nothing the second time, and outside the main thread.

    SIGINT is handled even if the shell had it ignored, as in a script's background jobs: a SIGINT sent to such a job is
    meant. SIGHUP stays ignored if `nohup` ignores it.
    """
    if _state.listening or threading.current_thread() is not threading.main_thread():
        return
    _state.listening = True
    with contextlib.suppress(OSError):
        _state.stderr = os.dup(2)
    _install()
    sys.unraisablehook = _raise_again(sys.unraisablehook)
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader, writer), name="signals", daemon=True).start()


def received() -> int | None:
    """The first signal that asked this process to end; None if there was none."""
    return _state.first


def name() -> str:
    """The first signal's name, as users know it."""
    return NAMES[signal.Signals(_state.first or signal.SIGINT)]


def words() -> str:
    """The stop in words, for messages."""
    return f"stopped by {name()}"


def exit_code() -> int:
    """The exit code of a command that was stopped: 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP."""
    return 128 + (_state.first or signal.SIGINT)  # the convention of shells


@contextlib.contextmanager
def gently(request: Callable[[], None]) -> Iterator[None]:
    """Inside the block, the first signal calls `request` in the main thread and raises nothing."""
    with _listening():
        before, _state.request = _state.request, request
        try:
            yield
        finally:
            _state.request = before


@contextlib.contextmanager
def last_words(write: Callable[[], None]) -> Iterator[None]:
    """Inside the block, `write` is called if the process ends at once. It must be quick and must not wait."""
    _state.last_words.append(write)
    try:
        yield
    finally:
        _state.last_words.remove(write)


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Keep our handlers while a library replaces them: Ray's SIGTERM handler aborts the process.

    Ray installs its handler in C at an unknown moment, so a thread keeps restoring our handlers in C.
    """
    if not _state.listening or threading.current_thread() is not threading.main_thread():
        yield
        return
    libc = ctypes.CDLL(None)
    wanted = {number: ctypes.create_string_buffer(_SIGACTION_BYTES) for number in NAMES}
    for number, action in wanted.items():
        libc.sigaction(number, None, action)
    done = threading.Event()

    def put_back() -> None:
        while not done.wait(_POLL_S):
            for number, action in wanted.items():
                libc.sigaction(number, action, None)

    keeper = threading.Thread(target=put_back, name="signals-kept", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
        _install()


def finish() -> None:
    """Mark the command as done: a signal during the interpreter's shutdown ends the process at once."""
    _state.finishing = True


def end_now(message: str = "") -> None:
    """End this process and its descendants without waiting for anything."""
    for write in _state.last_words[::-1]:
        with contextlib.suppress(Exception):
            write()
    with contextlib.suppress(Exception):
        import psutil  # imported late, because the command line starts without it

        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    with contextlib.suppress(OSError):
        show_cursor = "\x1b[?25h" if os.isatty(_state.stderr) else ""  # a live panel hides the cursor
        os.write(_state.stderr, f"{show_cursor}spacetime-rl: {message or f'ended at once by {name()}'}\n".encode())
    os._exit(exit_code())


@contextlib.contextmanager
def _listening() -> Iterator[None]:
    """Listen inside the block, in a program other than our command; restores that program's handlers."""
    if _state.listening or threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {number: signal.getsignal(number) for number in NAMES}
    _install()
    try:
        yield
    finally:
        _state.first = _state.raised_s = None
        for number, handler in before.items():
            signal.signal(number, handler)


def _install() -> None:
    for number in NAMES:
        if NAMES[number] != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _handle)


def _handle(number: int, _frame: FrameType | None) -> None:
    now_s = time.monotonic()
    again = _state.first is not None and now_s - _state.last_s < SAME_S
    _state.last_s = now_s
    _state.first = _state.first or number
    if NAMES[signal.Signals(number)] == "SIGHUP":
        _let_go_of_terminal()
    if again and not _state.finishing:
        return
    if _state.finishing or _state.raised_s is not None:
        end_now()
    request, _state.request = _state.request, None
    if request is not None:
        request()
        return
    _state.raised_s = now_s
    raise Stopped(number)


def _raise_again(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A hook that raises `Stopped` again where Python ignored it, as in callbacks of a fork."""

    def ignored(unraisable: Any) -> None:
        if not isinstance(unraisable.exc_value, Stopped) or _state.finishing:
            hook(unraisable)
            return
        number = unraisable.exc_value.number
        _state.raised_s, _state.last_s = None, -1e9
        again = threading.Timer(
            0.05, os.kill, (os.getpid(), number)
        )  # not here, because an exception raised here would be ignored, too
        again.daemon = True
        again.start()

    return ignored


def _let_go_of_terminal() -> None:
    """Redirect descriptors of a closed terminal to /dev/null, because every write to them would fail."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_RDWR)
        for entry in os.listdir("/proc/self/fd"):  # noqa: PTH208  # a handler does as little as it can
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/self/fd/{entry}").startswith(("/dev/pts/", "/dev/tty")) and _is_gone(int(entry)):  # noqa: PTH115
                    os.dup2(nowhere, int(entry))
        os.close(nowhere)


def _is_gone(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))


def _watch(reader: socket.socket, _writer: socket.socket) -> None:
    """End the process if its main thread does not react: it is in a library that ignores signals, or it waits."""
    while True:
        numbers = [number for number in reader.recv(64) if number in set(NAMES)]
        if not numbers:
            continue
        came_s, nudged = time.monotonic(), False
        while _state.last_s < came_s - SAME_S:
            if not nudged and time.monotonic() - came_s > NUDGE_S and sys.platform != "win32":
                # Python notes a signal and handles it later. One that came just before a call that waits, or in another
                # thread, has not interrupted that call.
                nudged = True
                signal.pthread_kill(threading.main_thread().ident or 0, numbers[0])
            if time.monotonic() - came_s > DEAF_S:
                _state.first = _state.first or numbers[0]
                end_now(f"ended by {name()}; what was being done did not react to it within {DEAF_S:g} s")
            time.sleep(_POLL_S)
        threading.Thread(target=_end_late, name="signals-late", daemon=True).start()


def _end_late() -> None:
    while _state.raised_s is not None:
        if time.monotonic() - _state.raised_s > UNWIND_S:
            end_now(f"ended by {name()}; the command did not come to its end within {UNWIND_S:g} s")
        time.sleep(1.0)
