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

from spacetime_rl.config import RunConfig
from spacetime_rl.export.into import what_is_missing

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


def test_folder_policy_number_opset_and_value_can_be_chosen(command: Command, tmp_path: Path) -> None:
    done = command(
        "export", "a-run", "-o", "models", "--policy", "walker", "--checkpoint-number", "0", "--opset", "20", "--value"
    )

    assert done.code == 0, done.err
    assert "checkpoint_000000" in done.out
    assert "models/walker.onnx" in done.out
    schema = json.loads((tmp_path / "models" / "walker.schema.json").read_text())
    assert schema["opset"] == 20
    assert [output["name"] for output in schema["outputs"]] == ["output", "state_outs", "distribution", "value"]


def test_policies_are_put_into_a_game_and_the_agents_that_they_fit_are_named(command: Command, tmp_path: Path) -> None:
    project = tmp_path / "game"
    (project / "policies").mkdir(parents=True)
    (project / "policies" / "walker.onnx").write_text("old")
    (project / "project.godot").write_text("[editor_plugins]\n\nenabled=PackedStringArray()\n")

    done = command("export", "a-run", "--into", "game", "--json")

    assert sorted(path.name for path in (project / "policies").iterdir()) == ["walker.onnx", "walker.schema.json"]
    onnx.checker.check_model(onnx.load(project / "policies" / "walker.onnx"))
    document = json.loads(done.out)
    (policy,) = document["policies"]
    assert (policy["resource"], policy["agents"]) == ("res://policies/walker.onnx", ["walker_0"])
    assert document["missing"].startswith("the project has no addons/spacetime_rl, which")


def test_a_project_that_would_not_import_policies_is_told_of(tmp_path: Path) -> None:
    settings = tmp_path / "project.godot"
    settings.touch()
    without = what_is_missing(tmp_path)
    (tmp_path / "addons" / "spacetime_rl").mkdir(parents=True)
    (tmp_path / "addons" / "spacetime_rl" / "plugin.cfg").touch()
    settings.write_text("[editor_plugins]\n\nenabled=PackedStringArray()\n")
    disabled = what_is_missing(tmp_path)
    settings.write_text('[editor_plugins]\n\nenabled=PackedStringArray("res://addons/spacetime_rl/plugin.cfg")\n')

    assert without.endswith(f"`spacetime-rl godot addon {tmp_path}` puts it there")
    assert disabled.startswith('enable the plugin "SpaceTime RL" in Project > Project Settings > Plugins')
    assert what_is_missing(tmp_path) == ""


def test_an_export_that_is_cut_short_leaves_the_old_policies_whole(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project.godot").touch()
    first = command("export", "a-run", "--into", ".")
    assert "  res://policies/walker.onnx: the policy of the RLAgents walker_0\n" in first.out
    assert first.err.startswith("spacetime-rl: the project has no addons/spacetime_rl")
    old = {path.name: path.read_bytes() for path in (tmp_path / "policies").iterdir()}

    def stop(*_: object) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr("spacetime_rl.export.onnx.measure_parity", stop)
    done = command("export", "a-run", "--into", ".", "--checkpoint-number", "0")

    assert done.code != 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "policies").iterdir()} == old


def test_a_policy_that_a_script_played_is_not_exported(command: Command, tmp_path: Path) -> None:
    policies = {name: make_policy(make_layout(MOVE)) for name in ("hider", "seeker")}
    config = {"scenario": {"name": "touch"}, "policies": {"seeker": {"scripted": True}}}
    folder = tmp_path / "results" / "b-run" / "tune" / "PPO_ab12c_00000" / "checkpoint_000000"
    make_checkpoint(folder, policies, RunConfig.model_validate(config))
    (tmp_path / "results" / "b-run" / "config.yaml").write_text("scenario: {name: vr_interaction}\n")

    done = command("export", "b-run", "--json")
    assert [policy["name"] for policy in json.loads(done.out)["policies"]] == ["hider"]
    done = command("export", "b-run", "--policy", "seeker")
    assert done.code == 2
    assert "a script played 'seeker' (policies.seeker.scripted), and its network has learned nothing" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["b-run"], "'b-run': neither a folder nor the id of a run or trial; the runs in results are a-run"),
        (["a-run", "--policy", "walkr"], "no policy 'walkr'; did you mean 'walker'"),
        (["a-run", "--checkpoint-number", "9"], "no checkpoint 9; there are 0, 1"),
        (["a-run", "--into", "."], "--into .: expected the folder of a Godot project, which has no project.godot"),
        (["a-run", "--into", "game"], "--into game: expected the folder of a Godot project, which is no folder"),
        (["a-run", "--into", ".", "-o", "x"], "--out and --into both name a place for the files"),
        (["a-run", "--opset", "30"], "spacetime-rl: opset 30: expected 9 to "),
        (["a-run", "--opset", "8"], "expected at least 9, found 8"),
        (["a-run", "--ir-version", "7"], "IR version 7: expected 8 to "),
        (["a-run", "--opset", "13", "--ir-version", "99"], "IR version 99: expected 7 to "),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(arguments: list[str], message: str, command: Command) -> None:
    done = command("export", *arguments)

    assert done.code == 2
    assert message in done.err
    assert done.out == ""


@pytest.mark.parametrize(("opset", "ir"), [(13, 9), (23, None)])
def test_opset_and_ir_version_are_those_that_were_asked_for(
    opset: int, ir: int | None, command: Command, tmp_path: Path
) -> None:
    asked = ["--ir-version", str(ir)] if ir else []
    done = command("export", "a-run", "-o", "models", "--opset", str(opset), *asked)

    assert done.code == 0, done.err
    model = onnx.load(tmp_path / "models" / "walker.onnx")
    assert model.opset_import[0].version == opset
    assert model.ir_version == (ir or 11)  # the first with opset 23
    (output, *_) = model.graph.output
    assert output.type.tensor_type.shape.dim[1].dim_value == 2  # the stock plugin reads it


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
