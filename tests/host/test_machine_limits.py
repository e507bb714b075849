"""Limits of the machine are named, each with what to do about it, wherever the error comes from."""

from __future__ import annotations

import errno
import os
import resource
import socket
from types import SimpleNamespace

import pytest

from spacetime_rl.cli.errors import report
from spacetime_rl.errors import SpacetimeError
from spacetime_rl.host.machine_limits import explain, make_room_for_ray, small_shared_memory

FILE = "/results/one/state.json"


def failed(number: int, file: str | None = FILE) -> OSError:
    return OSError(number, os.strerror(number), *([file] if file else []))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (failed(errno.ENOSPC), [FILE, "No space left on device", "make room"]),
        (failed(errno.EDQUOT), [FILE, "make room"]),
        (failed(errno.ENOSPC, "/dev/shm/plasma"), ["/dev/shm is full", "--shm-size"]),
        (failed(errno.EMFILE), ["too many open files", "ulimit -n"]),
        (failed(errno.ENFILE), ["whole machine", "fs.file-max"]),
        (failed(errno.EAGAIN, None), ["no more processes or threads", "ulimit -u", "--pids-limit"]),
        (RuntimeError("can't start new thread"), ["no more processes or threads", "rollout.runners"]),
        (failed(errno.ENOMEM, None), ["memory ran out", "ulimit -v"]),
        (MemoryError(), ["memory ran out", "arenas"]),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried"),
            ["memory ran out", "smaller batch"],
        ),
        (failed(errno.EROFS), [FILE, "read-only", "--results"]),
        (failed(errno.EACCES), [FILE, "Permission denied", "yours"]),
        (failed(errno.ENAMETOOLONG, "/results/" + "x" * 300), ["longer than the file system takes", "shorter run id"]),
        (failed(errno.ENOLCK), [FILE, "no file locks", "network shares"]),
        (NotImplementedError("FileSystem does not appear to support flock; use SoftFileLock"), ["no file locks"]),
        (failed(errno.EXDEV), [FILE, "another file system"]),
        (failed(errno.EIO), [FILE, "disk or network share failed"]),
        (failed(errno.EADDRINUSE, None), ["no port is free", "game.port_range"]),
        (failed(errno.EADDRNOTAVAIL, None), ["127.0.0.1", "ip link set lo up"]),
        (failed(errno.ENOENT, "/proc/12/stat"), ["no /proc", "mount"]),
        (socket.gaierror(-2, "Name or service not known"), ["does not resolve", "/etc/hosts"]),
        (OSError("validate_socket_filename failed: AF_UNIX path length cannot exceed 107 bytes: /long"), ["TMPDIR"]),
    ],
    ids=lambda value: getattr(value, "strerror", None) or str(value)[:40],
)
def test_a_limit_of_the_machine_is_named_with_its_remedy(
    error: Exception, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        raise RuntimeError("what a library made of it") from error
    except RuntimeError as wrapped:
        code = report(wrapped, debug=False)
    said = capsys.readouterr().err
    assert code == 3
    assert "unexpected" not in said
    assert len(said.splitlines()) == 1
    assert [word for word in words if word not in said] == []


def test_an_error_that_no_limit_explains_is_left_to_others() -> None:
    assert explain(ValueError("three")) is None
    assert explain(failed(errno.ENOENT)) is None
    first = ValueError("in a circle")
    first.__cause__ = first
    assert explain(first) is None


def test_without_a_loopback_address_ray_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise failed(errno.EADDRNOTAVAIL, None)

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(SpacetimeError, match=r"nothing can listen on 127\.0\.0\.1"):
        make_room_for_ray()


def test_open_files_are_allowed_as_far_as_they_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
        make_room_for_ray()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 512
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_small_dev_shm_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=62 * 2**20))
    assert "62 MB free" in str(small_shared_memory())
