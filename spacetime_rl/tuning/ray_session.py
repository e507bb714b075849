"""The Ray of one run: an existing cluster, or a private one on this machine."""

from __future__ import annotations

import logging
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from spacetime_rl.host import signals
from spacetime_rl.host.machine_limits import make_room_for_ray, small_shared_memory
from spacetime_rl.host.system import cores
from spacetime_rl.rollout.driver_liveness import announce_driver
from spacetime_rl.tuning import private_ray
from spacetime_rl.tuning.cluster_address import ADDRESS, find_cluster

logger = logging.getLogger(__name__)

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_raylet_start_wait_time_s": "5",  # the wait is in C++ and ignores signals; private_ray.py repeats it instead
    "RAY_gcs_server_port_wait_time_s": "60",
    "RAY_worker_register_timeout_seconds": "120",  # from a worker's start; one that is later is started once more
    # The driver's start would wait for its first workers, and for ever if one of them came too late.
    "RAY_prestart_worker_first_driver": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # the metrics go to MLflow
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # interrupt.py handles the signal
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",  # no success is known before the first episode has ended
}


@contextmanager
def ray_session(cpus: float) -> Iterator[None]:
    """A connection to Ray inside the block: to $RAY_ADDRESS, or to a private Ray with at least `cpus` CPUs.

    Does nothing if Ray is already initialised. Environment variables that the user has set win. Raises ClusterError if
    no head answers at the address, RayStartError if a private Ray does not start.
    """
    _settle_environment()
    import ray

    keep_ray_off_stdout()
    if ray.is_initialized():
        yield
        return
    with ExitStack() as ends:
        address = find_cluster()
        if address is None:
            start_private_ray(max(cores(), math.ceil(cpus)))
            ends.callback(private_ray.stop)
            ray.remote(num_cpus=0)(_nothing).remote()
        else:
            found = ends.enter_context(announce_driver(ray.util.get_node_ip_address()))
            with signals.kept():
                ray.init(address, log_to_driver=False, logging_level=logging.ERROR, runtime_env={"env_vars": found})
            ends.callback(ray.shutdown)
        yield


def keep_ray_off_stdout() -> None:
    """Let Ray tell on stderr what happens to the cluster: its lines would stand amid the JSON that a command prints."""
    from ray._private import worker  # `listen_error_messages` prints a lost node to stdout, whatever `log_to_driver` is

    say: Callable[..., None] = worker.print_worker_logs
    if say.__module__ == __name__:  # an earlier session has done it
        return

    def say_on_stderr(data: dict[str, Any], _print_file: Any, ignore_prefix: bool = False) -> None:
        say(data, sys.stderr, ignore_prefix)

    worker.print_worker_logs = say_on_stderr


def prepare_ray() -> None:
    """Begin with what a later `ray_session` of this process may need. Imports nothing slow, and returns at once."""
    ray = sys.modules.get("ray")
    if os.environ.get(ADDRESS, "").strip() in ("", "local") and not (ray and ray.is_initialized()):
        private_ray.prepare()


def _nothing() -> None:
    """The first task: for its worker, the fork server imports Ray while this process imports the rest."""


def start_private_ray(cpus: int, object_store_bytes: int | None = None) -> None:
    """Start a private Ray, which `private_ray.stop` ends. Raises RayStartError."""
    _settle_environment()
    make_room_for_ray()
    if small := small_shared_memory():
        logger.warning(small)
    private_ray.start(cpus, object_store_bytes)


def _settle_environment() -> None:
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)


def node_cpus() -> list[float]:
    """CPU cores of each living node that has any; [1.0] if no node has."""
    import ray

    found = [float(node["Resources"].get("CPU", 0.0)) for node in ray.nodes() if node["Alive"]]
    return [cpus for cpus in found if cpus] or [1.0]


def gpus_there() -> int:
    """GPUs of the cluster."""
    import ray

    return int(ray.cluster_resources().get("GPU", 0))
