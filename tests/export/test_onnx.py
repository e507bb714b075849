"""Exported policies: what they compute, under which names, and what stands beside them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from ray.rllib.core.columns import Columns
from support.made_policies import (
    CAMERA,
    FIELDS,
    GRAB,
    JUMP,
    LSTM,
    MASKED_FIELDS,
    MOVE,
    OTHERS,
    TURN,
    make_checkpoint,
    make_layout,
    make_policy,
)

from spacetime_rl.errors import CheckpointError, ExportError, UsageError
from spacetime_rl.export.onnx import ExportedPolicy, export_checkpoint, export_module
from spacetime_rl.export.schema import Origin, PolicySchema, read_schema
from spacetime_rl.export.versions import Versions
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.policy import PolicyModule
from spacetime_rl.modules.q_values import QModule

ORIGIN = Origin("touch", 90, 8, {"players": 2})
KINDS = {
    "continuous": (make_layout(MOVE, TURN), {}, 3),
    "discrete": (make_layout(GRAB), {}, 3),
    "multi-discrete": (make_layout(GRAB, JUMP), {}, 5),
    "mixed": (make_layout(MOVE, GRAB, TURN), {}, 9),
    "lstm": (make_layout(MOVE, JUMP), {"lstm": LSTM}, 6),
    "camera": (make_layout(MOVE, images=[CAMERA]), {"activation": "relu"}, 2),
    "only a camera, with lstm": (make_layout(JUMP, images=[CAMERA], fields=()), {"lstm": LSTM}, 2),
    "sac": (make_layout(MOVE, TURN), {"algorithm": "SAC"}, 3),
    "dqn": (make_layout(GRAB), {"algorithm": "DQN"}, 3),
    "not normalised": (make_layout(MOVE), {"normalize_observations": False, "activation": "elu"}, 2),
    "on a logarithmic scale, too": (make_layout(MOVE, GRAB), {"symlog": 1000.0}, 7),
    "entities, attention": (make_layout(MOVE, fields=(OTHERS, *FIELDS)), {"entities": "attention", "symlog": 9.0}, 2),
    "entities, pool": (make_layout(GRAB, fields=(OTHERS,)), {"entities": "pool", "activation": "silu"}, 3),
    "masked": (make_layout(MOVE, GRAB, TURN, JUMP, fields=MASKED_FIELDS), {}, 11),
    "masked, lstm, not normalised": (
        make_layout(JUMP, GRAB, fields=MASKED_FIELDS),
        {"lstm": LSTM, "normalize_observations": False},
        5,
    ),
    "sac on a logarithmic scale": (make_layout(MOVE), {"algorithm": "SAC", "symlog": 1000.0}, 2),
}


def shapes(path: Path) -> dict[str, Any]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return {tensor.name: tensor.shape for tensor in [*session.get_inputs(), *session.get_outputs()]}


def inputs_of(path: Path) -> dict[str, Any]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return {tensor.name: tensor.shape for tensor in session.get_inputs()}


def run(exported: ExportedPolicy, **inputs: Any) -> dict[str, Any]:
    session = onnxruntime.InferenceSession(exported.onnx, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    arrays = {name: np.asarray(value, np.float32) for name, value in inputs.items()}
    return dict(zip(names, session.run(names, arrays), strict=True))


@pytest.mark.parametrize(("layout", "model", "width"), KINDS.values(), ids=KINDS.keys())
def test_every_kind_of_policy_is_exported_with_parity_and_the_stock_names(
    layout: PolicyLayout, model: dict[str, Any], width: int, tmp_path: Path
) -> None:
    exported = export_module(make_policy(layout, **model), "walker", tmp_path, ORIGIN)

    state = ["batch", 2 * LSTM.cell_size] if "lstm" in model else ["batch"]
    expected = {
        "obs": ["batch", layout.vector_dim],
        "state_ins": state,
        "output": ["batch", width],
        "state_outs": state,
    }
    if layout.images:
        expected["camera"] = ["batch", 22 * 24 * 3]
    if not layout.fields:
        del expected["obs"]
    found = shapes(exported.onnx)
    del found["distribution"]
    assert found == expected
    assert exported.parity <= 1e-5
    assert exported.onnx.name == "walker.onnx"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["walker.onnx", "walker.schema.json"]


def test_continuous_output_is_the_clipped_mean_of_the_raw_observation(tmp_path: Path) -> None:
    module = make_policy(make_layout(MOVE, TURN))
    obs = torch.randn(50, 7) * 5.0

    output = run(export_module(module, "walker", tmp_path, ORIGIN), obs=obs, state_ins=np.ones(50))

    inputs = module.forward_inference({Columns.OBS: obs})[Columns.ACTION_DIST_INPUTS]
    means = module.get_inference_action_dist_cls().from_logits(inputs).mean
    assert means.abs().max() > 1.0
    np.testing.assert_allclose(output["output"], means.clamp(-1.0, 1.0), atol=1e-5)
    np.testing.assert_array_equal(output["state_outs"], np.ones(50))


def test_the_output_of_a_squashed_policy_is_the_tanh_of_its_means(tmp_path: Path) -> None:
    module = make_policy(make_layout(MOVE, TURN), "SAC")
    obs = torch.randn(50, 7)
    exported = export_module(module, "walker", tmp_path, ORIGIN)

    output = run(exported, obs=obs, state_ins=np.ones(50))

    inputs = module.forward_inference({Columns.OBS: obs})[Columns.ACTION_DIST_INPUTS]
    means = module.get_inference_action_dist_cls().from_logits(inputs).mean
    np.testing.assert_allclose(output["output"], means.tanh(), atol=1e-5)
    np.testing.assert_allclose(output["distribution"], inputs, atol=1e-5, rtol=1e-5)
    assert read_schema(exported.schema).squashed


@pytest.mark.parametrize(("layout", "model", "width"), KINDS.values(), ids=KINDS.keys())
def test_a_file_also_computes_the_value_where_it_is_asked_for(
    layout: PolicyLayout, model: dict[str, Any], width: int, tmp_path: Path
) -> None:
    module = make_policy(layout, **model)
    exported = export_module(module, "walker", tmp_path, ORIGIN, with_value=True)

    rng = np.random.default_rng(1)
    given = {name: rng.normal(size=[5, *shape[1:]]) for name, shape in inputs_of(exported.onnx).items()}
    if "state_ins" in given and "lstm" not in model:
        given["state_ins"] = np.zeros(5)
    output = run(exported, **given)

    seen = [given[name] / scale for name, scale in (("obs", 1.0), ("camera", 255.0)) if name in given]
    batch: dict[str, Any] = {Columns.OBS: torch.tensor(np.concatenate(seen, -1), dtype=torch.float32)}
    if "lstm" in model:
        h, c = torch.tensor(given["state_ins"], dtype=torch.float32).chunk(2, -1)
        batch[Columns.STATE_IN] = {"h": h, "c": c}
    np.testing.assert_allclose(output["value"][:, 0], expected_value(module, batch), atol=1e-5, rtol=1e-5)
    assert len(set(output["value"][:, 0])) == 5
    assert output["output"].shape[1] == width
    assert exported.parity <= 1e-5
    schema = read_schema(exported.schema)
    assert schema.with_value
    assert PolicySchema.from_dict(schema.to_dict()) == schema


@torch.no_grad()
def expected_value(module: ActingModule, batch: dict[str, Any]) -> Any:
    """As training computes it."""
    if isinstance(module, PolicyModule):
        return module.compute_values(batch)
    inputs = module.forward_inference(batch)[Columns.ACTION_DIST_INPUTS]
    if isinstance(module, QModule):
        return inputs.max(-1).values
    action = module.get_inference_action_dist_cls().from_logits(inputs).mean.tanh()
    return torch.minimum(*module.critics(module.prepare(batch[Columns.OBS]), action))


def test_the_stock_nodes_search_for_the_largest_logit_from_zero_up_finds_the_mode(tmp_path: Path) -> None:
    module = make_policy(make_layout(GRAB))
    module.action_head.bias.data -= 50.0  # all logits far below zero
    obs = torch.randn(50, 7)

    output = run(export_module(module, "walker", tmp_path, ORIGIN), obs=obs, state_ins=np.ones(50))["output"]

    inputs = module.forward_inference({Columns.OBS: obs})[Columns.ACTION_DIST_INPUTS]
    assert (output >= 0.0).all()
    np.testing.assert_array_equal(output.argmax(-1), inputs.argmax(-1))


def test_a_file_masks_by_itself_for_those_who_read_the_distribution_and_for_stock_nodes(tmp_path: Path) -> None:
    exported = export_module(make_policy(make_layout(GRAB, MOVE, JUMP, fields=MASKED_FIELDS)), "p", tmp_path, ORIGIN)
    masks = [(1, 1, 1, 1, 1), (0, 1, 1, 1, 0), (0, 0, 1, 0, 1), (0, 1, 0, 0, 1), (1, 0, 1, 1, 1)] * 40
    observations = np.random.default_rng(0).normal(0.0, 3.0, (len(masks), 12))
    observations[:, :3], observations[:, 10:] = np.array(masks)[:, :3], np.array(masks)[:, 3:]

    found = run(exported, obs=observations, state_ins=np.zeros(len(masks)))

    allowed = np.array(masks, np.bool_)
    for name in ("distribution", "output"):
        logits = np.concatenate([found[name][:, :3], found[name][:, 7:]], 1)
        np.testing.assert_array_equal(logits == (0.0 if name == "output" else np.float32(-1e9)), ~allowed)
        for part, own in ((logits[:, :3], allowed[:, :3]), (logits[:, 3:], allowed[:, 3:])):
            assert own[np.arange(len(masks)), part.argmax(1)].all()
    np.testing.assert_array_equal(found["output"][:, :3].argmax(1), found["distribution"][:, :3].argmax(1))
    meanings = [
        {part["action"]: part["meaning"] for part in output["parts"]}
        for output in json.loads(exported.schema.read_text())["outputs"]
        if output["name"] != "state_outs"
    ]
    assert meanings[0]["grab"] == "logits, 0 for masked choices: the choice is the index of the largest"
    assert meanings[1]["jump"] == "logits, -1e+09 for masked choices"
    assert read_schema(exported.schema).layout.fields == MASKED_FIELDS


def test_state_travels_through_the_file_as_through_the_network(tmp_path: Path) -> None:
    module = make_policy(make_layout(MOVE), lstm=LSTM)
    exported = export_module(module, "walker", tmp_path, ORIGIN)
    obs = torch.randn(3, 6, 7)
    zeros = {key: torch.zeros(3, LSTM.cell_size) for key in "hc"}
    sequence = module.forward_inference({Columns.OBS: obs, Columns.STATE_IN: zeros})[Columns.ACTION_DIST_INPUTS]

    state = np.zeros((3, 2 * LSTM.cell_size))
    for t in range(6):
        output = run(exported, obs=obs[:, t], state_ins=state)
        state = output["state_outs"]

    np.testing.assert_allclose(output["distribution"], sequence[:, -1], atol=1e-5)


def test_a_policy_of_a_stock_game_has_one_input_per_observation_key(tmp_path: Path) -> None:
    module = make_policy(make_layout(MOVE))
    obs = np.random.default_rng(0).normal(size=(4, 7))

    exported = export_module(module, "walker", tmp_path, replace(ORIGIN, wire="stock/0.7"))

    assert {name: shape for name, shape in shapes(exported.onnx).items() if name in ("pose", "rays", "obs")} == {
        "pose": ["batch", 4],
        "rays": ["batch", 3],
    }
    output = run(exported, pose=obs[:, :4], rays=obs[:, 4:], state_ins=np.ones(4))
    expected = module.forward_inference({Columns.OBS: torch.from_numpy(obs).float()})[Columns.ACTION_DIST_INPUTS]
    np.testing.assert_allclose(output["distribution"], expected, atol=1e-5)
    inputs = json.loads(exported.schema.read_text())["inputs"]
    assert [(entry["name"], entry["fields"][0]["end"]) for entry in inputs[:2]] == [("pose", 4), ("rays", 3)]


def test_images_are_bytes_in_and_scaled_inside(tmp_path: Path) -> None:
    module = make_policy(make_layout(JUMP, images=[CAMERA]))
    pixels = np.random.default_rng(0).integers(0, 256, (2, 22 * 24 * 3))
    obs = np.random.default_rng(1).normal(size=(2, 7))

    output = run(export_module(module, "walker", tmp_path, ORIGIN), obs=obs, camera=pixels, state_ins=np.zeros(2))

    flat = torch.from_numpy(np.concatenate([obs, pixels / 255.0], -1)).float()
    expected = module.forward_inference({Columns.OBS: flat})[Columns.ACTION_DIST_INPUTS]
    np.testing.assert_allclose(output["distribution"], expected, atol=1e-5)


def test_the_file_stands_alone_and_tells_nothing_of_this_machine(tmp_path: Path) -> None:
    exported = export_module(make_policy(make_layout(MOVE, GRAB)), "walker", tmp_path, ORIGIN)

    content = exported.onnx.read_bytes()
    model = onnx.load(exported.onnx, load_external_data=False)
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    assert model.opset_import[0].version == 18
    assert b".py" not in content
    assert b"site-packages" not in content


def test_the_schema_says_what_every_number_means(tmp_path: Path) -> None:
    module = make_policy(make_layout(MOVE, GRAB, images=[CAMERA]))

    exported = export_module(module, "walker", tmp_path, ORIGIN)

    document = json.loads(exported.schema.read_text())
    inputs = {entry["name"]: entry for entry in document["inputs"]}
    outputs = {entry["name"]: entry for entry in document["outputs"]}
    assert document["format"] == 1
    assert inputs["obs"]["fields"] == [
        {"name": "pose", "begin": 0, "end": 4, "unit": "m"},
        {"name": "rays", "begin": 4, "end": 7, "unit": ""},
    ]
    assert inputs["camera"]["image"] == [22, 24, 3]
    assert [(part["action"], part["begin"], part["end"]) for part in outputs["output"]["parts"]] == [
        ("move", 0, 2),
        ("move", 2, 4),
        ("grab", 4, 7),
    ]
    np.testing.assert_allclose(document["normalizer"]["mean"], module.normalizer.mean, rtol=1e-6)
    assert document["parity"] == exported.parity
    assert {name: entry["shape"] for name, entry in (inputs | outputs).items()} == shapes(exported.onnx)
    schema = read_schema(exported.schema)
    assert schema.layout == module.layout
    assert schema.origin == ORIGIN


def test_a_file_that_computes_something_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def save_with_a_wrong_weight(model: onnx.ModelProto, path: Path) -> None:
        weight = next(tensor for tensor in model.graph.initializer if len(tensor.dims) == 2)
        weight.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(weight) * 1.001, weight.name))
        path.write_bytes(model.SerializeToString())

    monkeypatch.setattr("spacetime_rl.export.onnx.onnx.save", save_with_a_wrong_weight)
    checkpoint = make_checkpoint(tmp_path / "checkpoint_000001", {"walker": make_policy(make_layout(MOVE))})
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "walker.onnx").write_text("the good one from before")

    with pytest.raises(ExportError, match=r"'walker': the exported file differs from the network by \d"):
        export_checkpoint(checkpoint, tmp_path / "onnx")

    assert [path.read_text() for path in (tmp_path / "onnx").iterdir()] == ["the good one from before"]


def test_nan_weights_are_refused(tmp_path: Path) -> None:
    module: PolicyModule = make_policy(make_layout(MOVE))
    module.action_head.bias.data[0] = float("nan")

    with pytest.raises(ExportError, match="differs from the network by nan"):
        export_module(module, "walker", tmp_path, ORIGIN)


def test_another_opset_can_be_chosen_and_an_impossible_one_is_an_error(tmp_path: Path) -> None:
    exported = export_module(make_policy(make_layout(MOVE)), "walker", tmp_path, ORIGIN, Versions(20))

    assert onnx.load(exported.onnx).opset_import[0].version == 20
    with pytest.raises(ExportError, match="opset 99"):
        export_module(make_policy(make_layout(MOVE)), "walker", tmp_path, ORIGIN, Versions(99))


def test_a_checkpoint_is_exported_policy_by_policy_without_a_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    policies = {"giver": make_policy(make_layout(MOVE)), "taker": make_policy(make_layout(GRAB), lstm=LSTM)}
    checkpoint = make_checkpoint(tmp_path / "checkpoint_000007", policies)
    capfd.readouterr()

    exported = export_checkpoint(checkpoint, tmp_path / "onnx")

    assert [(policy.name, policy.onnx.name) for policy in exported] == [
        ("giver", "giver.onnx"),
        ("taker", "taker.onnx"),
    ]
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert read_schema(exported[1].schema).origin.checkpoint == "checkpoint_000007"
    assert read_schema(exported[1].schema).state_size == 16


def test_one_policy_can_be_chosen_and_a_mistyped_one_is_named(tmp_path: Path) -> None:
    policies = {"giver": make_policy(make_layout(MOVE)), "taker": make_policy(make_layout(GRAB))}
    checkpoint = make_checkpoint(tmp_path / "checkpoint_000007", policies)

    exported = export_checkpoint(checkpoint, tmp_path / "onnx", policies=["taker"])

    assert [policy.name for policy in exported] == ["taker"]
    with pytest.raises(UsageError, match="no policy 'takr'; did you mean 'taker'"):
        export_checkpoint(checkpoint, tmp_path / "onnx", policies=["takr"])


def test_a_checkpoint_of_another_format_says_which_version_wrote_it(tmp_path: Path) -> None:
    checkpoint = make_checkpoint(tmp_path / "checkpoint_000007", {"giver": make_policy(make_layout(MOVE))})
    manifest = json.loads((checkpoint / "spacetime.json").read_text())
    manifest |= {"format": 2, "versions": {"spacetime_rl": "9.0"}}
    (checkpoint / "spacetime.json").write_text(json.dumps(manifest))

    with pytest.raises(CheckpointError, match=r"format 2, written with spacetime_rl 9\.0; .* reads format 1"):
        export_checkpoint(checkpoint, tmp_path / "onnx")


def test_weights_that_cannot_be_read_name_the_versions(tmp_path: Path) -> None:
    checkpoint = make_checkpoint(tmp_path / "checkpoint_000007", {"giver": make_policy(make_layout(MOVE))})
    (checkpoint / "learner_group/learner/rl_module/giver/module_state.pkl").write_bytes(b"cut off")

    with pytest.raises(CheckpointError, match=r"'giver' cannot be read .* written with spacetime_rl 0\.1\.0"):
        export_checkpoint(checkpoint, tmp_path / "onnx")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    checkpoint = make_checkpoint(tmp_path / "checkpoint_000007", {"giver": make_policy(make_layout(MOVE))})
    (tmp_path / "file").write_text("")

    with pytest.raises(ExportError, match=r"file/onnx: cannot be written: Not a directory"):
        export_checkpoint(checkpoint, tmp_path / "file" / "onnx")
