"""Ctrl-C and what comes after, as a user has it: the real command on the real engine, stopped and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from support.command import PROGRAM, Done, run_command
from support.touch_run import RUN

from spacetime_rl.host.signals import SAME_S
from spacetime_rl.league.payoff import PayoffTable
from spacetime_rl.runs.layout import LEAGUE_STATE, LEAGUE_TABLE, checkpoint_number, payoff_files
from spacetime_rl.tracking.store import make_client, resolve_store

pytestmark = [pytest.mark.usefixtures("godot_bin"), pytest.mark.timeout(600)]

STOP_STEPS = 5000


class Command:
    """`spacetime-rl train …` in a folder of its own."""

    def __init__(self, folder: Path, refused: Callable[..., Done]) -> None:
        self.folder = folder
        self.refused = refused  # runs a command that ends before it trains, in this process
        self.run = folder / "results" / "one"
        config = {
            **RUN,
            "training": {**RUN["training"], "num_epochs": 2},
            "stop": {"agent_steps": STOP_STEPS},
            "checkpoint": {"every_iterations": 2},
        }
        (folder / "touch.yaml").write_text(yaml.safe_dump(config))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        program = [*PROGRAM, "train", *arguments]
        return subprocess.Popen(
            program,
            cwd=self.folder,
            env={**os.environ, "SPACETIME_LINES_EVERY_S": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def iterations(self, process: subprocess.Popen[str]) -> Iterator[int]:
        """The iterations as they are reported."""
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="")  # what pytest shows of a command that came to nothing
            if line.startswith("iteration="):
                yield int(line.split()[0].split("=")[1])

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.run / "state.json").read_text())
        return state

    def move(self, name: str) -> Path:
        """Call the results folder something else; where it was."""
        before = self.run.parent
        self.run = before.rename(self.folder / name) / self.run.name
        return before

    def recorded_paths(self) -> str:
        """What config, state, summary and MLflow say of where things are; a notice may name where they were."""
        texts = [(self.run / name).read_text() for name in ("config.yaml", "state.json")]
        summary = json.loads((self.run / "report/summary.json").read_text())
        texts.append(json.dumps({key: summary[key] for key in summary if key != "notices"}))
        tags = [{k: v for k, v in run.data.tags.items() if k != "notices"} for run in self.trial_runs()]
        uris = [run.info.artifact_uri for run in self.trial_runs()]
        return "\n".join([*texts, *uris, *map(str, tags)])

    def trial_runs(self) -> list[Any]:
        client = make_client(resolve_store(self.run.parent))
        experiment = client.get_experiment_by_name("touch")
        found = client.search_runs([experiment.experiment_id])
        return [run for run in found if "trial_id" in run.data.tags]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)
    return Command(tmp_path, partial(run_command, "train", monkeypatch=monkeypatch, capsys=capsys))


def stop(process: subprocess.Popen[str], number: int) -> None:
    """Ctrl-C as a terminal does it: the whole foreground group gets the signal, Ray's processes too."""
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)


def wait_for_no_process_in(folder: Path) -> None:
    """Every process but this one that has files of the folder open, games above all, has to end."""
    deadline = time.monotonic() + 30
    while left := [p.pid for p in psutil.process_iter() if p.pid != os.getpid() and str(folder) in _words(p)]:
        assert time.monotonic() < deadline, f"left over: {left}"
        time.sleep(0.2)


