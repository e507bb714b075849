"""Runs in place of Ray's dashboard agent, without which a node does not start: it lives as long as the node.

A private Ray has no dashboard, so nothing asks the agent for anything. It imports a web server and clients for metrics,
which takes a second of processor time and 70 MB.
"""

from __future__ import annotations

import os
import time

_EVERY_S = 1.0


def main() -> None:
    """Wait until the process that started this one has ended."""
    node = os.getppid()
    while os.getppid() == node:
        time.sleep(_EVERY_S)


if __name__ == "__main__":
    main()
