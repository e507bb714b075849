"""What breaks on a cluster while sweeps train on it: two real raylets, jobs as users submit them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from chaos.table import Row
from chaos.watched import Progress, gone_after_s, strike, title, wait_for
from support.cluster import LocalCluster
from support.leftovers import MARK, is_godot, marked_with
from support.touch_run import RUN

from spacetime_rl import jobs
from spacetime_rl.jobs import Job
from spacetime_rl.tracking.store import make_client, resolve_store

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("godot_bin"), pytest.mark.timeout(1800)]

Note = Callable[[Row], None]
ORPHAN_S = 5.0
STEPS = 20_000  # of a trial
SWEEP = {
    **RUN,
    "stop": {"agent_steps": STEPS},
    "checkpoint": {"every_iterations": 4},
    "sweep": {
        "num_samples": 8,
        "max_concurrent": 4,
        "space": {"training.lr": {"loguniform": [1e-4, 1e-2]}, "training.gamma": {"uniform": [0.9, 0.99]}},
    },
}


class Site:
    """A cluster, results that all its nodes see, and the sweeps submitted to it."""

    def __init__(self, folder: Path) -> None:
        self.results = folder / "results"
        self.cluster = LocalCluster(folder)
        self._mark = str(folder)
        self._folder = folder
        self._followed: list[Progress] = []

    def submit(self, name: str, samples: int, concurrent: int) -> tuple[Job, Progress]:
        """Submit a sweep of so many trials under a name of its own."""
        settings = {**SWEEP["sweep"], "num_samples": samples, "max_concurrent": concurrent}
        (self._folder / f"{name}.yaml").write_text(yaml.safe_dump({**SWEEP, "name": name, "sweep": settings}))
        job = jobs.submit("sweep", f"{name}.yaml", address=self.cluster.address, run_id=name, results=str(self.results))
        return job, self.follow(name)

    def follow(self, name: str) -> Progress:
        """The results of a sweep from its first line on."""
        self._followed.append(Progress(self.results / name / "progress.jsonl"))
        return self._followed[-1]

    def processes(self, *words: str) -> list[psutil.Process]:
        """All living processes of the cluster whose title has these words."""
        return [process for process in marked_with(self._mark) if all(word in title(process) for word in words)]

    def games(self) -> list[psutil.Process]:
        """All running games."""
        return [process for process in self.processes("--headless") if is_godot(process)]

    def trials(self, name: str) -> list[Any]:
        """MLflow's runs of a sweep's trials."""
        client = make_client(resolve_store(self.results))
        experiment = client.get_experiment_by_name(name)
        return list(client.search_runs([experiment.experiment_id], "tags.kind = 'trial'"))

    def champion(self, name: str, result: Mapping[str, Any]) -> Any:
        """The registered champion of a sweep."""
        (policy, *_) = result["policies"]
        return make_client(resolve_store(self.results)).get_model_version_by_alias(f"{name}.{policy}", "champion")

    def close(self) -> None:
        """End everything."""
        for progress in self._followed:
            progress.close()
        self.cluster.close()
        for process in marked_with(self._mark):
            strike(process, signal.SIGKILL)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv(MARK, str(tmp_path))
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.chdir(tmp_path)
    site = Site(tmp_path)
    try:
        site.cluster.start()
        yield site
    finally:
        site.close()


def furthest(progress: Progress) -> dict[str, int]:
    """Agent steps of every trial's latest result."""
    return {str(arrival.result["trial_id"]): arrival.agent_steps for arrival in progress.arrivals()}


def wait_for_trials(progress: Progress, trials: int, agent_steps: int) -> None:
    """Until so many trials train, and one of them is so far."""

    def there() -> bool | None:
        steps = furthest(progress)
        return (len(steps) >= trials and max(steps.values()) >= agent_steps) or None

    wait_for(there, 600.0, f"{trials} trials, one of {agent_steps} steps")


def lost_steps(progress: Progress, since_s: float) -> int:
    """Agent steps that trials had to play again after a moment."""
    best: dict[str, int] = {}
    lost = 0
    for arrival in progress.arrivals():
        trial = str(arrival.result["trial_id"])
        if arrival.at_s > since_s and arrival.agent_steps <= best.get(trial, 0):
            lost = max(lost, 0) + best[trial] - arrival.agent_steps
            best[trial] = 0
        best[trial] = arrival.agent_steps
    return lost


