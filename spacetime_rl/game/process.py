"""One game process: it cannot outlive this process, and it is ended with its whole process group."""

from __future__ import annotations

import contextlib
import functools
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from types import TracebackType

import psutil

from spacetime_rl.errors import LaunchError
from spacetime_rl.game.log import GameLog
from spacetime_rl.host.machine_limits import explain
from spacetime_rl.host.scratch import Scratch, make_scratch
from spacetime_rl.host.system import exit_code_of, has_ended, in_forked_children, kill_group, open_process

_GUARD = Path(__file__).with_name("guard.py")
_ERROR_MARK = "SPACETIME-ERROR"
SCRIPT_ERROR_CODE = 70  # exit code of the addon's RLFaults
_EXIT_WORDS = {
    4: "exit code 4: it refused a request",
    5: "exit code 5: it could not connect",
    SCRIPT_ERROR_CODE: f"exit code {SCRIPT_ERROR_CODE}: script error",
}
_STATE_WORDS = {
    psutil.STATUS_STOPPED: "is stopped by a signal",
    psutil.STATUS_TRACING_STOP: "is held by a debugger",
    psutil.STATUS_RUNNING: "is busy",
    psutil.STATUS_DISK_SLEEP: "waits for a device",
    psutil.STATUS_ZOMBIE: "has ended",
}


class GameProcess:
    """A program in a session of its own that the kernel kills when this Python process ends, even by SIGKILL.

    Its output goes to a new file `<name>.godot.log` in `log_dir` (default: a temporary folder, removed with the game).
    Its user data folder is temporary. The descriptors in `pass_fds` stay open until the game ends. `helpers` are
    processes that the game needs; they are ended with it. Raises LaunchError when the program cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        name: str,
        log_dir: Path | None = None,
        pass_fds: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
        helpers: Sequence[GameProcess] = (),
    ) -> None:
        self._helpers = helpers
        scratch = make_scratch()
        try:
            self.log_path = _new_log(log_dir or scratch.path, name)
            variables = {**os.environ, **(environment or {}), "XDG_DATA_HOME": str(scratch.path)}
            self._popen = _spawn(command, self.log_path, variables, [*pass_fds, scratch.lock_fd])
        except OSError as error:
            shutil.rmtree(scratch.path, ignore_errors=True)
            os.close(scratch.lock_fd)
            raise LaunchError(f"cannot start {command[0]}: {explain(error) or error}") from error
        self.log = GameLog(self.log_path, scratch.path)
        self.pid = self._popen.pid
        self._pidfd = open_process(self.pid)
        # This process holds the folder, too: the log of a game that has crashed is read after its end.
        self._finalizer = weakref.finalize(self, _end, os.getpid(), self._popen, self._pidfd, scratch)

    def __enter__(self) -> GameProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.kill()

    def fileno(self) -> int:
        """A descriptor that becomes readable when the process has ended, for `select`."""
        return self._pidfd

    def wait(self, timeout_s: float) -> bool:
        """Wait until the process has ended; returns False if it still runs after `timeout_s` seconds."""
        if not self._finalizer.alive:
            return True
        return has_ended(self._pidfd, timeout_s)

    def kill(self) -> None:
        """Kill the process and everything in its group, and remove its user folder. Further calls do nothing."""
        self._finalizer()
        for helper in self._helpers:
            helper.kill()

    def ending(self, patience_s: float = 2.0, told: bool = False) -> str:
        """How the process ended, in words, or its state if it still runs after `patience_s` seconds.

        Includes the last error in its log, unless that error was `told` in the message already.
        """
        if not self.wait(patience_s):
            return f"the process {self._state()}"
        words = _exit_words(self.exit_code())
        reported = [line for line in self.log.lines() if _ERROR_MARK in line and not told]
        return f"{words}; {reported[-1].strip()}" if reported else words

    def exit_code(self) -> int | None:
        """The exit code as in `subprocess`, negative for a signal; None while the process runs or if it is unknown."""
        if self._popen.returncode is not None:
            return self._popen.returncode
        # Without reaping it: until its group is killed, its process id must not be reused.
        return exit_code_of(self.pid)

    def quote_log(self) -> str:
        """The end of an error message: the log's last lines and, unless it ended the game, the first script error."""
        self.log.poll()
        errors = self.log.script_errors
        told = self.exit_code() == SCRIPT_ERROR_CODE or not errors.count
        counted = "" if told else f"; script errors in its log: {errors.count:,}, the first: {errors.first}"
        return f"{counted}; its log ends:\n{self.log_tail()}"

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the game's log, each quoted with `|`."""
        tail = self.log.lines()[-lines:]
        return "\n".join(f"  | {line}" for line in tail) if tail else "  | (its log is empty)"

    def owns_port(self, port: int) -> bool:
        """Whether the process, or a child of it, holds the TCP connection with the local port `port`."""
        try:
            leader = psutil.Process(self.pid)
            family = [leader, *leader.children(recursive=True)]
            return any(c.laddr and c.laddr.port == port for p in family for c in p.net_connections(kind="tcp"))
        except psutil.Error:
            return False

    def _state(self) -> str:
        try:
            status = psutil.Process(self.pid).status()
        except psutil.Error:
            return "has ended"
        return _STATE_WORDS.get(status, "is running, but waits for something")


def _new_log(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        path = folder / (f"{name}.godot.log" if number == 1 else f"{name}-{number}.godot.log")
        with contextlib.suppress(FileExistsError):
            path.touch(exist_ok=False)
            break
    return path


def _spawn(
    command: Sequence[str], log_path: Path, environment: Mapping[str, str], pass_fds: Sequence[int]
) -> subprocess.Popen[bytes]:
    def start() -> subprocess.Popen[bytes]:
        with log_path.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", str(_GUARD), str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
                pass_fds=pass_fds,
            )

    return _spawner().run(start)


def _exit_words(code: int | None) -> str:
    if code is None:
        return "it ended, and the system does not say how"
    if code >= 0:
        return _EXIT_WORDS.get(code, f"exit code {code}")
    return f"killed by {signal_name(-code)}"


def signal_name(number: int) -> str:
    """`SIGSEGV`, or `signal 63` for a number without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _end(owner_pid: int, popen: subprocess.Popen[bytes], pidfd: int, scratch: Scratch) -> None:
    if os.getpid() != owner_pid:  # a forked child shares the object, but must not end its parent's game
        return
    kill_group(popen.pid)
    popen.wait()
    os.close(pidfd)
    shutil.rmtree(scratch.path, ignore_errors=True)
    os.close(scratch.lock_fd)


class _Spawner:
    """Starts every process from one thread that lives as long as this Python process.

    The kernel sends the parent-death signal when the starting *thread* ends. A game may be opened from a thread that
    ends before the game does.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[], subprocess.Popen[bytes]], Future[subprocess.Popen[bytes]]]] = (
            queue.SimpleQueue()
        )
        threading.Thread(target=self._serve, name="game-spawner", daemon=True).start()

    def run(self, start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        future: Future[subprocess.Popen[bytes]] = Future()
        self._jobs.put((start, future))
        return future.result()

    def _serve(self) -> None:
        while True:
            start, future = self._jobs.get()
            try:
                future.set_result(start())
            except BaseException as error:  # every error is passed to the caller
                future.set_exception(error)


@functools.cache
def _spawner() -> _Spawner:
    return _Spawner()


in_forked_children(_spawner.cache_clear)  # a forked child has none of its parent's threads
