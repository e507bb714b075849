"""Everything that only Linux offers, and its substitutes: the only file that checks which system this is.

Games run on Linux. Everything else, from checking a configuration to watching a cluster's jobs, works on macOS and
Windows, too; no other module calls functions that those systems lack.
"""

from __future__ import annotations

import contextlib
import math
import os
import platform
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from spacetime_rl.errors import UsageError

_NAMES = {"win32": "Windows", "darwin": "macOS"}


def require_linux(what: str) -> None:
    """Raises UsageError with advice unless this is Linux; `what` is the subject of the message."""
    if sys.platform != "linux":
        raise UsageError(
            f"{what}: games are played on Linux only, and this is {_NAMES.get(sys.platform, sys.platform)}; "
            f"`spacetime-rl submit` trains and evaluates on a Linux cluster, and in WSL 2, a container or a virtual "
            f"machine with Linux every command works"
        )


def cores() -> int:
    """The number of processor cores that this process may use: at least 1.

    On Linux it is the number of cores in its affinity, but at most the quota of its control group, rounded up: that is
    how `docker run --cpus` and Kubernetes limit a container. The machine's own cores still count in `os.cpu_count`.
    """
    if sys.platform != "linux":
        return os.cpu_count() or 1
    quota = _cpu_quota()
    allowed = len(os.sched_getaffinity(0))
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def cpu_time_s(pid: int) -> float:
    """The processor time that a process has used so far, in seconds; NaN where the system does not say.

    It is read from the clock of that process, as `clock_getcpuclockid` of the C library names it: to the nanosecond,
    where /proc counts hundredths of a second. Linux only.
    """
    if sys.platform != "linux":
        return math.nan
    try:
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:  # it has ended
        return math.nan


def _cpu_quota(mounted: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float | None:
    """Cores' worth of time that the control groups of this process may use; None without a limit.

    Version 2 has `cpu.max` with quota and period; version 1 has a file for each, in microseconds.
    """
    found = []
    with contextlib.suppress(OSError, ValueError):
        for line in own.read_text(encoding="utf-8").splitlines():
            _, controllers, place = line.split(":", 2)
            if controllers == "" or "cpu" in controllers.split(","):
                root = mounted / "cpu" if controllers else mounted
                folder = root / place.lstrip("/")
                # In a container the path may be the host's, of which only the root is there.
                found += [_quota_of(group) for group in (folder, *folder.parents) if group.is_relative_to(root)]
    limits = [quota for quota in found if quota is not None]
    return min(limits, default=None)


def _quota_of(group: Path) -> float | None:
    try:
        if (group / "cpu.max").is_file():
            quota, period = (group / "cpu.max").read_text(encoding="utf-8").split()
        else:
            quota = (group / "cpu.cfs_quota_us").read_text(encoding="utf-8").strip()
            period = (group / "cpu.cfs_period_us").read_text(encoding="utf-8").strip()
        return float(quota) / float(period) if float(quota) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):  # `max` is no number: no limit
        return None


def processor() -> str:
    """The processor's model as the system names it, or else its architecture."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def limit_of(name: str) -> str:
    """The system's limit of a resource for this process, such as `RLIMIT_NOFILE`: a number, or `unlimited`."""
    try:
        import resource

        soft, _ = resource.getrlimit(getattr(resource, name))
    except (ImportError, AttributeError):
        return "unlimited"
    return "unlimited" if soft == resource.RLIM_INFINITY else str(soft)


def allow_open_files(wanted: int) -> None:
    """Raise this process's limit of open files to `wanted`, or as far as allowed."""
    if sys.platform == "linux":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def lock_file(fd: int, *, shared: bool = False, wait: bool = True) -> None:
    """Lock an open file until every descriptor of it is closed. Without `wait`, raises BlockingIOError if locked."""
    import fcntl

    fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))


def is_locked(path: Path) -> bool:
    """Whether a process, of this machine or of another one that shares the file, holds a lock on it.

    Windows cannot see Linux's locks, so every file counts as locked there.
    """
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        lock_file(fd, shared=True, wait=False)  # released at once
    except (OSError, ImportError):
        return True
    finally:
        os.close(fd)
    return False


def open_process(pid: int) -> int:
    """A descriptor of a process, which becomes readable when the process has ended."""
    return os.pidfd_open(pid)


def has_ended(process_fd: int, timeout_s: float) -> bool:
    """Wait until the process of a descriptor has ended; returns False if it still runs after `timeout_s` seconds."""
    poll = select.poll()
    poll.register(process_fd, select.POLLIN)
    return bool(poll.poll(max(0.0, timeout_s) * 1000))


def exit_code_of(pid: int) -> int | None:
    """The exit code of a child, as in `subprocess`, without reaping it; None while it runs or if it is unknown."""
    try:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # a host program that ignores SIGCHLD has its children reaped by the system
        return None
    if ended is None:
        return None
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def kill_group(leader_pid: int) -> None:
    """Kill every process of a group; does nothing if the group has ended."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader_pid, signal.SIGKILL)


def end_this_process() -> None:
    """Kill this process, without running any more of its code."""
    os.kill(os.getpid(), signal.SIGKILL)


def in_forked_children(call: Callable[[], object]) -> None:
    """Call a function at the start of every process that is forked from this one."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=call)


def yield_to_others(niceness: int) -> None:
    """Lower the priority of this process and of those that it starts; does nothing where the system has none."""
    if hasattr(os, "nice"):
        os.nice(niceness)


def make_batch_threads(pid: int, name: str) -> None:
    """Put the threads whose names begin with `name` under SCHED_BATCH, so that they interrupt no other thread.

    Does nothing where the system does not allow it.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):  # the process may have ended; its end is reported elsewhere
        for task in Path(f"/proc/{pid}/task").iterdir():
            if (task / "comm").read_text(encoding="utf-8", errors="replace").startswith(name):
                os.sched_setscheduler(int(task.name), os.SCHED_BATCH, os.sched_param(0))
