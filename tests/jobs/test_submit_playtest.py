"""A playtest on a cluster: what is submitted, how its report comes back, and what a lost process costs."""

from __future__ import annotations

import importlib
import json
import os
import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.touch_run import RUN
from typer.testing import CliRunner

from spacetime_rl.cli import in_job
from spacetime_rl.cli.app import app
from spacetime_rl.cli.jobs import report_lines
from spacetime_rl.config.playtest import Playtest
from spacetime_rl.jobs.names import RESULT
from spacetime_rl.jobs.playtest_workers import RayWorker, ray_workers
from spacetime_rl.playtest.begin import begin
from spacetime_rl.playtest.findings import FolderStore
from spacetime_rl.playtest.journal import Journal
from spacetime_rl.playtest.load import load_plan
from spacetime_rl.playtest.repeats import Known
from spacetime_rl.playtest.story import OpenWorker, run_playtest

FOUND = {"name": "stuck-1", "sighting": {"severity": "warning", "message": "walker_0 is stuck"}}
REPORT = {"game": "touch", "episodes": 5, "failed": True, "findings": [FOUND]}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """The jobs that a cluster received; the current folder has a plan."""
    jobs: list[dict[str, Any]] = []

    class Cluster:
        def submit_job(self, **job: Any) -> str:
            jobs.append(job)
            return str(job["submission_id"])

    monkeypatch.setattr(importlib.import_module("spacetime_rl.jobs.submit"), "connect", lambda address: Cluster())
    monkeypatch.chdir(tmp_path)
    playtest = {"players": {"random": 1}, "episodes": 4, "games": 1, "oracles": {"never_reached": False}}
    Path("plan.yaml").write_text(yaml.safe_dump({**RUN, "playtest": playtest}))
    return jobs


def submit(*words: str) -> Any:
    return CliRunner().invoke(app, ["submit", "playtest", *words])


def command_of(job: dict[str, Any]) -> list[str]:
    return shlex.split(job["entrypoint"].partition(" -m ")[2])[2:]


def test_a_plan_is_checked_and_sent_with_its_folder_and_goes_on_by_its_name(
    sent: list[dict[str, Any]], tmp_path: Path
) -> None:
    done = submit("plan.yaml", "--set", "playtest.games=8", "--run-id", "night", "--results", "/shared")
    assert done.exit_code == 0, done.output
    again = submit("--resume", "night", "--results", "/shared")
    assert again.exit_code == 0, again.output

    first, second = sent
    folder = "/shared/playtests/night"
    assert command_of(first) == [
        *("playtest", "plan.yaml", "--output", folder, "--ray", "--results", "/shared", "--set", "playtest.games=8")
    ]
    assert command_of(second) == ["playtest", "--resume", folder, "--ray", "--results", "/shared"]
    assert (first["submission_id"], first["metadata"]) == ("night", {"kind": "playtest", "folder": folder})
    assert second["submission_id"].startswith("night-resumed-")
    assert {job["runtime_env"]["working_dir"] for job in sent} == {str(tmp_path)}


def test_a_wrong_plan_and_options_of_training_are_refused_before_anything_is_sent(sent: list[dict[str, Any]]) -> None:
    Path("results").mkdir()
    Path("results/ep_000000.parquet").touch()
    wrong = submit("plan.yaml", "--set", "playtest.gams=8")
    assert "gams" in str(wrong.exception)
    recorded = submit("plan.yaml", "--set", 'playtest.players={"results/ep_000000.parquet": 1}')
    assert "playtest.players.results/ep_000000.parquet: " in str(recorded.exception)
    assert "a job does not bring along" in str(recorded.exception)
    assert "--num-gpus: not for a playtest" in str(submit("plan.yaml", "--num-gpus", "1").exception)
    assert sent == []


def test_a_playtest_that_found_something_has_done_its_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: list[str]) -> int:
        print(json.dumps(REPORT))
        return 1

    monkeypatch.setattr(in_job, "_run", run)
    assert in_job._report(["playtest", "plan.yaml"]) == 0
    *lines, result = capsys.readouterr().out.splitlines()
    assert lines == report_lines(REPORT)
    assert lines == ["touch: 5 episodes, failed: something new is broken", "  warning stuck-1: walker_0 is stuck"]
    assert json.loads(result.removeprefix(RESULT)) == REPORT


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster", "sent", "godot_bin")
def test_a_killed_process_of_the_cluster_costs_only_the_episode_that_it_played(tmp_path: Path) -> None:
    import ray

    made: list[RayWorker] = []

    @contextmanager
    def watched(plan: Playtest, results: Path, baseline: str | None, stop: threading.Event) -> Iterator[OpenWorker]:
        with ray_workers(plan, results, baseline, stop) as open_worker:

            def remember(index: int, known: Known | None) -> RayWorker:
                worker = open_worker(index, known)
                assert isinstance(worker, RayWorker)
                made.append(worker)
                return worker

            yield remember

    def kill(text: str) -> None:
        lines.append(text)

    lines: list[str] = []
    killed: list[int] = []

    def progress(now: Any) -> None:
        if now.episodes and not killed:
            killed.append(ray.get(made[-1]._actor.__ray_call__.remote(lambda _: os.getpid())))
            os.kill(killed[0], signal.SIGKILL)

    begun = begin(tmp_path / "out", load_plan("plan.yaml", ["playtest.episodes=40"]), tmp_path / "found", None)
    report = run_playtest(
        begun.plan, begun.open_journal, FolderStore(begun.store), tmp_path, None, kill, progress, watched
    )

    assert killed
    assert report.error is None
    assert len(made) >= 3  # one to check the game, one that was killed, one in its place
    assert any("is gone" in line for line in lines), lines
    numbers = [entry.number for entry in Journal.open(tmp_path / "out").entries]
    assert sorted(numbers) == list(range(40))
