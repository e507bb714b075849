"""What breaks on one machine while it trains, and what that costs: real games, a real Ray, a real MLflow server."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from chaos.table import Row
from chaos.watched import Arrival, WatchedRun, gone_after_s, strike, wait_for
from support.leftovers import is_godot
from support.servers import Server

from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.tracking.store import Store, make_client, resolve_store

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("godot_bin"), pytest.mark.timeout(1500)]

Note = Callable[[Row], None]
STORM_S = float(os.environ.get("CHAOS_SECONDS", "60"))
ORPHAN_S = 5.0  # in which no game may outlive whoever it belonged to

RUN = {
    "name": "touch",
    "scenario": {"params": {"room_m": 5.0, "max_ticks": 180, "jumpers": 0}},
    "game": {
        "project": str(OWN_PROJECT),
        "scene": "res://tests/fixtures/touch/touch.tscn",
        "arenas": 8,
        "action_repeat": 6,
        "step_timeout_s": 4.0,
        "restarts_rate_limit_n": 1000,
        "max_lifetime_restarts": 1000,
    },
    "model": {"hiddens": [32]},
    "training": {"lr": 5.0e-4, "gamma": 0.95, "train_batch_size": 1000, "minibatch_size": 250, "num_epochs": 4},
    "rollout": {"runners": 2, "games_per_runner": 1},
    "stop": {"agent_steps": 10_000_000},
    "checkpoint": {"every_iterations": 5},
}


def begin(watched: WatchedRun, *arguments: str, agent_steps: int = 3000, **sections: Any) -> None:
    """Start a run and wait until it is well on its way."""
    (watched.folder / "touch.yaml").write_text(yaml.safe_dump({**RUN, **sections}))
    watched.start("train", "touch.yaml", "--run-id", "one", "--no-eval", *arguments)
    watched.progress.reach(agent_steps)


def end(watched: WatchedRun) -> None:
    """End it as Ctrl-C does, and see that nothing is left."""
    os.killpg(watched.pid, signal.SIGINT)
    assert watched.wait() == 130, watched.output()
    gone_after_s(watched.games(), time.monotonic(), ORPHAN_S)


def iterations(watched: WatchedRun) -> list[int]:
    return [int(x.result["training_iteration"]) for x in watched.progress.arrivals()]


def played_again(before: int, after: Arrival) -> int:
    """Agent steps that an end cost: of the last result before it, and of the first one after."""
    lost = before - (after.agent_steps - RUN["training"]["train_batch_size"])  # type: ignore[index]
    assert 0 <= lost < 12_000
    return int(lost)


def success_rate(watched: WatchedRun) -> float:
    """Of the last quarter."""
    rates = [float(x.result["scenario/success_rate"]) for x in watched.progress.arrivals()]
    return sum(rates[-len(rates) // 4 :]) / len(rates[-len(rates) // 4 :])


def test_games_that_are_killed_all_the_time_cost_no_iteration(watched: WatchedRun, note: Note) -> None:
    begin(watched)
    dice = random.Random(1)
    kills, waits = 0, []

    def newcomers(known: set[int]) -> set[int] | None:
        return {game.pid for game in watched.games()} - known or None

    end_s = time.monotonic() + STORM_S
    while time.monotonic() < end_s:
        time.sleep(dice.uniform(1.0, 4.0))
        games = watched.games()
        if len(games) < 2:
            continue  # the last one is still being replaced
        victim = dice.choice(games)
        struck_s = strike(victim, signal.SIGKILL)
        kills += 1
        known = {game.pid for game in games}
        wait_for(partial(newcomers, known), 30.0, "a new game")
        waits.append(time.monotonic() - struck_s)
    last = watched.progress.after(time.monotonic())
    end(watched)

    done = iterations(watched)
    assert done == list(range(1, len(done) + 1))
    restarts = int(watched.progress.arrivals()[-1].result["health/restarts"])
    assert kills > STORM_S / 10
    assert kills - 2 <= restarts <= kills + 2
    rate = success_rate(watched)
    assert rate > 0.8
    note(
        Row(
            f"{kills} games killed in {STORM_S:.0f} s, one every {STORM_S / kills:.1f} s",
            sorted(waits)[len(waits) // 2],
            None,
            0,
            f"{restarts} restarts counted, no iteration lost in {len(done)}, "
            f"success {rate:.0%} at {last.agent_steps:,} steps",
        )
    )


def test_a_frozen_game_is_replaced(watched: WatchedRun, note: Note) -> None:
    begin(watched)
    (victim, *_) = games = watched.games()
    struck_s = strike(victim, signal.SIGSTOP)
    replaced_s = gone_after_s([victim], struck_s)
    wait_for(lambda: len(watched.games()) == len(games) or None, 30.0, "a new game")
    # The next result may be of an iteration that the other game had finished by then.
    counted = lambda: next((x for x in watched.progress.arrivals() if x.result["health/restarts"]), None)  # noqa: E731
    after = wait_for(counted, 60.0, "a result that counts the restart")
    end(watched)

    assert replaced_s < RUN["game"]["step_timeout_s"] + 3.0  # type: ignore[index]
    assert after.result["health/restarts"] == 1
    done = iterations(watched)
    assert done == list(range(1, len(done) + 1))
    note(Row("a game frozen (step_timeout_s 4)", replaced_s, after.at_s - struck_s, 0, "replaced, no iteration lost"))


def test_a_killed_runner_is_replaced_and_its_game_goes_with_it(watched: WatchedRun, note: Note) -> None:
    begin(watched)
    (victim, *_) = runners = watched.runners()
    own = [child for child in victim.children(recursive=True) if is_godot(child)]
    assert own
    known = {runner.pid for runner in runners}
    struck_s = strike(victim, signal.SIGKILL)
    orphans_s = gone_after_s(own, struck_s)
    wait_for(lambda: {r.pid for r in watched.runners()} - known or None, 60.0, "a new runner")
    replaced_s = time.monotonic() - struck_s
    wait_for(lambda: len(watched.games()) == 2 or None, 60.0, "its game")
    after = watched.progress.after(time.monotonic())
    end(watched)

    assert orphans_s < ORPHAN_S
    done = iterations(watched)
    assert done == list(range(1, len(done) + 1))
    note(
        Row(
            "an env runner killed",
            replaced_s,
            after.at_s - struck_s,
            0,
            f"its game ended {orphans_s:.1f} s later, no iteration lost",
        )
    )


def test_a_run_whose_training_process_is_killed_goes_on(watched: WatchedRun, note: Note) -> None:
    begin(watched, agent_steps=12_000)
    (victim,) = watched.processes("ray::Trial")
    games = watched.games()
    before = watched.progress.arrivals()[-1].agent_steps
    struck_s = strike(victim, signal.SIGKILL)
    orphans_s = gone_after_s(games, struck_s)
    wait_for(lambda: watched.processes("ray::Trial") or None, 60.0, "a new training process")
    replaced_s = time.monotonic() - struck_s
    after = watched.progress.after(struck_s + replaced_s)
    end(watched)

    assert orphans_s < ORPHAN_S
    assert "going on from the latest checkpoint" in watched.output()
    note(
        Row(
            "a run's training process killed",
            replaced_s,
            after.at_s - struck_s,
            played_again(before, after),
            f"its games ended {orphans_s:.1f} s later; went on from its latest checkpoint (every 5 iterations)",
        )
    )


def test_a_killed_command_leaves_nothing_and_is_resumed(watched: WatchedRun, note: Note) -> None:
    begin(watched, agent_steps=12_000)
    games = watched.games()
    struck_s = time.monotonic()
    os.kill(watched.pid, signal.SIGKILL)
    orphans_s = gone_after_s(games, struck_s)
    watched.wait()
    lost_at = watched.progress.arrivals()[-1].agent_steps
    wait_for(lambda: not watched.processes("raylet", "ray::") or None, 60.0, "the end of its Ray")

    watched.start("train", "--resume", "one", "--no-eval")
    after = watched.progress.after(struck_s + orphans_s + 1.0)
    end(watched)

    assert orphans_s < ORPHAN_S
    note(
        Row(
            "the command killed, then --resume",
            None,
            after.at_s - struck_s,
            played_again(lost_at, after),
            f"no game left after {orphans_s:.1f} s; went on from its latest checkpoint (every 5 iterations)",
        )
    )


@pytest.fixture
def server(tmp_path: Path) -> Any:
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


def test_an_mlflow_server_that_is_away_stops_nothing_and_gets_everything(
    watched: WatchedRun, server: Server, note: Note
) -> None:
    begin(watched, "--tracking-uri", server.uri)
    server.stop()
    struck_s = time.monotonic()
    outage_s = min(STORM_S, 60.0)
    time.sleep(outage_s)
    before = len(watched.progress.arrivals())
    server.start()
    back_s = time.monotonic()
    during = [x for x in watched.progress.arrivals() if struck_s < x.at_s < back_s]
    store: Store = resolve_store(watched.folder / "results", server.uri)

    def delivered() -> int | None:
        steps = recorded_steps(store)
        return len(steps) if len(steps) >= before else None

    wait_for(delivered, 120.0, "what was kept back")
    recovered_s = time.monotonic() - back_s
    end(watched)

    results = [x.agent_steps for x in watched.progress.arrivals()]
    assert recorded_steps(store) == results
    gaps = [b.at_s - a.at_s for a, b in pairwise(during)]
    assert len(during) > 5
    assert max(gaps) < 10.0
    note(
        Row(
            f"the MLflow server away for {outage_s:.0f} s",
            None,
            recovered_s,
            0,
            f"{len(during)} iterations meanwhile, all metrics delivered after its return",
        )
    )


def recorded_steps(store: Store) -> list[int]:
    client = make_client(store)
    experiment = client.get_experiment_by_name("touch")
    runs = client.search_runs([experiment.experiment_id], "tags.run_id = 'one'")
    if not runs:  # a server that was away before the trial began
        return []
    (run,) = runs
    history = client.get_metric_history(run.info.run_id, "agent_steps")
    return sorted(int(metric.value) for metric in history)


SLOW = """
import builtins, io, os, time

