"""A sweep on the real engine, recorded in a real MLflow: by the command in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import Done, run_command
from support.touch_run import RUN as TOUCH

from spacetime_rl.tracking.store import make_client, resolve_store

pytestmark = [pytest.mark.usefixtures("ray_cluster", "godot_bin"), pytest.mark.timeout(600)]

# The trials play by themselves: a runner's process would take longer to start than all of them train.
RUN = {**TOUCH, "rollout": {"runners": 0}, "checkpoint": {"every_iterations": 1, "keep": 4}}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run a command of ours in a folder of the test's."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        return run_command(*arguments, monkeypatch=monkeypatch, capsys=capsys)

    return run


def write_sweep(settings: dict[str, Any]) -> None:
    Path("search.yaml").write_text(yaml.safe_dump({**RUN, "sweep": settings}))


def recorded(folder: Path) -> tuple[list[Any], list[Any]]:
    """The parent runs and the children."""
    client = make_client(resolve_store(folder / "results"))
    experiment = client.get_experiment_by_name("touch")
    found = client.search_runs([experiment.experiment_id])
    children = [run for run in found if "mlflow.parentRunId" in run.data.tags]
    return [run for run in found if run not in children], children


def test_the_best_of_two_candidates_is_exported_evaluated_and_recorded(
    command: Callable[..., Done], tmp_path: Path
) -> None:
    space = {"training.lr": {"loguniform": [1e-4, 1e-2]}, "model.hiddens": {"choice": [[8], [12, 12]]}}

    write_sweep({"num_samples": 2, "max_concurrent": 1, "space": space})
    done = command("sweep", "search.yaml", "--run-id", "one", "--json")

    assert done.code == 0, done.err
    found = json.loads(done.out)
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

    again = command("sweep", "--resume", "one")
    assert again.code == 2
    assert "is finished" in again.err


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
def test_every_way_of_searching_comes_to_an_end(
    command: Callable[..., Done], tmp_path: Path, search: dict[str, Any]
) -> None:
    space = {"training.lr": {"loguniform": [1e-4, 1e-2]}, "training.gamma": {"uniform": [0.9, 0.99]}}

    write_sweep({"num_samples": 2, "max_concurrent": 2, "space": space, **search})
    done = command("sweep", "search.yaml", "--run-id", "one", "--json", "--no-eval")

    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert len(found["trials"]) == 2
    assert all(trial["status"] in ("finished", "stopped early") and not trial["error"] for trial in found["trials"])
    assert any(candidate["on_front"] for candidate in found["candidates"])
    parents, children = recorded(tmp_path)
    assert (len(parents), len(children)) == (1, 2)
