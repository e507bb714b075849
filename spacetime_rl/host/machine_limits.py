"""Limits of the machine that a program can run into: each is named, with advice."""

from __future__ import annotations

import errno
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from spacetime_rl.errors import SpacetimeError
from spacetime_rl.host.system import allow_open_files, limit_of

OUT_OF_MEMORY = (
    "memory ran out, and Ray or the kernel ended a process for it: use fewer runners, games or arenas "
    "(rollout.runners, rollout.games_per_runner, game.arenas), a smaller batch, or a machine with more memory"
)
_FEWER = "or use fewer runners and games (rollout.runners, rollout.games_per_runner)"
_ELSEWHERE = "choose another folder, as with --results DIR"
_MANY_FILES = 65_536  # limit of open files that a run asks for
_SHM = Path("/dev/shm")
_SHM_MB = 256  # less free space leads to a warning
_NO_THREAD = "can't start new thread"


def explain(error: BaseException | None) -> str | None:
    """The machine's limit behind an error or one of its causes, with advice; None if there is none."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if found := _explain_one(error):
            return found
        error = error.__cause__ or error.__context__
    return None


def make_room_for_ray() -> None:
    """Raise the limits that keep Ray from running on this machine, as far as possible.

    Raises SpacetimeError for the problems that remain.
    """
    allow_open_files(_MANY_FILES)  # every game and runner needs some
    problems = list(problems_for_ray())
    if problems:
        raise SpacetimeError("Ray cannot start here: " + "; ".join(problems))


def problems_for_ray() -> Iterator[str]:
    """Problems that keep Ray from running on this machine, each with advice."""
    try:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
    except OSError as error:
        yield _no_loopback(error)
    if sys.platform == "linux" and not Path("/proc/self/stat").exists():
        yield _NO_PROC


def open_files() -> str:
    """The limit of open files of a process."""
    return limit_of("RLIMIT_NOFILE")


def shared_memory() -> str:
    """The free space in /dev/shm, in words."""
    free_mb = _free_shm_mb()
    return f"no {_SHM}" if free_mb is None else f"{free_mb:.0f} MB of shared memory"


def small_shared_memory() -> str | None:
    """A problem with /dev/shm, where Ray keeps the objects that its processes share; None if it is large enough."""
    free_mb = _free_shm_mb()
    if free_mb is None or free_mb >= _SHM_MB:
        return None
    return (
        f"{_SHM} has {free_mb:.0f} MB free, and Ray wants {_SHM_MB} MB: it goes on with files in the temporary folder, "
        "which is slower; in a container, `docker run --shm-size=2g`"
    )


def _explain_one(error: BaseException) -> str | None:
    text = str(error)
    if isinstance(error, MemoryError) or "allocate memory" in text or "CUDA out of memory" in text:
        return (
            f"memory ran out ({text or 'MemoryError'}): use fewer arenas or a smaller batch, or allow more (ulimit -v)"
        )
    if _NO_THREAD in text:
        return _no_process()
    if "AF_UNIX path length" in text or "AF_UNIX path too long" in text:
        return f"a path is too long for a Unix socket ({text}); set TMPDIR to a shorter one, such as /tmp"
    if isinstance(error, NotImplementedError) and "flock" in text:
        return f"the file system of the results has no file locks, as some network shares; {_ELSEWHERE}"
    if isinstance(error, socket.gaierror):
        return (
            f"a name does not resolve ({text}); is this machine's own, {socket.gethostname()!r}, in /etc/hosts, "
            "and the server's address right?"
        )
    return _explain_os(error) if isinstance(error, OSError) else None


def _explain_os(error: OSError) -> str | None:
    number, name = error.errno, error.filename
    place = str(name) if name is not None else "a file"
    if number in (errno.ENOSPC, errno.EDQUOT):
        if place.startswith(str(_SHM)):
            return f"{place} cannot be written: {_SHM} is full; in a container, `docker run --shm-size=2g`"
        return f"{place} cannot be written: {error.strerror}; make room, or choose another folder"
    if number == errno.EMFILE:
        return (
            f"too many open files: a process may have {open_files()}; allow more, with "
            f"`ulimit -n {_MANY_FILES}` before the command, {_FEWER}"
        )
    if number == errno.ENFILE:
        return f"too many open files on the whole machine (fs.file-max); close other programs, {_FEWER}"
    if number == errno.EAGAIN and name is None:
        return _no_process()
    if number == errno.ENOMEM:
        return f"memory ran out ({error.strerror}): use fewer runners, games or arenas, or allow more (ulimit -v)"
    if number == errno.EROFS:
        return f"{place} cannot be written: its file system is read-only; {_ELSEWHERE}"
    if number in (errno.EACCES, errno.EPERM) and name is not None:
        return f"{place}: {error.strerror}; see that the folder is yours, or {_ELSEWHERE}"
    if number == errno.ENAMETOOLONG:
        return f"{_shortened(place)}: the name is longer than the file system takes; choose a shorter run id or folder"
    if number in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS) and name is not None:
        return f"{place}: its file system has no file locks ({error.strerror}), as some network shares; {_ELSEWHERE}"
    if number == errno.EXDEV:
        return f"{place} cannot be moved to another file system; {_ELSEWHERE}"
    if number in (errno.EIO, errno.ESTALE):
        return f"{place}: its disk or network share failed ({error.strerror}); see the system's log"
    if number == errno.EADDRINUSE:
        return "no port is free; end other programs, or widen game.port_range"
    if number in (errno.EADDRNOTAVAIL, errno.ENETUNREACH):
        return _no_loopback(error)
    if number == errno.ENOENT and place.startswith("/proc"):
        return _NO_PROC
    return None


_NO_PROC = "this system has no /proc, in which processes are looked up; mount it: `mount -t proc proc /proc`"


def _no_process() -> str:
    return (
        f"no more processes or threads can be started (ulimit -u is {limit_of('RLIMIT_NPROC')}): raise "
        "`ulimit -u` or, in a container, `--pids-limit`, "
        f"{_FEWER}"
    )


def _no_loopback(error: OSError) -> str:
    return (
        f"nothing can listen on 127.0.0.1 ({error.strerror}): games and Ray connect there; bring it up, "
        "`ip link set lo up`, or leave the sandbox that forbids it"
    )


def _free_shm_mb() -> float | None:
    try:
        return shutil.disk_usage(_SHM).free / 2**20
    except OSError:
        return None


def _shortened(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:60]}…{text[-40:]}"
