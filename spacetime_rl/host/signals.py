"""Being stopped: Ctrl-C, SIGTERM and SIGHUP end a command in one and the same way, from its first moment to its last.

The first signal raises `Stopped` in the main thread, so that everything that is open is closed on the way out. Inside
`gently` it asks for an end instead, and the second one raises. A signal after that ends the process at once. The
process also ends where the main thread does not come back from a library within `DEAF_S`, or does not come to its end
within `UNWIND_S`.
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
# `timeout` and a closed terminal send the same signal twice; a person needs longer for the second one.
SAME_S = 0.75
DEAF_S = 15.0
UNWIND_S = 90.0
_POLL_S = 0.01
_SIGACTION_BYTES = 512  # more than the structure has on any platform


class Stopped(KeyboardInterrupt):
    """The process was asked to end by a signal."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"stopped by {NAMES[signal.Signals(number)]}")


@dataclass(slots=True)
class _State:
    """What has been received, and what is to be done about the next signal."""

    listening: bool = False
    first: int | None = None  # the first signal
    last_s: float = -1e9  # when the latest one was handled, on the monotonic clock
    raised_s: float | None = None  # when `Stopped` was raised
    finishing: bool = False
    request: Callable[[], None] | None = None
    last_words: list[Callable[[], None]] = field(default_factory=list)
    stderr: int = 2  # the user's, whatever descriptor 2 is by now


_state = _State()


def listen() -> None:
    """Handle the three signals from now on; does nothing the second time, and outside of the main thread.

    SIGINT is handled even where the shell had it ignored, as in a script's background jobs: who sends it to them means
    it. SIGHUP stays ignored where `nohup` ignores it.
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
    """The first signal that asked this process to end."""
    return _state.first


def name() -> str:
    """That signal, in words."""
    return NAMES[signal.Signals(_state.first or signal.SIGINT)]


def words() -> str:
    """What happened, for messages."""
    return f"stopped by {name()}"


def exit_code() -> int:
    """The exit code of a command that was stopped: 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP."""
    return 128 + (_state.first or signal.SIGINT)


@contextlib.contextmanager
def gently(request: Callable[[], None]) -> Iterator[None]:
    """While this lasts, the first signal calls `request`, in the main thread, and raises nothing."""
    with _listening():
        before, _state.request = _state.request, request
        try:
            yield
        finally:
            _state.request = before


@contextlib.contextmanager
def last_words(write: Callable[[], None]) -> Iterator[None]:
    """While this lasts, `write` is called where the process ends at once. It must be quick and wait for nothing."""
    _state.last_words.append(write)
    try:
        yield
    finally:
        _state.last_words.remove(write)


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Hold on to the signals while a library is at work that takes them: Ray's SIGTERM handler aborts the process.

    It installs that in C, at no moment that could be known, so the handlers in C are put back all the while.
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
    """The command is done: a signal from now on, while the interpreter is taken down, ends the process at once."""
    _state.finishing = True


def end_now(message: str = "") -> None:
    """End this process and what it has started, without waiting for anything."""
    for write in _state.last_words[::-1]:
        with contextlib.suppress(Exception):
            write()
    with contextlib.suppress(Exception):
        import psutil  # late: the command line starts without it

        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    with contextlib.suppress(OSError):
        show_cursor = "\x1b[?25h" if os.isatty(_state.stderr) else ""  # a live panel hides it
        os.write(_state.stderr, f"{show_cursor}spacetime-rl: {message or f'ended at once by {name()}'}\n".encode())
    os._exit(exit_code())


@contextlib.contextmanager
def _listening() -> Iterator[None]:
    """Listen for as long as this lasts, in a program that is not ours; its own handlers are put back."""
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
    """Python ignores what is raised in some places, as in the callbacks of a fork: `Stopped` is raised again then."""

    def ignored(unraisable: Any) -> None:
        if not isinstance(unraisable.exc_value, Stopped) or _state.finishing:
            hook(unraisable)
            return
        number = unraisable.exc_value.number
        _state.raised_s, _state.last_s = None, -1e9
        again = threading.Timer(
            0.05, os.kill, (os.getpid(), number)
        )  # not here: what is raised here is ignored as well
        again.daemon = True
        again.start()

    return ignored


def _let_go_of_terminal() -> None:
    """What was open on a terminal that is gone goes nowhere: every write to it would fail."""
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
    """End the process where its main thread does not: it is in a library that does not look for signals, or waits."""
    while True:
        numbers = [number for number in reader.recv(64) if number in set(NAMES)]
        if not numbers:
            continue
        came_s = time.monotonic()
        while _state.last_s < came_s - SAME_S:
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
