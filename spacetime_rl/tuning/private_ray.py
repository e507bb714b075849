"""A private Ray that this process starts: it comes up within a time limit or the error has the reason."""

from __future__ import annotations

import atexit
import functools
import inspect
import logging
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from spacetime_rl.errors import RayStartError
from spacetime_rl.host import signals
from spacetime_rl.host.scratch import make_scratch
from spacetime_rl.host.system import cores
from spacetime_rl.tuning import fork_worker, no_agent
from spacetime_rl.tuning.fork_server import ForkServer

START_S = 240.0  # seconds for all attempts together
_TRIES = 3
_SAY_AFTER_S, _SAY_EVERY_S = 15.0, 20.0  # seconds before the first message and between messages
_LONGEST_PARENT = 17  # bytes: a Unix socket's path has at most 107, of which our folder and Ray's part take 90
_PARENTS = ("/tmp", "/var/tmp", "/dev/shm")
_PORTS = range(20000, 32768)  # below the range from which the system gives ports to connections
_PORT_FILE, _AGENT_FILE = "gcs_server_port_", "dashboard_agent_listen_port_"
_GIVEN_PORTS = ("metrics_agent_port", "runtime_env_agent_port", "metrics_export_port")
_AGENT = "--dashboard_agent_command="
# Workers are started by the fork server. No log is shown on the driver's terminal, and nothing scales this Ray.
_PARAMS = {"setup_worker_path": fork_worker.__file__, "include_log_monitor": False, "no_monitor": True}
_ENDS_OF = "The raylet exited immediately because"
_LOGS = ("raylet.err", "gcs_server.err", "raylet.out", "gcs_server.out")

logger = logging.getLogger(__name__)
_started: dict[Path, ExitStack] = {}  # what ends each Ray and removes its files, by the folder of its files
_prepared: list[ForkServer] = []


def prepare() -> None:
    """Begin with what a private Ray needs, beside this process's own imports."""
    if not _prepared:
        with suppress(OSError, RayStartError):  # `start` gives the reason, or starts Ray without it
            _prepared.append(ForkServer(_parent()))
            atexit.register(_drop_prepared)  # by itself it would end when it has imported everything


def start(cpus: int, object_store_bytes: int | None = None) -> None:
    """Start a private Ray, in up to three attempts. Raises RayStartError with the reason.

    Like every Ray, it listens on all of the machine's addresses and runs the code that it receives. Therefore it gets a
    token of its own, unless $RAY_AUTH_MODE disables tokens. Its files are in a folder of its own, which `stop` removes.
    """
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # otherwise Ray leaves a token in the user's home
    os.environ.setdefault("RAY_enable_metrics_collection", "0")  # its processes would send them to the agent
    # Nobody asks when a task ran, and the head would keep 3.5 kB of each of the last 100,000.
    os.environ.setdefault("RAY_task_events_report_interval_ms", "0")
    deadline = time.monotonic() + START_S
    with ExitStack() as whole:
        server = _take_fork_server(whole)
        for attempt in range(1, _TRIES + 1):
            with ExitStack() as ends:
                scratch = make_scratch("ray", _parent())
                folder = scratch.path
                ends.callback(os.close, scratch.lock_fd)
                ends.callback(shutil.rmtree, folder, ignore_errors=True)
                ends.callback(_end_new_children, {child.pid for child in psutil.Process().children(recursive=True)})
                if server is not None:
                    server.serve(folder)
                try:
                    _start(folder, cpus, object_store_bytes, deadline)
                except Exception as error:
                    reason = _reason(folder) or str(error)
                    if attempt == _TRIES or time.monotonic() > deadline:
                        raise RayStartError(
                            f"Ray did not start on this machine, in {attempt} tries: {reason.strip().rstrip('.')}. "
                            f"{_busy()}; `spacetime-rl doctor` examines it, and a Ray that is there already is used by "
                            "RAY_ADDRESS"
                        ) from error
                    logger.warning("Ray did not start (%s); trying once more", reason)
                else:
                    whole.push(ends.pop_all())
                    _started[folder] = whole.pop_all()
                    return


def stop() -> None:
    """End the private Ray and remove its files; does nothing if there is none."""
    import ray

    ray.shutdown()
    while _started:
        _started.popitem()[1].close()


def check_lives() -> None:
    """Raise RayStartError if the node of a private Ray has ended, because Tune would wait for it for ever."""
    if not _started or _node_lives():
        return
    reason = next(filter(None, map(_reason, _started)), "its node ended")
    raise RayStartError(f"Ray has ended on this machine: {reason.strip().rstrip('.')}. {_busy()}")


def _start(folder: Path, cpus: int, object_store_bytes: int | None, deadline: float) -> None:
    import ray

    with signals.kept(), _unhurried(folder, deadline):
        try:
            ray.init(
                "local",
                num_cpus=cpus,
                object_store_memory=object_store_bytes,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _temp_dir=str(folder),
            )
        except BaseException:
            ray.shutdown()
            raise


