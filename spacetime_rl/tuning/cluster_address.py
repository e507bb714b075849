"""Finds the Ray cluster that $RAY_ADDRESS names, and checks that it answers: Ray itself would wait for minutes."""

from __future__ import annotations

import os

from spacetime_rl.errors import ClusterError, UsageError
from spacetime_rl.host.reach import ANSWER_S, Unreachable, check_port, within

ADDRESS = "RAY_ADDRESS"
_METHOD = "/ray.rpc.NodeInfoGcsService/GetClusterId"
_WITHOUT = f"unset {ADDRESS} to train with a Ray of this machine's own"


def find_cluster() -> str | None:
    """The address of the head in $RAY_ADDRESS; None if it is unset or "local". Raises UsageError or ClusterError."""
    wanted = os.environ.get(ADDRESS, "").strip()
    if wanted in ("", "local"):
        return None
    if "://" in wanted:
        raise UsageError(
            f"{ADDRESS}={wanted}: a run is trained on a node of the cluster, with {ADDRESS}=auto or HOST:6379, or "
            "submitted to it: spacetime-rl submit train … --address http://HOST:8265"
        )
    address = _find_here() if wanted == "auto" else wanted
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"{ADDRESS}={wanted}: expected auto, or the address of a head, HOST:6379")
    _check_head(wanted, host.strip("[]"), int(port))
    return address


def _find_here() -> str:
    from ray._private import services

    try:
        return str(services.canonicalize_bootstrap_address("auto"))
    except Exception as error:  # Ray raises a ConnectionError that mentions only `ray.init`
        raise ClusterError(
            f"{ADDRESS}=auto: no Ray runs on this machine; start one by `ray start --head`, or {_WITHOUT}"
        ) from error


def _check_head(wanted: str, host: str, port: int) -> None:
    try:
        check_port(host, port)
        if os.environ.get("RAY_USE_TLS", "0") != "1":
            _ask_head(host, port)
    except Unreachable as error:
        raise ClusterError(
            f"{ADDRESS}={wanted}: no Ray head answers there: {error}; is the cluster up? Expected the address of its "
            f"head as HOST:PORT, as `ray start` printed it; {_WITHOUT}"
        ) from error


def _ask_head(host: str, port: int) -> None:
    """Request the cluster's id. A refusal counts as an answer, too. Raises Unreachable."""
    import grpc

    where = f"{f'[{host}]' if ':' in host else host}:{port}"
    silent = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNIMPLEMENTED)

    def ask() -> None:
        with grpc.insecure_channel(where, options=[("grpc.enable_http_proxy", 0)]) as channel:
            call = channel.unary_unary(_METHOD)
            try:
                call(b"", timeout=ANSWER_S - 1.0)
            except grpc.RpcError as error:
                if error.code() in silent:
                    raise Unreachable(
                        f"something accepts connections at {where} and does not answer as Ray does"
                    ) from error

    try:
        within(ANSWER_S, ask)
    except TimeoutError as error:
        raise Unreachable(f"{where} accepts a connection and then says nothing for {ANSWER_S:g} s") from error
