"""`spacetime-rl bench --race` with the real racers, for a few seconds each."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.command import Done, run_command

SMALL = {
    "scenario.params.players": 8,
    "scenario.params.time_limit_s": 2,
    "training.train_batch_size": 512,
    "training.minibatch_size": 128,
    "evaluation.games": 1,
}


@pytest.mark.slow  # four trainings
def test_all_who_are_installed_train_and_are_judged(godot_bin: Path, tmp_path: Path) -> None:
    rules = ["--seeds", "1", "--limit", "6", "--judge-every", "3", "--episodes", "1", "--success", "1"]
    settings = [f"--set={key}={value}" for key, value in SMALL.items()]
    command = [sys.executable, "-m", "spacetime_rl", "bench", "--race", *rules, *settings, "--out", str(tmp_path)]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False, timeout=600)

    assert done.returncode == 0, done.stderr[-4000:]
    document = json.loads(done.stdout)
    installed = all(find_spec(name) for name in ("godot_rl", "stable_baselines3"))
    racers = ["training", "stock_rllib", *(["stock_sb3", "stock_sb3_example"] if installed else [])]
    assert [leg["racer"] for leg in document["legs"]] == racers
    assert set(document["missing"]) == {"stock_sb3", "stock_sb3_example"} - set(racers)
    for leg in document["legs"]:
        last = leg["points"][-1]
        assert last["agent_steps"] > 0
        assert last["seconds"] >= 6.0 or last["success"] == {"probable": 1.0, "drawn": 1.0}
        assert last["core_s"] > 0.0
    assert json.loads((tmp_path / "race.json").read_text()) == document
    assert (tmp_path / "race.png").is_file()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--race", "--rounds", "2"], "bench --race: --rounds: it measures no speed; leave it out"),
        (["--seeds", "2"], "bench: --seeds: is for --race"),
        (["--race", "--success", "2"], "expected 0.01 to 1, found 2"),
    ],
)
def test_a_mistake_is_one_message(arguments: list[str], message: str, command: Callable[..., Done]) -> None:
    done = command("bench", *arguments)
    assert done.code == 2
    assert message in done.err
