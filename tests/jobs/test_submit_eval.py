"""An evaluation on a cluster: what is submitted, and how its report comes back."""

from __future__ import annotations

import importlib
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spacetime_rl.cli import in_job
from spacetime_rl.cli.app import app
from spacetime_rl.jobs.names import RESULT

REPORT = {
    "source": "onnx",
    "scenario": "vr_interaction",
    "episodes": 20,
    "seed": 7,
    "policies": {"giver": {"success_rate": 0.75, "return_mean": 3.0}},
}


class Cluster:
    """A job server that remembers what it was given."""

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = []

    def submit_job(self, **job: Any) -> str:
        self.jobs.append(job)
        return str(job["submission_id"])


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    cluster = Cluster()
    monkeypatch.setattr(importlib.import_module("spacetime_rl.jobs.submit"), "connect", lambda address: cluster)
    return cluster


def submit(*words: str) -> Any:
    return CliRunner().invoke(app, ["submit", "eval", *words])


def test_a_folder_of_policies_goes_along_with_what_is_to_be_played(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my policies").mkdir()

    done = submit("my policies", "--config", "vr_interaction", "--set", "evaluation.seed=7", "--run-id", "it")

    (job,) = cluster.jobs
    words = shlex.split(job["entrypoint"].partition(" -m ")[2])
    assert done.exit_code == 0, done.output
    assert words[2:] == [
        *("eval", "my policies", "--config", "vr_interaction"),
        *("--results", "~/spacetime-rl-results", "--set", "evaluation.seed=7"),
    ]
    assert job["runtime_env"]["working_dir"] == str(tmp_path)
    assert (job["submission_id"], job["metadata"]["kind"]) == ("it", "eval")
    assert "submitted it" in done.output


def test_a_configuration_that_is_wrong_is_refused_before_anything_is_sent(cluster: Cluster) -> None:
    done = submit("baseline", "--config", "vr_interaktion")

    assert "vr_interaction" in str(done.exception)
    assert cluster.jobs == []


def test_an_option_of_training_is_refused(cluster: Cluster) -> None:
    done = submit("baseline", "--config", "vr_interaction", "--num-gpus", "1")

    assert str(done.exception) == "submit eval: --num-gpus: not for an evaluation"
    assert cluster.jobs == []


def test_the_report_is_printed_for_people_and_for_the_submitter(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(command: list[str]) -> int:
        asked.append(command)
        print(json.dumps(REPORT))
        return 0

    asked: list[list[str]] = []
    monkeypatch.setattr(in_job, "_run", run)
    monkeypatch.setenv("HOME", "/home/node")

    assert in_job._report(["eval", "onnx", "--results", "~/results"]) == 0

    head, giver, result = capsys.readouterr().out.splitlines()
    assert asked == [["eval", "onnx", "--results", "/home/node/results", "--json"]]
    assert (head, giver) == ("onnx on vr_interaction: 20 episodes, seed 7", "  giver: 75.0%")
    assert json.loads(result.removeprefix(RESULT)) == REPORT
