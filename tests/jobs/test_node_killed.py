"""A sweep on two nodes, of which one dies half-way and another joins: it ends with a champion all the same."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from spacetime_rl import jobs
from spacetime_rl.tracking.store import make_client, resolve_store
from tests.cluster import LocalCluster
from tests.leftovers import MARK, marked_with
from tests.touch_run import RUN

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("godot_bin"), pytest.mark.timeout(1800)]

SWEEP = {
    **RUN,
    "stop": {"agent_steps": 20_000},
    "checkpoint": {"every_iterations": 4},
    "sweep": {
        "num_samples": 8,
        "max_concurrent": 4,
        "space": {"training.lr": {"loguniform": [1e-4, 1e-2]}, "training.gamma": {"uniform": [0.9, 0.99]}},
    },
}


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCluster]:
    monkeypatch.setenv(MARK, str(tmp_path))
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    cluster = LocalCluster(tmp_path)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()


def test_a_sweep_outlives_a_node(cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = cluster.join()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "search.yaml").write_text(yaml.safe_dump(SWEEP))
    results = tmp_path / "results"

    job = jobs.submit("sweep", "search.yaml", address=cluster.address, run_id="search", results=str(results))
    _wait_for_trials(results / "search" / "progress.jsonl", trials=4, agent_steps=4_000)
    doomed = _games_below(victim.pid)
    assert doomed
    cluster.kill(victim)
    time.sleep(5.0)
    assert not [game for game in doomed if game.is_running() and game.status() != psutil.STATUS_ZOMBIE]
    cluster.join()
    result = job.result(timeout_s=1500.0)

    assert result["agent_steps"] >= 20_000
    client = make_client(resolve_store(results))
    experiment = client.get_experiment_by_name("touch")
    children = client.search_runs([experiment.experiment_id], "tags.kind = 'trial'")
    assert len(children) == 8
    assert {run.info.status for run in children} == {"FINISHED"}
    assert all(run.data.metrics["agent_steps"] >= 20_000 for run in children)
    (policy, *_) = result["policies"]
    assert client.get_model_version_by_alias(f"touch.{policy}", "champion")
    assert (results / "search" / "report" / "sweep.html").is_file()
    cluster.close()
    time.sleep(5.0)
    assert [process.name() for process in marked_with(str(tmp_path)) if "godot" in process.name()] == []


def _wait_for_trials(progress: Path, trials: int, agent_steps: int) -> None:
    """Until so many trials train, and one of them is so far."""
    end_s = time.monotonic() + 600.0
    while time.monotonic() < end_s:
        lines = [json.loads(line) for line in progress.read_text().splitlines()] if progress.is_file() else []
        if len({line["trial_id"] for line in lines}) >= trials and max(x["agent_steps"] for x in lines) >= agent_steps:
            return
        time.sleep(0.5)
    raise AssertionError("no trial trained")


def _games_below(pid: int) -> list[psutil.Process]:
    return [process for process in psutil.Process(pid).children(recursive=True) if "godot" in process.name()]