def slowed(real):
    def slow(path, *arguments, **options):
        if isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith(os.environ["SLOW_BELOW"]):
            time.sleep(0.25)
        return real(path, *arguments, **options)
    return slow

builtins.open = io.open = slowed(builtins.open)
"""


def test_slow_storage_loses_nothing(watched: WatchedRun, note: Note, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file below the results takes a quarter of a second more to open, in every process of the run."""
    (watched.folder / "sitecustomize.py").write_text(SLOW)
    monkeypatch.setenv("SLOW_BELOW", str(watched.run))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(watched.folder), os.environ.get("PYTHONPATH", "")]))
    begin(watched, agent_steps=10_000)
    end(watched)
    steps = [x.agent_steps for x in watched.progress.arrivals()]
    assert iterations(watched) == list(range(1, len(steps) + 1))
    assert recorded_steps(resolve_store(watched.folder / "results")) == steps

    watched.start("train", "--resume", "one", "--no-eval")
    after = watched.progress.after(time.monotonic())
    end(watched)

    assert after.agent_steps > steps[-1]
    note(Row("results on storage with 0.25 s a file", None, None, 0, "all results recorded, stopped and resumed"))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """The results folder as a disk of its own, of 64 MB."""
    folder = tmp_path / "results"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a disk, and without one nothing can fill it")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_run_that_fills_the_disk_goes_on_once_there_is_room(disk: Path, watched: WatchedRun, note: Note) -> None:
    begin(watched, agent_steps=12_000)
    games = watched.games()
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    struck_s = time.monotonic()
    code = watched.wait()
    ended_s = time.monotonic() - struck_s
    gone_after_s(games, time.monotonic(), ORPHAN_S)
    said = watched.output()
    lost_at = watched.progress.arrivals()[-1].agent_steps
    ballast.unlink()

    watched.start("train", "--resume", "one", "--no-eval")
    resumed_s = time.monotonic()
    after = watched.progress.after(resumed_s)
    end(watched)

    assert code == 3
    assert "No space left on device" in said or "is the disk full?" in said
    note(
        Row(
            "the disk full, then room made and --resume",
            None,
            after.at_s - resumed_s,
            played_again(lost_at, after),
            f"ended after {ended_s:.1f} s with that reason; went on from its latest checkpoint (every 5 iterations)",
        )
    )
