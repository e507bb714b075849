"""A sweep as a user has it: the real command on the real engine, recorded in a real MLflow."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import PROGRAM
from support.touch_run import RUN as TOUCH

from spacetime_rl.tracking.store import make_client, resolve_store

pytestmark = [pytest.mark.usefixtures("godot_bin"), pytest.mark.timeout(600)]

# The trials play by themselves: a runner's process would take longer to start than all of them train.
RUN = {**TOUCH, "rollout": {"runners": 0}, "checkpoint": {"every_iterations": 1, "keep": 4}}


def sweep(folder: Path, settings: dict[str, Any], *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "search.yaml").write_text(yaml.safe_dump({**RUN, "sweep": settings}))
    command = [*PROGRAM, "sweep", "search.yaml", "--run-id", "one", "--json", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def recorded(folder: Path) -> tuple[list[Any], list[Any]]:
    """The parent runs and the children."""
    client = make_client(resolve_store(folder / "results"))
    experiment = client.get_experiment_by_name("touch")
    found = client.search_runs([experiment.experiment_id])
    children = [run for run in found if "mlflow.parentRunId" in run.data.tags]
    return [run for run in found if run not in children], children


def test_the_best_of_two_candidates_is_exported_evaluated_and_recorded(tmp_path: Path) -> None:
    space = {"training.lr": {"loguniform": [1e-4, 1e-2]}, "model.hiddens": {"choice": [[8], [12, 12]]}}

    done = sweep(tmp_path, {"num_samples": 2, "max_concurrent": 1, "space": space})

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [trial["status"] for trial in found["trials"]] == ["finished", "finished"]
    scores = [candidate["scores"]["scenario/success_rate"]["mean"] for candidate in found["candidates"]]
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)
    best = found["candidates"][0]["values"]
    run = tmp_path / "results" / "one"
    assert json.loads((run / "state.json").read_text())["status"] == "finished"
    assert set(found["evaluation"]) == {"trained", "heuristic", "random"}
    assert found["policies"]
    assert all(Path(policy["onnx"]).is_file() for policy in found["policies"].values())
    parents, children = recorded(tmp_path)
    assert len(parents) == 1
    assert len(children) == 2
    assert {float(child.data.params["training.lr"]) for child in children} == {
        trial["values"]["training.lr"] for trial in found["trials"]
    }
    assert best["training.lr"] in {float(child.data.params["training.lr"]) for child in children}

    again = subprocess.run([*PROGRAM, "sweep", "--resume", "one"], cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 2
    assert "is finished" in again.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "search",
    [
        {"scheduler": {"type": "asha", "grace_agent_steps": 500, "reduction_factor": 2}},
        {"scheduler": {"type": "pbt", "interval_agent_steps": 500}},
        {"scheduler": {"type": "pb2", "interval_agent_steps": 500}},
        {"searcher": "optuna"},
        {"searcher": "optuna", "objectives": [{"metric": "scenario/success_rate"}, {"metric": "scenario/return_mean"}]},
        {"seeds_per_trial": 2, "num_samples": 1},
    ],
    ids=["asha", "pbt", "pb2", "optuna", "pareto", "seeds"],
)
def test_every_way_of_searching_comes_to_an_end(tmp_path: Path, search: dict[str, Any]) -> None:
    space = {"training.lr": {"loguniform": [1e-4, 1e-2]}, "training.gamma": {"uniform": [0.9, 0.99]}}

    done = sweep(tmp_path, {"num_samples": 2, "max_concurrent": 2, "space": space, **search}, "--no-eval")

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["trials"]) == 2
    assert all(trial["status"] in ("finished", "stopped early") and not trial["error"] for trial in found["trials"])
    assert any(candidate["on_front"] for candidate in found["candidates"])
    parents, children = recorded(tmp_path)
    assert (len(parents), len(children)) == (1, 2)
