"""Ends a run's processes on other nodes, and their games, when the driver process ends.

Ray ends them once the head of the cluster reports the driver's end. If the head ends together with the driver, Ray's
nodes first wait for another head for a minute.
"""

from __future__ import annotations

import functools
import logging
import os
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from spacetime_rl.host.system import end_this_process
from spacetime_rl.notices import ONCE

logger = logging.getLogger(__name__)

ADDRESS = "SPACETIME_DRIVER"  # environment variable with the address at which the driver listens
_PORTS = (10002, 19999)  # Ray's range for its workers, which nodes open to each other anyway
_TRIES = 50  # random ports that are tried before any free one is taken
_CONNECT_S = 10.0


@contextmanager
def announce_driver(host: str) -> Iterator[dict[str, str]]:
    """Listen on an address of this machine; yields the environment variable that remote processes need to connect.

    The kernel closes the connections when this process ends for any reason.
    """
    with _listen(host) as server:
        lines: list[socket.socket] = []
        threading.Thread(target=_accept, args=(server, lines), name="driver-liveness", daemon=True).start()
        yield {ADDRESS: f"{host}:{server.getsockname()[1]}"}
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)  # without this the thread would keep waiting
        for line in lines:
            line.close()


@functools.cache
def end_with_driver() -> None:
    """Kill this process when its driver ends; does nothing if the environment names no driver."""
    if address := os.environ.get(ADDRESS):
        threading.Thread(target=_die_with, args=(address,), name="driver-liveness", daemon=True).start()


def _listen(host: str) -> socket.socket:
    for _ in range(_TRIES):
        with suppress(OSError):  # the port is taken
            return socket.create_server((host, random.SystemRandom().randint(*_PORTS)), backlog=1024)
    return socket.create_server((host, 0), backlog=1024)


def _accept(server: socket.socket, lines: list[socket.socket]) -> None:
    with suppress(OSError):  # the server was closed
        while True:
            lines.append(server.accept()[0])


def _die_with(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        line = socket.create_connection((host, int(port)), timeout=_CONNECT_S)
    except OSError as error:
        why = "the driver at %s cannot be reached from a node (%s); what trains there ends when Ray ends it"
        logger.warning(why, address, error, extra=ONCE)
        return
    line.settimeout(None)
    with suppress(OSError):
        line.recv(1)  # the driver sends nothing, so this returns only when the connection closes
    end_this_process()
