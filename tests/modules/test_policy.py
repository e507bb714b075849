"""The policy module: shapes, state, what is shared, what travels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns

from spacetime_rl.config.policy import LstmConfig, ModelConfig
from spacetime_rl.errors import ConfigError
from spacetime_rl.game.spec import ActionField, ImageField, ObservationField, PolicyLayout
from spacetime_rl.modules.policy import PolicyModule
from spacetime_rl.modules.spec import make_module_spec

FIELDS = (ObservationField("pose", 7, "m"), ObservationField("rays", 5))
MIXED = (
    ActionField("move", "continuous", 2),
    ActionField("grab", "discrete", 3),
    ActionField("turn", "continuous", 1),
)
LAYOUT = PolicyLayout(FIELDS, (), MIXED)
CAMERA = PolicyLayout(FIELDS, (ImageField("camera", (20, 24, 3)),), MIXED)
LSTM = LstmConfig(cell_size=16, max_seq_len=4)


def make(layout: PolicyLayout = LAYOUT, inference_only: bool = False, **model: Any) -> PolicyModule:
    torch.manual_seed(0)
    module = make_module_spec(
        layout, ModelConfig(**{"hiddens": (32, 32), **model}), inference_only=inference_only
    ).build()
    assert isinstance(module, PolicyModule)
    return module


def zero_state(n: int) -> dict[str, torch.Tensor]:
    return {key: torch.zeros(n, LSTM.cell_size) for key in ("h", "c")}


@pytest.mark.parametrize("layout", [LAYOUT, CAMERA], ids=["vector", "camera"])
@pytest.mark.parametrize(
    "model",
    [{}, {"share_trunk": True}, {"symlog": 100.0}, {"lstm": LSTM}, {"lstm": LSTM, "share_trunk": True, "symlog": 9.0}],
)
def test_training_gives_inputs_and_values_for_every_decision(layout: PolicyLayout, model: dict[str, Any]) -> None:
    module = make(layout, **model)
    lead = (6, 4) if "lstm" in model else (6,)
    batch = {Columns.OBS: torch.rand(*lead, layout.obs_dim), Columns.STATE_IN: zero_state(6)}

    output = module.forward_train(batch)
    values = module.compute_values(batch, embeddings=output[Columns.EMBEDDINGS])

    assert output[Columns.ACTION_DIST_INPUTS].shape == (*lead, 9)
    assert values.shape == lead
    torch.testing.assert_close(values, module.compute_values(batch))


def test_a_new_policy_acts_near_the_middle_with_the_exploration_asked_for() -> None:
    module = make(initial_log_std=-1.0)

    inputs = module.forward_exploration({Columns.OBS: torch.randn(50, 12)})[Columns.ACTION_DIST_INPUTS]

    dist = module.get_exploration_action_dist_cls().from_logits(inputs)
    assert dist.mean.abs().max() < 0.1
    assert (dist.log_std == -1.0).all()
    assert inputs[:, 4:7].abs().max() < 0.1  # the logits of `grab`


def test_the_log_std_is_clamped() -> None:
    inputs = make(initial_log_std=-10.0).forward_exploration({Columns.OBS: torch.zeros(1, 12)})
    assert inputs[Columns.ACTION_DIST_INPUTS][0, 2] == -5.0


def test_recurrent_single_steps_equal_the_sequence() -> None:
    module = make(lstm=LSTM)
    obs = torch.randn(3, 5, 12)
    state = zero_state(3)
    sequence = module.forward_inference({Columns.OBS: obs, Columns.STATE_IN: state})

    steps = []
    for t in range(5):
        output = module.forward_inference({Columns.OBS: obs[:, t], Columns.STATE_IN: state})
        state = output[Columns.STATE_OUT]
        steps.append(output[Columns.ACTION_DIST_INPUTS])

    torch.testing.assert_close(torch.stack(steps, 1), sequence[Columns.ACTION_DIST_INPUTS])
    torch.testing.assert_close(state, sequence[Columns.STATE_OUT])


def test_a_recurrent_policy_without_state_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="needs STATE_IN"):
        make(lstm=LSTM).forward_inference({Columns.OBS: torch.zeros(1, 12)})


def test_rllib_sees_a_stateful_module_and_its_sequence_length() -> None:
    module = make(lstm=LSTM)

    assert module.is_stateful()
    assert not make().is_stateful()
    assert module.model_config["max_seq_len"] == 4
    assert {key: value.shape for key, value in module.get_initial_state().items()} == {"h": (16,), "c": (16,)}


@pytest.mark.parametrize("model", [{}, {"lstm": LSTM}])
def test_the_value_loss_never_reaches_the_policy_unless_the_trunk_is_shared(model: dict[str, Any]) -> None:
    batch = {Columns.OBS: torch.randn(6, 12), Columns.STATE_IN: zero_state(6)}

    def touched(module: PolicyModule) -> set[str]:
        module.compute_values(batch).sum().backward()  # type: ignore[no-untyped-call]
        return {name.split(".")[0] for name, p in module.named_parameters() if p.grad is not None}

    assert touched(make(**model)) == {"value_trunk", "value_head"}
    assert "trunk" in touched(make(share_trunk=True, **model))


@pytest.mark.parametrize("model", [{}, {"share_trunk": True}, {"lstm": LSTM}])
def test_an_inference_only_copy_acts_alike_without_the_value_function(model: dict[str, Any]) -> None:
    learner, runner = make(**model), make(inference_only=True, **model)
    learner.normalizer.update(torch.randn(100, 12) * 3.0 + 1.0)  # type: ignore[union-attr]
    for parameter in learner.parameters():
        parameter.data += 0.05
    batch = {Columns.OBS: torch.randn(6, 12), Columns.STATE_IN: zero_state(6)}

    runner.set_state(learner.get_state(inference_only=True))

    assert not hasattr(runner, "value_head")
    assert not any(key.startswith("value") for key in learner.get_state(inference_only=True))
    torch.testing.assert_close(
        runner.forward_exploration(batch)[Columns.ACTION_DIST_INPUTS],
        learner.forward_exploration(batch)[Columns.ACTION_DIST_INPUTS],
    )


def test_only_unmasked_observation_vectors_reach_the_normaliser() -> None:
    module = make(CAMERA)
    obs = torch.rand(2, 3, CAMERA.obs_dim)
    mask = torch.tensor([[True, True, False], [True, False, False]])

    module.update_normalizer(obs, mask)

    seen = torch.cat([obs[0, :2], obs[1, :1]])[:, :12]
    torch.testing.assert_close(module.normalizer.mean, seen.mean(0))  # type: ignore[union-attr]
    assert module.normalizer.count == 3  # type: ignore[union-attr]


def test_normalisation_can_be_switched_off() -> None:
    module = make(normalize_observations=False)

    module.update_normalizer(torch.randn(10, 12))

    assert module.normalizer is None


def test_a_module_comes_back_from_a_checkpoint_of_its_own(tmp_path: Any) -> None:
    module = make(CAMERA, lstm=LSTM)
    module.update_normalizer(torch.rand(50, CAMERA.obs_dim))
    module.save_to_path(tmp_path / "module")

    again = PolicyModule.from_checkpoint(tmp_path / "module")

    for key, value in module.get_state().items():
        np.testing.assert_array_equal(again.get_state()[key], value)


def test_an_image_too_small_for_the_filters_is_a_configuration_error() -> None:
    layout = PolicyLayout((), (ImageField("camera", (6, 6, 3)),), MIXED)

    with pytest.raises(ConfigError, match=r"model\.cnn\.filters: the image 'camera' of 6x6 pixels is down to 2x2"):
        make(layout)
