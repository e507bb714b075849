"""`spacetime-rl convert rllib`: checkpoints of RLlib, not of ours, become files that decide as RLlib does."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from support.command import Done, run_command
from support.foreign_policies import RLLIB, make_module
from support.made_policies import MOVE, make_checkpoint, make_layout, make_policy

from spacetime_rl.evaluation.policies import OnnxActor
from spacetime_rl.export.schema import read_schema

Command = Callable[..., Done]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)


def save(name: str, folder: str) -> None:
    """Save a module where RLlib's algorithms do."""
    make_module(name).save_to_path((Path(folder) / "learner_group/learner/rl_module/npc").absolute())


@pytest.mark.parametrize("name", RLLIB)
def test_a_converted_policy_decides_as_rllib_does(name: str, command: Command) -> None:
    save(name, "checkpoint_000003")

    done = command("convert", "rllib", "checkpoint_000003", "-o", "policies", "--opset", "13", "--json")

    assert done.code == 0, done.err
    (converted,) = json.loads(done.out)["policies"]
    assert converted["name"] == "npc"
    assert converted["difference"] <= 1e-5
    if name == "PPO, discrete":
        seen = torch.randn(20, 5)
        inputs = make_module(name).forward_inference({Columns.OBS: seen})[Columns.ACTION_DIST_INPUTS]
        actions = OnnxActor(Path("policies/npc.onnx"), read_schema(Path("policies/npc.schema.json")), 20).act(
            seen.numpy()
        )
        assert actions[:, 0].tolist() == np.argmax(inputs.numpy(), -1).tolist()


def test_the_checkpoint_with_the_highest_number_is_taken_or_the_one_that_is_named(command: Command) -> None:
    for number in (2, 10):
        save("PPO, discrete", f"tries/trial/checkpoint_{number:06}")

    latest = command("convert", "rllib", "tries", "-o", "policies", "--opset", "13")
    named = command("convert", "rllib", "tries", "-o", "policies", "--opset", "13", "--checkpoint-number", "2")
    missing = command("convert", "rllib", "tries", "-o", "policies", "--checkpoint-number", "3")

    assert latest.code == named.code == 0
    assert "from " in latest.out
    assert "checkpoint_000010" in latest.out
    assert "checkpoint_000002" in named.out
    assert missing.code == 2
    assert "no checkpoint 3; there are 2, 10" in missing.err


def test_a_checkpoint_of_ours_is_exported(command: Command, tmp_path: Path) -> None:
    make_checkpoint(tmp_path / "checkpoint_000001", {"walker": make_policy(make_layout(MOVE))})

    done = command("convert", "rllib", "checkpoint_000001", "-o", "policies", "--opset", "13")

    assert done.code == 0, done.err
    assert read_schema(Path("policies/walker.schema.json")).normalizer is not None


def test_what_is_not_converted_is_refused_with_the_reason(command: Command) -> None:
    old = Path("old/checkpoint_000005/policies/default_policy/policy_state.pkl")
    old.parent.mkdir(parents=True)
    old.write_bytes(b"")
    save("PPO, discrete", "filtered")
    filtered = Path("filtered/env_runner/env_to_module_connector/MeanStdFilter/class_and_ctor_args.pkl")
    filtered.parent.mkdir(parents=True)
    filtered.write_bytes(b"")
    save("PPO, discrete", "own")
    described = Path("own/learner_group/learner/rl_module/npc/class_and_ctor_args.pkl")
    described.write_bytes(b"cos\nsystem\n(S'touch harmed'\ntR.")
    Path("empty").mkdir()

    found = {
        folder: command("convert", "rllib", folder, "-o", "policies") for folder in ("old", "filtered", "own", "empty")
    }

    assert {done.code for done in found.values()} == {2}
    assert "is a checkpoint of RLlib's old API stack (policies/default_policy/policy_state.pkl)" in found["old"].err
    assert "its observations pass MeanStdFilter before the network" in found["filtered"].err
    assert "holds os.system, which loading it would run; add --trust-code" in found["own"].err
    assert "holds no checkpoint of RLlib" in found["empty"].err
    assert not Path("harmed").exists()
