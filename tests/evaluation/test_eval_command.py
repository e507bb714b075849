"""`spacetime-rl eval` as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.command import PROGRAM, Done, run_command
from support.leftovers import MARK, is_godot, marked_with
from support.made_policies import make_checkpoint, make_policy

from spacetime_rl.config import RunConfig, dump
from spacetime_rl.evaluation.sources import read_schemas

Command = Callable[..., Done]


@pytest.fixture
def command(
    tmp_path: Path,
    config: RunConfig,
    onnx_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Run the command in a folder whose results hold the run `a-run` of the touch fixture, exported already."""
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "results" / "a-run"
    shutil.copytree(onnx_folder, run / "onnx")
    (tmp_path / "touch.yaml").write_text(dump(config))
    (run / "config.yaml").write_text(dump(config))
    policies = {name: make_policy(schema.layout) for name, schema in read_schemas(onnx_folder).items()}
    make_checkpoint(run / "tune" / "PPO_ab12c_00000" / "checkpoint_000003", policies, config)
    return partial(run_command, "eval", monkeypatch=monkeypatch, capsys=capsys)


def found(done: Done) -> Any:
    assert done.code == 0, done.err
    return json.loads(done.out)


SHORT = ("--episodes", "3", "--seed", "4", "--games", "1", "--arenas", "3", "--json")


@pytest.mark.parametrize("source", ["a-run", "results/a-run/onnx"])
def test_what_was_trained_plays_what_it_was_trained_on(source: str, command: Command) -> None:
    document = found(command(source, *SHORT))

    assert document["scenario"] == "touch"
    assert document["episodes"] == 3
    assert document["seed"] == 4
    assert set(document["policies"]) == {"walker", "jumper"}
    for figures in document["policies"].values():
        assert {"episodes", "seed", "success_rate", "success_ci", "return_mean", "length_mean", "metrics"} <= set(
            figures
        )


def test_the_same_seed_gives_the_same_result(command: Command) -> None:
    assert found(command("results/a-run/onnx", *SHORT)) == found(command("results/a-run/onnx", *SHORT))


def test_sampled_actions_give_another_result_than_the_most_probable_ones(command: Command) -> None:
    sampled = found(command("results/a-run/onnx", "--stochastic", *SHORT))
    said = found(command("results/a-run/onnx", "--set", "evaluation.stochastic=true", *SHORT))

    assert sampled["overall"] == said["overall"]
    assert sampled["overall"] != found(command("results/a-run/onnx", *SHORT))["overall"]


def test_settings_can_be_changed(command: Command) -> None:
    document = found(command("a-run", "--set", "scenario.params.max_ticks=12", "--set", "game.action_repeat=6", *SHORT))

    assert document["overall"]["length_mean"] <= 2.0


def test_chance_needs_to_be_told_what_to_play(command: Command) -> None:
    document = found(command("random", "--config", "touch.yaml", *SHORT))
    refused = command("random", *SHORT)

    assert document["source"] == "random"
    assert refused.code == 2
    assert "eval random: --config is required, for example --config vr_interaction" in refused.err


def test_people_get_a_table(command: Command) -> None:
    done = command("heuristic", "--config", "touch.yaml", *SHORT[:-1])

    assert done.code == 0
    assert "touch: 3 episodes of seed 4" in done.out
    assert "ticks_seen" in done.out


def test_an_unknown_source_is_answered_with_the_runs_there_are(command: Command) -> None:
    done = command("b-run", *SHORT)

    assert done.code == 2
    assert "the runs in results are a-run" in done.err


def test_each_policy_may_be_played_by_a_source_of_its_own(command: Command) -> None:
    document = found(command("random", "--config", "touch.yaml", "--with", "walker=heuristic", *SHORT))

    assert document["source"] == "random, walker=heuristic"
    rates = {name: figures["success_rate"] for name, figures in document["policies"].items()}
    alone = found(command("heuristic", "--config", "touch.yaml", *SHORT))["policies"]
    assert rates["walker"] == alone["walker"]["success_rate"] > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("random", "--with", "walker"), "expected POLICY=PLAYER"),
        (("random", "--with", "waker=heuristic"), "--scripted=waker: no such policy; there are walker, jumper"),
        (("random", "--with", "waker=random"), "--with waker=…: no such policy; there are walker, jumper"),
        (("heuristic", "--with", "walker=random"), "name the other player first"),
    ],
)
def test_a_mix_that_cannot_be_played_is_refused(arguments: tuple[str, ...], words: str, command: Command) -> None:
    done = command(*arguments, "--config", "touch.yaml", *SHORT)

    assert done.code == 2
    assert words in done.err


def test_sigterm_ends_an_evaluation_and_its_games(tmp_path: Path, config: RunConfig) -> None:
    (tmp_path / "touch.yaml").write_text(dump(config))
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [*PROGRAM, "eval", "random", "--config", "touch.yaml", "--episodes", "1000000"],
        cwd=tmp_path,
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not any(is_godot(found) for found in marked_with(mark)):
            assert process.poll() is None, process.communicate()
            time.sleep(0.2)

        process.terminate()

        _, err = process.communicate(timeout=120)
        assert process.returncode == 143, err
        assert "spacetime-rl: stopped by SIGTERM" in err
        assert not marked_with(mark)
    finally:
        process.kill()