def _words(process: psutil.Process) -> str:
    try:
        return " ".join([*process.cmdline(), *(file.path for file in process.open_files())])
    except psutil.Error:
        return ""


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.slow),
    ],
    ids=["SIGTERM", "Ctrl-C", "SIGHUP"],
)
def test_a_signal_keeps_a_checkpoint_and_the_run_is_resumed_to_its_end(
    command: Command, number: int, code: int
) -> None:
    process = command.start("touch.yaml", "--run-id", "one", "--set", "checkpoint.every_iterations=1000", "--no-eval")
    assert next(i for i in command.iterations(process) if i >= 2)
    stop(process, number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    assert "train --resume one" in out
    assert command.state()["status"] == "interrupted"
    assert [run.info.status for run in command.trial_runs()] == ["KILLED"]
    assert len(list(command.run.rglob("spacetime.json"))) == 1
    wait_for_no_process_in(command.folder)

    changed = command.refused("touch.yaml", "--resume", "one", "--set", "training.lr=0.1")
    assert changed.code == 2
    assert "training.lr: 0.0003 -> 0.1" in changed.err
    assert "checkpoint.every_iterations: 1000 -> 2" in changed.err

    before = command.move("moved [#1]")
    resumed = command.start("--resume", "one", "--no-eval", "--results", "moved [#1]")
    iterations = list(command.iterations(resumed))
    assert resumed.wait(timeout=120) == 0
    assert iterations[0] >= 3
    assert not before.exists()
    assert str(before) not in command.recorded_paths()
    assert command.state()["status"] == "finished"
    (run,) = command.trial_runs()
    assert run.data.metrics["agent_steps"] >= STOP_STEPS
    wait_for_no_process_in(command.folder)


@pytest.mark.slow  # a run that is killed, and one that is resumed: a minute
def test_the_league_of_a_killed_run_is_that_of_its_latest_checkpoint_bit_for_bit(command: Command) -> None:
    league = ["league={save_steps: 700, result: return, fixed: {scripted: 0.2, random: 0.1}}", "game.episode_steps=20"]
    changes = [word for setting in league for word in ("--set", setting)]
    kill_a_run(command, 5, *changes)
    (table,) = payoff_files(command.run).values()
    before = table.read_bytes()
    saved = sorted(command.run.rglob(f"checkpoint_*/{LEAGUE_TABLE}"))  # a resumed run soon removes them
    prefixes = {PayoffTable(file).iteration: file.read_bytes() for file in saved}

    resumed = command.start("--resume", "one", "--no-eval")
    first = next(command.iterations(resumed))
    os.kill(resumed.pid, signal.SIGTERM)
    resumed.communicate(timeout=120)
    after = table.read_bytes()
    assert before.startswith(prefixes[first - 1])
    assert after.startswith(prefixes[first - 1])
    rows = PayoffTable(table).results
    assert [row.iteration for row in rows] == sorted(row.iteration for row in rows)
    assert {first - 1, first} <= {row.iteration for row in rows}
    assert {"scripted", "random"} <= {player for row in rows for _, player in row.sides}
    state = json.loads(max(command.run.rglob(LEAGUE_STATE), key=checkpoint_time).read_text())
    # An iteration that was cut off may have saved more; a run that is resumed drops them.
    assert {file.stem for file in table.parent.glob("*.npz")} >= {
        f"{policy}@{steps}" for policy, steps in state["snapshots"]
    }


def kill_a_run(command: Command, iterations: int, *changes: str) -> None:
    """Begin the run `one`, and kill it after this many iterations, as soon as its state names a checkpoint."""
    process = command.start("touch.yaml", "--run-id", "one", "--no-eval", "--set", "stop.agent_steps=60000", *changes)
    assert next(i for i in command.iterations(process) if i >= iterations)
    deadline = time.monotonic() + 60
    while not knows_a_checkpoint(command.run):
        assert time.monotonic() < deadline, "no checkpoint"
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    wait_for_no_process_in(command.folder)


def checkpoint_time(file: Path) -> int:
    return checkpoint_number(file.parent) or 0


@pytest.mark.slow
def test_a_run_whose_process_was_killed_goes_on_from_its_latest_checkpoint(command: Command) -> None:
    kill_a_run(command, 4)
    assert command.state()["status"] == "training"

    resumed = command.start("--resume", "one", "--no-eval")
    iterations = list(command.iterations(resumed))
    assert resumed.wait(timeout=120) == 0
    assert iterations[0] >= 3
    assert command.state()["status"] == "finished"
    assert len(command.trial_runs()) == 1


def knows_a_checkpoint(run: Path) -> bool:
    """Whether Tune's state, which is saved once a second, names a checkpoint; the name is part of a pickle, in hex."""
    name = b"checkpoint_000".hex()
    return any(name in state.read_text() for state in run.glob("tune/experiment_state-*.json"))


@pytest.mark.slow
def test_a_second_ctrl_c_ends_at_once_and_leaves_no_process(command: Command) -> None:
    process = command.start("touch.yaml", "--run-id", "one", "--set", "training.num_epochs=2000")
    assert process.stdout is not None
    assert any('stage="training"' in line for line in process.stdout)
    stop(process, signal.SIGINT)
    time.sleep(2 * SAME_S)  # what comes sooner counts as the same signal
    stop(process, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in err
    wait_for_no_process_in(command.folder)
