"""The forward pass in numpy beside torch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from modules.test_policy import CAMERA, LAYOUT, LSTM, make

from spacetime_rl.game.spec import ActionField, PolicyLayout
from spacetime_rl.modules.numpy_forward import NumpyForward
from spacetime_rl.modules.recurrent_forward import RecurrentForward

DISCRETE = PolicyLayout(LAYOUT.fields, (), (ActionField("grab", "discrete", 3),))
CONTINUOUS = PolicyLayout(LAYOUT.fields, (), (ActionField("move", "continuous", 2),))


def both(module: Any, observations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    fast = NumpyForward.of(module)
    assert fast is not None
    with torch.inference_mode():
        slow = module._forward({"obs": torch.from_numpy(observations)})["action_dist_inputs"].numpy()
    return fast(observations), slow


@pytest.mark.parametrize("layout", [LAYOUT, DISCRETE, CONTINUOUS], ids=["mixed", "discrete", "continuous"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "elu", "silu"])
@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("symlog", [None, 1000.0])
def test_it_agrees_with_torch(layout: PolicyLayout, activation: str, normalize: bool, symlog: float | None) -> None:
    module = make(layout, activation=activation, normalize_observations=normalize, symlog=symlog)
    rng = np.random.default_rng(0)
    observations = rng.normal(size=(9, layout.obs_dim), scale=3.0).astype(np.float32)
    module.update_normalizer(torch.from_numpy(rng.normal(1.0, 2.0, (50, layout.obs_dim)).astype(np.float32)))
    with torch.no_grad():
        module.action_head.weight.mul_(50.0)
    fast, slow = both(module, observations)
    assert fast.dtype == np.float32
    np.testing.assert_allclose(fast, slow, rtol=1e-5, atol=1e-5)


def test_it_follows_the_weights() -> None:
    module, other = make(), make(initial_log_std=0.3)
    fast = NumpyForward.of(module)
    assert fast is not None
    other.update_normalizer(torch.rand(20, 12))
    weight = other.trunk.hiddens[0].weight
    assert isinstance(weight, torch.Tensor)
    with torch.no_grad():
        weight.add_(0.1)
    observations = np.random.default_rng(1).normal(size=(4, 12)).astype(np.float32)
    before = fast(observations)
    module.set_state(other.get_state())
    after, expected = fast(observations), both(other, observations)[1]
    assert not np.allclose(before, after, atol=1e-2)
    np.testing.assert_allclose(after, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("layout", "model"), [(CAMERA, {}), (LAYOUT, {"lstm": LSTM})], ids=["images", "memory"])
def test_what_it_cannot_do_is_left_to_torch(layout: PolicyLayout, model: dict[str, Any]) -> None:
    assert NumpyForward.of(make(layout, **model)) is None


def test_stacked_networks_each_compute_their_own() -> None:
    modules = [make(initial_log_std=0.1 * index) for index in range(3)]
    for index, module in enumerate(modules):
        module.update_normalizer(torch.rand(20, 12) + index)
    fast = [NumpyForward.of(module) for module in modules]
    observations = np.random.default_rng(2).normal(size=(3, 4, 12)).astype(np.float32)
    together = NumpyForward.stacked([each for each in fast if each is not None])(observations)
    for module, own, seen in zip(modules, together, observations, strict=True):
        np.testing.assert_allclose(own, both(module, seen)[1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("symlog", [None, 1000.0])
def test_memory_is_computed_by_a_forward_pass_of_its_own(symlog: float | None) -> None:
    modules = [make(lstm=LSTM, symlog=symlog) for _ in range(3)]
    for index, module in enumerate(modules):
        module.update_normalizer(torch.rand(20, 12) + index)
    fast = [each for module in modules if (each := RecurrentForward.of(module)) is not None]
    rng = np.random.default_rng(2)
    observations = rng.normal(size=(3, 4, 12)).astype(np.float32)
    cell = modules[0].get_initial_state()["h"].shape[0]
    state = {key: rng.normal(size=(3, 4, cell)).astype(np.float32) for key in ("h", "c")}
    together, after = RecurrentForward.stacked(fast).decide(observations, state)
    for index, module in enumerate(modules):
        given = {key: torch.from_numpy(value[index]) for key, value in state.items()}
        with torch.inference_mode():
            expected = module._forward({"obs": torch.from_numpy(observations[index]), "state_in": given})
        alone, after_alone = fast[index].decide(
            observations[index], {key: value[index] for key, value in state.items()}
        )
        for inputs, states in (
            (together[index], {key: value[index] for key, value in after.items()}),
            (alone, after_alone),
        ):
            np.testing.assert_allclose(inputs, expected["action_dist_inputs"], rtol=1e-5, atol=1e-5)
            for key in ("h", "c"):
                np.testing.assert_allclose(states[key], expected["state_out"][key], rtol=1e-5, atol=1e-5)
