"""Forks Ray's workers from one process that has imported everything they need.

Each worker that starts as a new interpreter spends seconds of processor time on imports, and holds its own copy of
what they load. A forked one starts at once and shares these pages. Started and ended by `tuning/private_ray.py`; its
clients are the processes of `fork_worker.py`.

Usage: python -m spacetime_rl.tuning.fork_server DESCRIPTOR, that of a listening socket. It ends when its standard input
is closed.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import random
import runpy
import select
import shutil
import signal
import socket
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from typing import NoReturn

from spacetime_rl.host.scratch import make_scratch
from spacetime_rl.tuning.fork_worker import FORKED, LENGTH_BYTES, SOCKET

# Ray reads variables when it is imported that its node sets, so that it is imported only for the first request. These
# modules are what Ray and this package import besides, slowest first.
WITHOUT_RAY = ("torch", "pandas", "scipy.signal", "gymnasium", "pyarrow.dataset", "aiohttp", "pydantic", "yaml")
WORKER = "ray._private.workers.default_worker"
WITH_RAY = ("spacetime_rl.learning.build", "spacetime_rl.rollout.runner")
_NODE = "RAY_RAYLET_PID"  # one of those variables: the process id of the node, which a worker watches
# A fork copies only the thread that forks, with every lock in the state in which another thread holds it. So the
# server has one thread: these keep OpenBLAS and Arrow from starting theirs. Workers have their own environment.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
_NO_JOB = "f" * 8  # a worker of no job gets that of its first task


@dataclass(frozen=True, slots=True)
class Request:
    """A worker that Ray's node wants, and the process that asked for it."""

    client: socket.socket
    fds: list[int]  # its standard input, output and error
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    niceness: int
    oom_score_adj: str


class ForkServer:
    """The driver's side of a fork server: it begins its imports at once, and ends with `close` or with this process.

    `parent` is the folder for its socket, whose path must be short. Raises OSError.
    """

    def __init__(self, parent: Path) -> None:
        self._scratch = make_scratch("forks", parent)
        self._socket = self._scratch.path / SOCKET
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self._socket))
            listener.listen(64)  # from now on: the first requests wait until the server has imported everything
            command = [sys.executable, "-m", __name__, str(listener.fileno())]
            environment = {**os.environ, **_ONE_THREAD}
            fds = [listener.fileno()]
            self._process = Popen(command, stdin=PIPE, pass_fds=fds, env=environment, start_new_session=True)

    def serve(self, folder: Path) -> None:
        """Fork the workers of the Ray with this temporary folder."""
        (folder / SOCKET).symlink_to(self._socket)

    def close(self) -> None:
        """End the server at once, even while it imports; workers that it has forked live on."""
        self._process.kill()
        self._process.communicate()
        shutil.rmtree(self._scratch.path, ignore_errors=True)
        os.close(self._scratch.lock_fd)


def main(descriptor: int) -> None:
    """Answer requests for workers until standard input is closed."""
    _import(WITHOUT_RAY)
    with socket.socket(fileno=descriptor) as listener:
        selected, _, _ = select.select([sys.stdin, listener], [], [])
        if sys.stdin not in selected:
            _serve(listener)


def _import(names: Sequence[str]) -> None:
    for name in names:
        importlib.import_module(name)


def _serve(listener: socket.socket) -> None:
    ended, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waiting: dict[int, socket.socket] = {}  # the process that asked for each worker, by the worker's process id
    while True:
        selected, _, _ = select.select([sys.stdin, listener, ended], [], [])
        if sys.stdin in selected:
            return
        if ended in selected:
            ended.recv(4096)
            _report_ended(waiting)
        if listener in selected:
            request = _read(listener.accept()[0])
            if request is None:
                continue
            if "ray" not in sys.modules:
                _import_with_ray(request.environment)
                if not _forks_draw_ids_of_their_own():
                    return  # without a server, Ray starts its workers itself
            another_node = request.environment.get(_NODE) != os.environ.get(_NODE)  # a second attempt to start Ray
            if another_node or _has_left(request.client):
                _refuse(request.client, request.fds)
                continue
            waiting[_fork(request, [listener, ended, wake, *waiting.values()])] = request.client


