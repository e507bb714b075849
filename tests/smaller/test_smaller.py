"""Smaller and cheaper policies in a real game: distilled ones, 8-bit weights, actions that are held."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import onnx
import pytest
import torch
from ray.rllib.core.columns import Columns
from support.command import Done, run_command
from support.made_policies import GRAB, MOVE, make_layout, make_policy
from support.touch_run import RUN

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import make_launch
from spacetime_rl.export.schema import read_schema
from spacetime_rl.game.client import open_game
from spacetime_rl.runs.checkpoint import CheckpointMetadata
from spacetime_rl.smaller.compare import Compared, Cost, Difference
from spacetime_rl.smaller.distil import divergence

Command = Callable[..., Done]


@pytest.fixture(scope="module")
def checkpoint(godot_bin: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the touch game with untrained policies that do decide by what they observe."""
    config = RunConfig.model_validate(RUN)
    folder = tmp_path_factory.mktemp("run") / "checkpoint_000001"
    with open_game(make_launch(config)) as game:
        spec = game.spec
    for group in spec.groups:
        module = make_policy(group.layout, hiddens=(32, 32))
        module.save_to_path((folder / "learner_group/learner/rl_module" / group.name).absolute())
    CheckpointMetadata("a-run", config.to_dict(), spec.to_dict(), {"spacetime_rl": "0.1.0"}).write(folder, 1)
    return folder


@pytest.fixture
def command(
    tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run the command in a folder that holds the checkpoint."""
    shutil.copytree(checkpoint, tmp_path / checkpoint.name)
    monkeypatch.chdir(tmp_path)
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)


@pytest.mark.slow  # plays and learns for half a minute
def test_students_learn_what_the_teachers_decide_and_play_the_same_episodes(command: Command) -> None:
    done = command(
        "distill", "checkpoint_000001", "--hiddens", "8,8", "--agent-steps", "12000", "-o", "small", "--json"
    )

    assert done.code == 0, done.err
    document = json.loads(done.out)
    reports = document["reports"]
    assert reports["original"]["episodes"] == reports["other"]["episodes"] == 8
    assert reports["original"]["seed"] == reports["other"]["seed"]
    assert document["size_ratio"] < 1.0
    assert {difference["measure"] for difference in document["differences"]} >= {"return"}
    lines = [line.partition("divergence: ")[2] for line in done.err.splitlines() if line.startswith("round=")]
    first, last = ([float(part.partition("=")[2]) for part in line.split()] for line in (lines[0], lines[-1]))
    assert sum(last) < 0.9 * sum(first)
    for policy in document["policies"]:
        schema = read_schema(Path(f"small/{policy}.schema.json"))
        assert schema.normalizer is not None
        shapes = [tuple(tensor.dims) for tensor in onnx.load(f"small/{policy}.onnx").graph.initializer]
        assert (8, 8) in shapes
        assert Path(f"small/{policy}.weights.npz").is_file()


def test_8_bit_weights_are_judged_by_the_same_episodes(command: Command) -> None:
    done = command("export", "checkpoint_000001", "-o", "models/onnx", "--opset", "13", "--int8", "--episodes", "4")

    assert done.code == 0, done.err
    kinds = {node.op_type for file in Path("models/int8").glob("*.onnx") for node in onnx.load(file).graph.node}
    assert "MatMulInteger" in kinds
    assert "return: " in done.out
    assert " on the same 4 episodes" in done.out
    assert " kB instead of " in done.out


def test_an_evaluation_with_held_actions_stands_beside_one_without(command: Command) -> None:
    assert command("export", "checkpoint_000001", "-o", "models", "--opset", "13").code == 0
    settings = [f"--set=game.{key}={value}" for key, value in RUN["game"].items()]

    done = command("eval", "models", *settings, "--episodes", "4", "--decision-every", "2", "--json")
    refused = command("eval", "random", *settings, "--decision-every", "2")

    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["source"] == "models, every 2"
    assert document["every_decision"]["source"] == "models"
    assert document["every_decision"]["seed"] == document["seed"]
    assert refused.code == 2
    assert "eval random --decision-every: expected a trained policy" in refused.err


def test_the_divergence_is_0_where_both_decide_alike() -> None:
    teacher, other = make_policy(make_layout(MOVE, GRAB)), make_policy(make_layout(MOVE, GRAB))
    other.action_head.bias.data += 0.5
    seen = {Columns.OBS: torch.randn(20, 7)}
    taught, same, different = (m._forward(seen)[Columns.ACTION_DIST_INPUTS] for m in (teacher, teacher, other))

    assert float(divergence(teacher, taught, same)) == pytest.approx(0.0, abs=1e-6)
    assert float(divergence(other, taught, different)) > 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["distill", "checkpoint_000001", "--hiddens", "64,x"], "--hiddens 64,x: expected widths with commas"),
        (["export", "checkpoint_000001", "--int8", "--policy", "walker"], "the comparison plays all policies"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(arguments: list[str], message: str, command: Command) -> None:
    done = command(*arguments)

    assert done.code == 2
    assert message in done.err


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ({1: 0.011, 32: 0.04}, "It does not pay: a decision takes 1.10 times as long for 1, 1.33 times as long for 32"),
        ({1: 0.010, 32: 0.01}, "It pays for 32 agents at once alone: a decision takes 1.00 times as long for 1"),
        ({1: 0.005, 32: 0.02}, ""),
    ],
)
def test_it_is_said_plainly_where_a_smaller_file_is_no_faster(
    times: dict[int, float], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from spacetime_rl.cli.smaller import show_costs

    costs = {"walker": (Cost(4000, {1: 0.010, 32: 0.03}), Cost(1000, times))}
    show_costs(Compared(costs, (Difference("return", 0.0, (0.0, 0.0)),)))

    out = capsys.readouterr().out
    assert (said in out) if said else ("pay" not in out)
