"""Runs and sweeps submitted to a real Ray cluster of two nodes, through the commands a user has."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from support.cluster import LocalCluster
from support.command import PROGRAM

from spacetime_rl import jobs
from spacetime_rl.errors import JobFailed

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("godot_bin"), pytest.mark.timeout(900)]

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    cluster = LocalCluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start()
        cluster.join()
        yield cluster
    finally:
        cluster.close()


def test_a_run_is_submitted_followed_and_its_result_fetched(command: Command, tmp_path: Path) -> None:
    results = str(tmp_path / "results")

    done = command("submit", "train", "run.yaml", "--run-id", "first", "--results", results, "--follow")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "submitted first" in done.stdout
    assert "iteration=3" in done.stdout
    assert "@RESULT" not in done.stdout
    (listed,) = json.loads(command("jobs", "list", "--json").stdout)
    assert (listed["id"], listed["kind"], listed["status"]) == ("first", "train", "succeeded")
    result = json.loads(command("jobs", "results", "first", "--json").stdout)
    assert set(result["evaluation"]) == {"trained", "heuristic", "random"}
    assert all(Path(policy["onnx"]).is_file() for policy in result["policies"].values())
    again = command("submit", "train", "run.yaml", "--run-id", "first", "--results", results)
    assert again.returncode == 3
    assert "did not take the job" in again.stderr


def test_every_node_is_examined(command: Command, tmp_path: Path) -> None:
    done = command("doctor", "--cluster", "--json", "--results", str(tmp_path / "results"))

    assert done.returncode == 0, done.stdout + done.stderr
    nodes = json.loads(done.stdout)["nodes"]
    assert len(nodes) == 2
    assert all(node["ok"] and node["cpus"] == 2 for node in nodes)
    names = ["versions", "results", "disk", "godot", "import", "handshake"]
    assert [[check["name"] for check in node["checks"]] for node in nodes] == [names, names]
    assert "vr_interaction connected" in done.stderr
    assert list((tmp_path / "results").iterdir()) == []


def test_a_job_is_a_future(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    job = jobs.submit(
        "train", "run.yaml", ["game.scene=res://nowhere.tscn"], run_id="lost", results=str(tmp_path / "r")
    )

    with pytest.raises(TimeoutError, match="lost is still"):
        job.result(timeout_s=0.0)
    with pytest.raises(JobFailed, match=r"nowhere\.tscn"):
        job.result(timeout_s=300.0)
    assert job.done()
    assert not job.running()
    assert isinstance(job.exception(), JobFailed)
    assert not job.cancel()
    assert command("jobs", "results", "lost").returncode == 3


def test_a_stopped_job_is_saved_and_goes_on(command: Command, tmp_path: Path) -> None:
    results = str(tmp_path / "results")
    long = ("--set", "stop.agent_steps=2000000", "--set", "checkpoint.every_iterations=1", "--no-eval")
    words = ("submit", "train", "run.yaml", "--run-id", "long", "--results", results, *long, "--follow")
    follower = subprocess.Popen([*PROGRAM, *words], cwd=tmp_path, stdout=PIPE, stderr=PIPE, text=True)
    assert follower.stdout is not None
    assert any("iteration=" in line for line in _until(follower.stdout, "iteration="))
    follower.terminate()
    _, err = follower.communicate(timeout=60)
    assert follower.returncode == 143
    assert "long goes on" in err
    assert "spacetime-rl jobs stop long" in err
    job = jobs.Job.find("long")
    assert job.running()

    assert command("jobs", "stop", "long").returncode == 0
    assert isinstance(job.exception(timeout_s=120.0), Exception)
    assert job.cancelled()
    state = json.loads((tmp_path / "results" / "long" / "state.json").read_text())
    assert state["status"] == "interrupted"
    resumed = command("submit", "train", "--resume", "long", "--results", results, "--json")
    again = jobs.Job.find(json.loads(resumed.stdout)["id"])
    assert any("iteration=" in line for line in _until(again.follow(), "iteration="))
    assert again.cancel()


def _until(lines: Iterable[str], words: str) -> Iterator[Any]:
    for line in lines:
        yield line
        if words in line:
            return


def test_a_wrong_configuration_never_reaches_the_cluster(command: Command) -> None:
    done = command("submit", "train", "run.yaml", "--set", "training.lr=fast")

    assert done.returncode == 2
    assert "training.lr" in done.stderr


def test_a_job_that_nobody_knows_is_told(command: Command) -> None:
    done = command("jobs", "status", "nobody")

    assert done.returncode == 2
    assert "nobody: no such job there" in done.stderr


def test_policies_are_evaluated_over_there(command: Command, tmp_path: Path) -> None:
    words = ("--config", "run.yaml", "--set", "evaluation.episodes=4", "--run-id", "judged", "--follow")

    done = command("submit", "eval", "heuristic", *words)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 episodes" in done.stdout
    assert json.loads(command("jobs", "results", "judged", "--json").stdout)["episodes"] == 4