def _import_with_ray(environment: dict[str, str]) -> None:
    os.environ.update({key: value for key, value in environment.items() if key.startswith("RAY_")})
    os.environ["RAY_JOB_ID"] = _NO_JOB
    _import([WORKER])
    with _ids_from_the_system():
        _import(WITH_RAY)
    gc.collect()
    gc.freeze()  # a collection in a worker would otherwise write to, and so copy, the shared pages


@contextlib.contextmanager
def _ids_from_the_system() -> Iterator[None]:
    """Let actor classes be defined inside the block without Ray's generator of random ids.

    A generator that was seeded before a fork goes on alike in every worker: two workers would give one id to two
    objects, and one of them would read what the other wrote.
    """
    from ray import ActorClassID, actor

    class FromTheSystem:
        @staticmethod
        def from_random() -> ActorClassID:
            return ActorClassID(os.urandom(ActorClassID.size()))

    actor.ActorClassID = FromTheSystem
    try:
        yield
    finally:
        actor.ActorClassID = ActorClassID


def _forks_draw_ids_of_their_own() -> bool:
    """Whether Ray's generator of random ids is still unseeded here, as another version of Ray may seed it on import."""
    from ray import UniqueID

    drawn = set()
    for _ in range(2):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            pid = os.fork()
            if not pid:
                theirs.send(UniqueID.from_random().binary())
                os._exit(0)
            drawn.add(ours.recv(UniqueID.size()))
            os.waitpid(pid, 0)
    return len(drawn) == 2


def _report_ended(waiting: dict[int, socket.socket]) -> None:
    while waiting:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        code = os.waitstatus_to_exitcode(status)
        with waiting.pop(pid) as client, contextlib.suppress(OSError):
            client.send(bytes([code if code >= 0 else 128 - code]))


def _read(client: socket.socket) -> Request | None:
    """The request of a client; None if the client ended while it was sending."""
    head, fds, _, _ = socket.recv_fds(client, LENGTH_BYTES, 3)
    size, body = int.from_bytes(head, "big"), b""
    while head and len(body) < size:
        more = client.recv(size - len(body))
        if not more:
            break
        body += more
    if head and len(body) == size:
        return Request(client, fds, **json.loads(body))
    _refuse(client, fds)
    return None


def _has_left(client: socket.socket) -> bool:
    """Whether the process that asked has given up: Ray starts its worker, and there must not be a second one."""
    return bool(select.select([client], [], [], 0)[0])  # it sends nothing more, so only its end can be read


def _refuse(client: socket.socket, fds: Sequence[int]) -> None:
    """Leave the worker to Ray, which starts it itself."""
    client.close()
    for fd in fds:
        os.close(fd)


def _fork(request: Request, ours: Sequence[socket.socket]) -> int:
    """The process id of a new worker."""
    pid = os.fork()
    if not pid:
        for connection in (request.client, *ours):
            connection.close()
        _be_worker(request)
    for fd in request.fds:
        os.close(fd)
    with contextlib.suppress(OSError):
        request.client.send(FORKED)
    return pid


def _be_worker(request: Request) -> NoReturn:
    """Run Ray's program for workers in this new process, as if it had been started by its own command line."""
    code = 1
    try:
        os.setpgid(0, 0)  # Ray's node kills the whole group
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for fd, number in zip(request.fds, (0, 1, 2), strict=True):
            os.dup2(fd, number)
            os.close(fd)
        os.setpriority(os.PRIO_PROCESS, 0, request.niceness)
        with contextlib.suppress(OSError):  # some sandboxes do not have it, or allow no change
            Path("/proc/self/oom_score_adj").write_text(request.oom_score_adj)
        os.environ.clear()
        os.environ.update(request.environment)
        os.chdir(request.folder)
        _reseed()
        sys.argv = request.arguments
        sys.path[0] = str(Path(sys.argv[0]).parent)
        runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _reseed() -> None:
    """Give this process random numbers of its own, as a new interpreter has."""
    import numpy as np

    random.seed()
    np.random.seed()


if __name__ == "__main__":
    main(int(sys.argv[1]))
