"""The Ray that a run brings along, which only that run may use."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

JOIN = "import ray, sys; ray.init(sys.argv[1], logging_level='ERROR'); print(len(ray.nodes()))"


@pytest.mark.parametrize(
    ("proof", "joins"), [({"RAY_AUTH_MODE": "disabled"}, False), ({}, True)], ids=["none", "its own"]
)
def test_a_private_ray_takes_nobody_without_its_token(ray_cluster: None, proof: dict[str, str], joins: bool) -> None:
    import ray

    address = ray.get_runtime_context().gcs_address
    join = [sys.executable, "-c", JOIN, address]
    done = subprocess.run(join, env={**os.environ, **proof}, capture_output=True, text=True, timeout=120)

    assert (done.returncode == 0) == joins, done.stderr
    assert joins or "Failed to connect to Ray cluster" in done.stderr
