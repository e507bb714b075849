"""`--install` on a node that has nothing but Ray and torch: the dependencies come along, from the package index."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.bare_python import make_bare_python
from support.cluster import LocalCluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A head whose Python knows Ray and torch alone, at home in an empty folder."""
    folder = tmp_path_factory.mktemp("bare")
    programs = make_bare_python(folder / "python")
    foreign = subprocess.run([str(programs / "python"), "-c", "import mlflow"], capture_output=True, text=True)
    assert "No module named 'mlflow'" in foreign.stderr
    (folder / "home").mkdir()
    path = f"{programs}:{os.environ['PATH']}"
    cluster = LocalCluster(folder, ray=str(programs / "ray"), environ={"HOME": str(folder / "home"), "PATH": path})
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(scope="module", autouse=True)
def _godot_of_the_node(godot_bin: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GODOT_BIN", str(godot_bin))
        yield


def test_a_node_with_nothing_but_ray_and_torch_trains(command: Command, tmp_path: Path) -> None:
    results = str(tmp_path / "results")

    done = command("submit", "train", "run.yaml", "--run-id", "bare", "--results", results, "--install", "--follow")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "iteration=3" in done.stdout
    result = json.loads(command("jobs", "results", "bare", "--json").stdout)
    assert set(result["evaluation"]) == {"trained", "heuristic", "random"}
    assert all(Path(policy["onnx"]).is_file() for policy in result["policies"].values())


def test_such_a_node_is_examined_too(command: Command, tmp_path: Path) -> None:
    done = command("doctor", "--cluster", "--install", "--json", "--results", str(tmp_path / "results"))

    assert done.returncode == 0, done.stdout + done.stderr
    (node,) = json.loads(done.stdout)["nodes"]
    assert node["ok"]