@contextmanager
def _unhurried(folder: Path, deadline: float) -> Iterator[None]:
    """Let Ray start on a slow machine.

    Ray's node ends itself if its two agents, which are Python processes, have not published their ports within 15 s. So
    the agents get ports in advance, where Ray accepts them. For the one port that the node always waits for, -1 is
    written into its file, which means that the service does not exist; nothing here uses it. Ray's driver would also
    wait for a node that has already ended. Services that only a cluster needs are left out: each is a Python process
    that takes seconds of processor time to start.
    """
    from ray._private import parameter, services
    from ray._private.node import Node

    params, get_node, start_api_server = parameter.RayParams, services.get_node, Node.start_api_server
    start_process = services.start_ray_process
    given = {name: _free_port() for name in _GIVEN_PORTS} | _PARAMS
    known = inspect.signature(params).parameters
    given = {name: value for name, value in given.items() if name in known}

    def with_ports(*args: Any, **kwargs: Any) -> Any:
        return params(*args, **{**kwargs, **given})

    done = threading.Event()
    threading.Thread(target=_write_agent_file, args=(folder, done), name="ray-start", daemon=True).start()
    parameter.RayParams = with_ports
    services.get_node = functools.partial(_patient, get_node, deadline)
    Node.start_api_server = _start_no_api_server
    services.start_ray_process = functools.partial(_start_without_agent, start_process)
    try:
        yield
    finally:
        done.set()
        parameter.RayParams, services.get_node, Node.start_api_server = params, get_node, start_api_server
        services.start_ray_process = start_process


def _start_no_api_server(node: Any, **_: Any) -> None:
    node._webui_url = ""  # as without a dashboard


def _start_without_agent(start: Callable[..., Any], command: list[str], *args: Any, **kwargs: Any) -> Any:
    """Ray's `start_ray_process`; a node starts `no_agent.py` in place of its dashboard agent."""
    instead = _AGENT + subprocess.list2cmdline([sys.executable, "-S", "-E", no_agent.__file__])
    return start([instead if part.startswith(_AGENT) else part for part in command], *args, **kwargs)


def _patient(get_node: Callable[..., Any], deadline: float, *args: Any) -> Any:
    """Ray's `get_node`, repeated while the node lives: Ray's own limit of 30 s is too short for a busy machine."""
    began_s = said_s = time.monotonic()
    while True:
        try:
            return get_node(*args)
        except RuntimeError as error:
            now_s = time.monotonic()
            if not _node_lives():
                raise RayStartError("its node ended") from error
            if now_s > deadline:
                raise RayStartError(f"its node had not come up after {now_s - began_s:.0f} s") from error
            if now_s - began_s > _SAY_AFTER_S and now_s - said_s > _SAY_EVERY_S:
                said_s = now_s
                so_far_s, most_s = now_s - began_s, deadline - began_s
                logger.warning("Ray is slow to start: %.0f s so far, %.0f s at most", so_far_s, most_s)


def _drop_prepared() -> None:
    while _prepared:
        _prepared.pop().close()


def _take_fork_server(ends: ExitStack) -> ForkServer | None:
    """The prepared fork server or a new one, closed by `ends`; None if it cannot start: Ray does without it."""
    with suppress(OSError):
        server = _prepared.pop() if _prepared else ForkServer(_parent())
        ends.callback(server.close)
        return server
    return None


def _node_lives() -> bool:
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if child.name() == "raylet" and child.status() != psutil.STATUS_ZOMBIE:
                return True
    return False


def _write_agent_file(folder: Path, done: threading.Event) -> None:
    while not done.wait(0.05):
        for file in folder.glob(f"session_2*/{_PORT_FILE}*"):
            agent = file.with_name(_AGENT_FILE + file.name.removeprefix(_PORT_FILE))
            with suppress(OSError):
                if not agent.exists():
                    agent.write_text("-1")
                return


def _free_port() -> int:
    # From the system's randomness, because two runs with one seed would choose the same ports.
    for port in random.SystemRandom().sample(_PORTS, 50):
        with suppress(OSError), closing(socket.socket()) as probe:
            probe.bind(("", port))
            return port
    return 0  # let Ray choose


def _parent() -> Path:
    """The folder for Ray's files: that of temporary files, unless its sockets' paths would be too long there."""
    wanted = [os.environ.get("RAY_TMPDIR", ""), tempfile.gettempdir(), *_PARENTS]
    usable = [Path(path) for path in wanted if path and os.access(path, os.W_OK | os.X_OK) and Path(path).is_dir()]
    for path in usable:
        if len(os.fsencode(path.resolve())) <= _LONGEST_PARENT:
            return path
    raise RayStartError(
        f"Ray cannot start on this machine: it needs a folder for its sockets whose path has at most {_LONGEST_PARENT} "
        f"bytes, and none of {', '.join(map(str, wanted))} is one that can be written to; set TMPDIR to one"
    )


def _end_new_children(before: set[int]) -> None:
    """Kill the remaining processes of a Ray: those among this process's descendants that are not in `before`."""
    left = [child for child in psutil.Process().children(recursive=True) if child.pid not in before and _is_ray(child)]
    for child in left:
        with suppress(psutil.Error):
            child.kill()
    psutil.wait_procs(left, timeout=5.0)


def _is_ray(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        command = " ".join(process.cmdline())
        return "/ray/" in command or command.startswith("ray::")
    return False


def _reason(folder: Path) -> str:
    """Why one of Ray's processes ended, from its log; empty if no log has a reason."""
    for name in _LOGS:
        for log in folder.glob(f"session_2*/logs/{name}"):
            with suppress(OSError):
                for line in log.read_text(errors="replace").splitlines():
                    if " C " in line[:80]:  # log level of the failed check that ended the process
                        return line.partition("Check failed: ")[2].partition(" ")[2] or line.partition("] ")[2]
                    if _ENDS_OF in line:
                        return line[line.index(_ENDS_OF) :]
    return ""


def _busy() -> str:
    load, free_gb = psutil.getloadavg()[0], psutil.virtual_memory().available / 1e9
    return f"The machine has {cores()} cores at a load of {load:.1f}, and {free_gb:.1f} GB of free memory"
