"""`spacetime-rl export` as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import onnx
import onnxruntime
import pytest
from support.command import Done, run_command
from support.made_policies import MOVE, make_checkpoint, make_layout, make_policy

Command = Callable[..., Done]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command in a folder whose results hold the run `a-run` with two checkpoints."""
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "results" / "a-run"
    for number in (0, 1):
        folder = run / "tune" / "PPO_ab12c_00000" / f"checkpoint_00000{number}"
        make_checkpoint(folder, {"walker": make_policy(make_layout(MOVE))})
    (run / "config.yaml").write_text("scenario: {name: vr_interaction}\n")
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)


def test_a_run_is_exported_from_its_latest_checkpoint_into_its_own_folder(command: Command, tmp_path: Path) -> None:
    done = command("export", "a-run", "--json")

    document = json.loads(done.out)
    assert done.code == 0
    assert document["checkpoint"].endswith("checkpoint_000001")
    (policy,) = document["policies"]
    assert policy["name"] == "walker"
    assert policy["parity"] <= 1e-5
    assert Path(policy["onnx"]) == tmp_path / "results" / "a-run" / "onnx" / "walker.onnx"
    assert Path(policy["onnx"]).is_file()
    assert Path(policy["schema"]).is_file()


def test_folder_policy_number_and_opset_can_be_chosen(command: Command, tmp_path: Path) -> None:
    done = command("export", "a-run", "-o", "models", "--policy", "walker", "--checkpoint-number", "0", "--opset", "20")

    assert done.code == 0, done.err
    assert "checkpoint_000000" in done.out
    assert "models/walker.onnx" in done.out
    assert json.loads((tmp_path / "models" / "walker.schema.json").read_text())["opset"] == 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["b-run"], "'b-run': neither a folder nor the id of a run or trial; the runs in results are a-run"),
        (["a-run", "--policy", "walkr"], "no policy 'walkr'; did you mean 'walker'"),
        (["a-run", "--checkpoint-number", "9"], "no checkpoint 9; there are 0, 1"),
        (["a-run", "--opset", "30"], "spacetime-rl: opset 30: expected 18 to "),
        (["a-run", "--opset", "17"], "expected at least 18, found 17"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(arguments: list[str], message: str, command: Command) -> None:
    done = command("export", *arguments)

    assert done.code == 2
    assert message in done.err
    assert done.out == ""


def test_an_opset_that_onnxruntime_cannot_run_is_one_sentence(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_as_opset_99(_: object, path: Path) -> float:  # which opsets it runs depends on onnxruntime's version
        model = onnx.load(path)
        model.opset_import[0].version = 99
        onnxruntime.InferenceSession(model.SerializeToString())
        return 0.0

    monkeypatch.setattr("spacetime_rl.export.onnx.measure_parity", run_as_opset_99)
    done = command("export", "a-run", "--opset", "19")

    assert done.code == 3
    assert done.err.startswith("spacetime-rl: policy 'walker': onnxruntime ")
    assert "; use a lower --opset, such as 18: " in done.err
    assert len(done.err.splitlines()) == 1
