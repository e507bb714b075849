"""A run's processes on other nodes end with the process that steers them, and their games with them.

Ray ends them once it knows that their driver is gone. That it learns from the head of the cluster; where the head went
with the driver, its nodes wait a minute for another one.
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

ADDRESS = "SPACETIME_DRIVER"  # where the driver listens, in the environment of its processes
_PORTS = (10002, 19999)  # those of Ray's workers, which nodes reach already
_TRIES = 50
_CONNECT_S = 10.0


@contextmanager
def announced(host: str) -> Iterator[dict[str, str]]:
    """Listen on an address of this machine; gives the environment by which processes elsewhere find it.

    The kernel closes the connections when this process ends, however that comes about.
    """
    with _listen(host) as server:
        lines: list[socket.socket] = []
        threading.Thread(target=_accept, args=(server, lines), name="lifeline", daemon=True).start()
        yield {ADDRESS: f"{host}:{server.getsockname()[1]}"}
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)  # else the thread waits on
        for line in lines:
            line.close()


@functools.cache
def hold_on() -> None:
    """From now on this process is killed when its driver ends; does nothing where no driver was announced."""
    if address := os.environ.get(ADDRESS):
        threading.Thread(target=_die_with, args=(address,), name="lifeline", daemon=True).start()


def _listen(host: str) -> socket.socket:
    for _ in range(_TRIES):
        with suppress(OSError):  # that port is taken
            return socket.create_server((host, random.SystemRandom().randint(*_PORTS)), backlog=1024)
    return socket.create_server((host, 0), backlog=1024)


def _accept(server: socket.socket, lines: list[socket.socket]) -> None:
    with suppress(OSError):  # closed
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
        line.recv(1)  # nothing ever comes but the end
    end_this_process()
