"""Two nodes here as if each had its own machine: an address and Ray's folder for itself, by kernel namespaces."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

_RAY_FOLDER = "/tmp/ray"  # where a driver looks for the node it is on


class TwoMachines:
    """Two network namespaces joined by a cable. Skips the test where they may not be made; `close` takes them away."""

    head, other = "10.203.0.1", "10.203.0.2"

    def __init__(self) -> None:
        names = [f"spacetime-{os.getpid()}-{which}" for which in ("head", "node")]
        first, second = names
        self._names = names
        self.enter, self.enter_other = (_enter(name) for name in names)  # words before a command of a node
        steps = [
            *(f"ip netns add {name}" for name in names),
            f"ip -n {first} link add cable type veth peer name cable netns {second}",
            *(
                f"ip -n {name} addr add {at}/30 dev cable"
                for name, at in zip(names, (self.head, self.other), strict=True)
            ),
            *(f"ip -n {name} link set {device} up" for name in names for device in ("lo", "cable")),
            # Ray asks the way out for its own address.
            f"ip -n {first} route add default via {self.other}",
            f"ip -n {second} route add default via {self.head}",
        ]
        for step in steps:
            if not shutil.which("ip") or subprocess.run(step.split(), capture_output=True).returncode != 0:
                self.close()
                pytest.skip("network namespaces may not be made here, so both nodes would have one address")

    def replace_head(self) -> None:
        """Another machine in the head's place: same address, nothing on it yet."""
        self.enter = _enter(self._names[0])

    def close(self) -> None:
        """Take the namespaces away."""
        for name in self._names if shutil.which("ip") else []:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def _enter(name: str) -> tuple[str, ...]:
    own = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets below it: their paths must be short
    Path(_RAY_FOLDER).mkdir(exist_ok=True)
    bind = f'mount --bind {own} {_RAY_FOLDER} && exec "$0" "$@"'
    return ("ip", "netns", "exec", name, "unshare", "--mount", "sh", "-c", bind)
