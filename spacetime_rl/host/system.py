"""What only Linux offers, and what stands in for it elsewhere: the one file that asks which system this is.

Games are played on Linux. Everything else, from checking a configuration to looking at a cluster's jobs, works on
macOS and Windows too; no other module calls what these do not have.
"""

from __future__ import annotations

import contextlib
import os
import platform
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from spacetime_rl.errors import UsageError

_NAMES = {"win32": "Windows", "darwin": "macOS"}


def require_linux(what: str) -> None:
    """Raises UsageError, with what to do instead, where this is not Linux; `what` begins the sentence."""
    if sys.platform != "linux":
        raise UsageError(
            f"{what}: games are played on Linux only, and this is {_NAMES.get(sys.platform, sys.platform)}; "
            f"`spacetime-rl submit` trains and evaluates on a Linux cluster, and in WSL 2, a container or a virtual "
            f"machine with Linux every command works"
        )


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def processor() -> str:
    """The processor's model as the system names it, else its architecture."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def limit_of(name: str) -> str:
    """What the system allows this process of a resource, `RLIMIT_NOFILE` for one: a number, or `unlimited`."""
    try:
        import resource

        soft, _ = resource.getrlimit(getattr(resource, name))
    except (ImportError, AttributeError):
        return "unlimited"
    return "unlimited" if soft == resource.RLIM_INFINITY else str(soft)


def allow_open_files(wanted: int) -> None:
    """Raise this process's own limit of open files to `wanted`, or as far as it may be."""
    if sys.platform == "linux":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def lock_file(fd: int, *, shared: bool = False, wait: bool = True) -> None:
    """Lock an open file until every descriptor of it is closed. Raises BlockingIOError if it may not wait."""
    import fcntl

    fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))


def is_locked(path: Path) -> bool:
    """Whether a process, of this or another machine that shares the file, has locked it.

    Windows does not see locks of Linux: every file counts as locked there.
    """
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        lock_file(fd, shared=True, wait=False)  # given back at once
    except (OSError, ImportError):
        return True
    finally:
        os.close(fd)
    return False


def open_process(pid: int) -> int:
    """A descriptor of a process, which becomes readable when the process has ended."""
    return os.pidfd_open(pid)


def has_ended(process_fd: int, timeout_s: float) -> bool:
    """Wait until the process of a descriptor has ended; False when it still runs after `timeout_s` seconds."""
    poll = select.poll()
    poll.register(process_fd, select.POLLIN)
    return bool(poll.poll(max(0.0, timeout_s) * 1000))


def exit_code_of(pid: int) -> int | None:
    """As in `subprocess`, of a child that is not waited for by this; None while it runs, or if the system forgot."""
    try:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # a host program that ignores SIGCHLD has had it reaped
        return None
    if ended is None:
        return None
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def kill_group(leader_pid: int) -> None:
    """End every process of a group at once; nothing where it has ended."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader_pid, signal.SIGKILL)


def end_this_process() -> None:
    """End this process at once, without any more of its own code."""
    os.kill(os.getpid(), signal.SIGKILL)


def in_forked_children(call: Callable[[], object]) -> None:
    """Let every process that is forked from this one begin with a call."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=call)


def make_batch_threads(pid: int, name: str) -> None:
    """Let those threads of a process whose name begins with `name` interrupt no other (SCHED_BATCH).

    Nothing where the system does not allow it.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):  # the process may have ended; its end is reported elsewhere
        for task in Path(f"/proc/{pid}/task").iterdir():
            if (task / "comm").read_text(encoding="utf-8", errors="replace").startswith(name):
                os.sched_setscheduler(int(task.name), os.SCHED_BATCH, os.sched_param(0))
