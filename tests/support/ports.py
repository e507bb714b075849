"""Ports for tests."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A port that nobody on this machine listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