def test_a_sweep_outlives_a_node(site: Site, note: Note) -> None:
    victim = site.cluster.join()
    submitted_s = time.monotonic()
    job, progress = site.submit("search", samples=8, concurrent=4)
    first = progress.after(submitted_s, timeout_s=300.0)
    wait_for_trials(progress, trials=4, agent_steps=4_000)
    doomed = [child for child in psutil.Process(victim.pid).children(recursive=True) if is_godot(child)]
    assert doomed
    struck_s = time.monotonic()
    site.cluster.kill(victim)
    orphans_s = gone_after_s(doomed, struck_s)
    site.cluster.join()
    joined_s = time.monotonic()
    after = progress.after(joined_s, timeout_s=300.0)
    result = job.result(timeout_s=1500.0)

    assert orphans_s < ORPHAN_S
    assert result["agent_steps"] >= STEPS
    trials = site.trials("search")
    assert len(trials) == 8
    assert {run.info.status for run in trials} == {"FINISHED"}
    assert all(run.data.metrics["agent_steps"] >= STEPS for run in trials)
    assert site.champion("search", result)
    assert (site.results / "search" / "report" / "sweep.html").is_file()
    note(
        Row(
            "a node of two killed in a sweep of 8 trials, another joins",
            None,  # the head takes its time to miss a node, and counts it until then
            after.at_s - struck_s,
            lost_steps(progress, struck_s),
            f"its games ended {orphans_s:.1f} s later; all 8 trials finished, champion registered "
            f"(first result {first.at_s - submitted_s:.0f} s after submit)",
        )
    )
    wait_for(lambda: not site.games() or None, ORPHAN_S, "the end of all games of a sweep that is over")


def test_a_killed_trial_goes_on_from_its_checkpoint(site: Site, note: Note) -> None:
    site.cluster.join()
    job, progress = site.submit("search", samples=2, concurrent=2)
    wait_for_trials(progress, trials=2, agent_steps=6_000)
    (victim, *others) = site.processes("ray::Trial")
    known = {process.pid for process in (victim, *others)}
    struck_s = strike(victim, signal.SIGKILL)
    wait_for(lambda: {p.pid for p in site.processes("ray::Trial")} - known or None, 120.0, "a new trial process")
    replaced_s = time.monotonic() - struck_s
    job.result(timeout_s=900.0)

    trials = site.trials("search")
    assert [run.info.status for run in trials] == ["FINISHED"] * 2
    again = [x for x in progress.arrivals() if x.at_s > struck_s + replaced_s]
    note(
        Row(
            "a trial's process killed",
            replaced_s,
            again[0].at_s - struck_s,
            lost_steps(progress, struck_s),
            "went on from its checkpoint (every 4 iterations)",
        )
    )


def test_a_sweep_whose_driver_was_killed_is_resumed(site: Site, note: Note) -> None:
    site.cluster.join()
    job, progress = site.submit("search", samples=4, concurrent=2)
    wait_for_trials(progress, trials=2, agent_steps=6_000)
    games = site.games()
    struck_s = time.monotonic()
    for driver in site.processes("spacetime_rl.cli.in_job"):
        strike(driver, signal.SIGKILL)
    orphans_s = gone_after_s(games, struck_s)
    wait_for(lambda: job.done() or None, 120.0, "the end of the job")
    assert job.status() == "failed"
    before = furthest(progress)

    resumed = jobs.submit("sweep", None, address=site.cluster.address, resume="search", results=str(site.results))
    after = progress.after(struck_s + orphans_s + 1.0, timeout_s=300.0)
    result = resumed.result(timeout_s=900.0)

    assert orphans_s < ORPHAN_S
    trials = site.trials("search")
    assert len(trials) == 4
    assert {run.info.status for run in trials} == {"FINISHED"}
    assert set(before) <= {str(x.result["trial_id"]) for x in progress.arrivals()}
    assert site.champion("search", result)
    note(
        Row(
            "a sweep's driver killed, then submit --resume",
            None,
            after.at_s - struck_s,
            lost_steps(progress, struck_s),
            f"no game left after {orphans_s:.1f} s; all 4 trials finished",
        )
    )


def test_two_sweeps_at_once_keep_apart(site: Site, note: Note) -> None:
    site.cluster.join()
    names = ("left", "right")
    submitted = {name: site.submit(name, samples=2, concurrent=2) for name in names}
    for job, _ in submitted.values():
        job.result(timeout_s=900.0)

    ids = {name: set(furthest(progress)) for name, (_, progress) in submitted.items()}
    assert ids["left"].isdisjoint(ids["right"])
    for name, (_, progress) in submitted.items():
        assert all(x.result["health/restarts"] == 0 for x in progress.arrivals())
        assert all(steps >= STEPS for steps in furthest(progress).values())
        assert {run.info.status for run in site.trials(name)} == {"FINISHED"}
        logs = (site.results / name / "logs").glob("trial_*/*.godot.log")
        assert {log.parent.name for log in logs} == {f"trial_{trial}" for trial in ids[name]}
    note(Row("two sweeps at once, two trials each, on two nodes", None, None, 0, "no clash, no restart, logs apart"))
