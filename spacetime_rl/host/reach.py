"""Checks within seconds whether an address answers, before a library waits for it for minutes."""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

ANSWER_S = 6.0  # in all: for finding the name's address, connecting, and the answer
_T = TypeVar("_T")


class Unreachable(ConnectionError):
    """No server answers at an address; the message names what was tried and how it failed."""


def within(seconds: float, work: Callable[[], _T]) -> _T:
    """What `work` returns or raises. Raises TimeoutError after `seconds`; `work` then goes on in its thread.

    A signal can stop the caller at any time, whatever library `work` is in.
    """
    answer: queue.SimpleQueue[tuple[_T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answer.put((work(), None))
        except BaseException as error:  # every error is passed to the caller
            answer.put((None, error))

    threading.Thread(target=run, name="within", daemon=True).start()
    try:
        result, error = answer.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"not within {seconds:g} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]


def check_port(host: str, port: int, timeout_s: float = ANSWER_S) -> None:
    """Raise Unreachable unless a server accepts a connection."""
    end_s = time.monotonic() + timeout_s
    try:
        found = within(timeout_s, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except socket.gaierror as error:
        raise Unreachable(f"the name {host} is not known ({error.strerror})") from error
    except (TimeoutError, UnicodeError) as error:
        raise Unreachable(f"the name {host} could not be looked up: {error}") from error
    reasons = []
    for family, kind, protocol, _, address in found:
        try:
            with contextlib.closing(socket.socket(family, kind, protocol)) as probe:
                probe.settimeout(max(0.1, end_s - time.monotonic()))
                probe.connect(address)
                return
        except TimeoutError:
            reasons.append(f"{host}:{port} does not answer within {timeout_s:g} s")
        except OSError as error:
            reasons.append(f"nothing is reached at {host}:{port} ({error.strerror or error})")
    raise Unreachable(reasons[0] if reasons else f"the name {host} has no address")


def get_status(url: str, timeout_s: float = ANSWER_S) -> int:
    """The HTTP status of a GET request, with any certificate accepted. Raises Unreachable."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    end_s = time.monotonic() + timeout_s
    check_port(host, port, timeout_s)

    def ask() -> int:
        left_s = max(0.5, end_s - time.monotonic())
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(
                host, port, timeout=left_s, context=ssl._create_unverified_context()
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=left_s)
        with contextlib.closing(connection):
            connection.request("GET", parts.path or "/", headers={"Accept": "*/*"})
            return connection.getresponse().status

    try:
        # A deadline for the whole answer, because its bytes may arrive one by one.
        return within(max(1.0, end_s - time.monotonic()), ask)
    except TimeoutError as error:
        raise Unreachable(f"{host}:{port} accepts a connection and then says nothing for {timeout_s:g} s") from error
    except (http.client.HTTPException, OSError) as error:
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        raise Unreachable(f"what answers at {host}:{port} is no web server ({what})") from error
