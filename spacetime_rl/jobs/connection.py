"""Connect to a cluster's job server, with a token unless it is on this machine."""

from __future__ import annotations

import ipaddress
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from spacetime_rl.errors import ClusterError, UsageError
from spacetime_rl.host.reach import get_status, within

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

ADDRESS = "RAY_API_SERVER_ADDRESS"  # Ray's own variable for the address of its job server
LOCAL_ADDRESS = "http://127.0.0.1:8265"
# These loggers log every upload and every closed connection.
_TALKERS = (
    "ray.dashboard.modules.dashboard_sdk",
    "ray.dashboard.modules.job.sdk",
    "ray._private.runtime_env.packaging",
)
# Parts of Ray's error messages while the head's agent has not started yet.
_NOT_READY = ("try again later", "Failed to get head node agent")
_PATIENCE_S = 120.0  # of retries while the head starts
_CONNECT_S = 20.0  # to connect
_ANSWER_S = 300.0  # for one request; the upload of a job's files is a single request
_T = TypeVar("_T")
_MODE, _TOKEN, _TOKEN_FILE = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"


def connect(address: str | None = None) -> JobSubmissionClient:
    """A client of the job server at `address`, else at $RAY_API_SERVER_ADDRESS, else on this machine.

    Every client of a Ray cluster may run any code there. A cluster on another machine therefore requires a token,
    unless $RAY_AUTH_MODE is set otherwise. Raises UsageError for an invalid address or a missing token, and
    ClusterError if nothing answers.
    """
    address = address or os.environ.get(ADDRESS) or LOCAL_ADDRESS
    settle_auth(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    from ray.job_submission import JobSubmissionClient

    for talker in _TALKERS:
        logging.getLogger(talker).setLevel(logging.WARNING)
    try:
        get_status(f"{address.rstrip('/')}/api/version")  # asked first, because Ray's own client waits for minutes
        return within(_CONNECT_S, lambda: JobSubmissionClient(address))
    except TimeoutError as error:
        raise ClusterError(
            f"{address}: its job server does not answer within {_CONNECT_S:g} s; is its head up?"
        ) from error
    except (ConnectionError, RuntimeError) as error:
        raise ClusterError(
            f"{address}: no Ray job server answers there ({_first_line(error)}); expected the address of the head's "
            "dashboard, such as http://head:8265; start one by `ray start --head`"
        ) from error


def ask(question: Callable[[], _T], failure: str) -> _T:
    """Send a request to a job server. Retries for `_PATIENCE_S` seconds while the head starts. Raises ClusterError."""
    end_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return within(_ANSWER_S, question)
        except TimeoutError as error:
            raise ClusterError(f"{failure}: its job server does not answer within {_ANSWER_S:g} s") from error
        except RuntimeError as error:
            if not any(words in str(error) for words in _NOT_READY) or time.monotonic() > end_s:
                raise ClusterError(f"{failure}: {_reason(error)}") from error
        except OSError as error:  # exceptions of the `requests` library are OSErrors, too
            raise ClusterError(f"{failure}: its job server is gone ({_first_line(error)}); is its head up?") from error
        time.sleep(1.0)


def settle_auth(address: str) -> None:
    """Set the environment variables for Ray's authentication, before Ray is imported. Raises UsageError."""
    host = urlsplit(address).hostname
    if urlsplit(address).scheme not in ("http", "https") or not host:
        raise UsageError(f"--address {address}: expected http://HOST:8265, the address of the head's dashboard")
    if is_this_machine(host):
        os.environ.setdefault(_MODE, "disabled")
        return
    os.environ.setdefault(_MODE, "token")
    if os.environ[_MODE] == "token" and not _has_token():
        raise UsageError(
            f"{address} is not this machine and there is no token for it: put the cluster's into ${_TOKEN}, or its "
            f"file into ${_TOKEN_FILE} (make one by `ray get-auth-token --generate`); {_MODE}=disabled sends none, for "
            "a cluster that only you can reach"
        )


def is_this_machine(host: str) -> bool:
    """Whether a host is a loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _has_token() -> bool:
    named = os.environ.get(_TOKEN_FILE)
    return bool(os.environ.get(_TOKEN)) or Path(named or Path.home() / ".ray" / "auth_token").is_file()


def _reason(error: Exception) -> str:
    """Ray's error message, without the traceback inside it."""
    before, traceback, after = str(error).partition("Traceback")
    told = [before.strip(), *after.strip(" .\n").splitlines()[-1:]] if traceback else [before.strip()]
    return " ".join(told)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
