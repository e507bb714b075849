"""A policy that grows: it acts and judges as the smaller one did until it learns more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from ray.rllib.core.columns import Columns

from spacetime_rl.config.policy import LstmConfig, ModelConfig
from spacetime_rl.game.spec import ActionField, ImageField, ObservationField, PolicyLayout
from spacetime_rl.modules.growing import can_grow, fits_into, grow
from spacetime_rl.modules.policy import PolicyModule
from spacetime_rl.modules.spec import make_module_spec

POSE, RAYS, OTHERS = ObservationField("pose", 7), ObservationField("rays", 5), ObservationField("others", 4)
MOVES = (ActionField("move", "continuous", 2), ActionField("grab", "discrete", 3))
SMALL = PolicyLayout((POSE, RAYS), (), MOVES)
LARGE = PolicyLayout((OTHERS, RAYS, POSE), (), MOVES)
CAMERA = (ImageField("camera", (20, 24, 3)),)
LSTM = LstmConfig(cell_size=16, max_seq_len=4)


def make(layout: PolicyLayout, **model: Any) -> PolicyModule:
    module = make_module_spec(layout, ModelConfig(**model)).build()
    assert isinstance(module, PolicyModule)
    with torch.no_grad():
        for weights in module.parameters():
            weights.add_(torch.rand_like(weights) * 0.1)
    module.update_normalizer(torch.rand(1000, layout.obs_dim))
    return module


def answers(module: PolicyModule, obs: torch.Tensor) -> list[torch.Tensor]:
    state = {key: torch.zeros(len(obs), LSTM.cell_size) for key in ("h", "c")}
    batch = {Columns.OBS: obs, Columns.STATE_IN: state}
    return [module.forward_train(batch)[Columns.ACTION_DIST_INPUTS], module.compute_values(batch)]


@pytest.mark.parametrize("images", [(), CAMERA], ids=["vector", "camera"])
@pytest.mark.parametrize("model", [{}, {"symlog": 10.0}, {"share_trunk": True}, {"lstm": LSTM}])
def test_a_larger_policy_says_the_same_whatever_is_new(images: tuple[ImageField, ...], model: dict[str, Any]) -> None:
    small = make(PolicyLayout(SMALL.fields, images, MOVES), hiddens=(8, 6), **model)
    large = make(PolicyLayout(LARGE.fields, images, MOVES), hiddens=(12, 6), **model)
    lead = (6, 4) if "lstm" in model else (6,)
    pose, rays, others = (torch.rand(*lead, field.size) for field in (POSE, RAYS, OTHERS))
    pixels = torch.rand(*lead, small.layout.obs_dim - small.layout.vector_dim)

    grow(small, large)

    expected = answers(small, torch.cat([pose, rays, pixels], -1))
    for new in (others, 100.0 * others):
        for one, other in zip(answers(large, torch.cat([new, rays, pose, pixels], -1)), expected, strict=True):
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("kind", ["attention", "pool", "flat"])
@pytest.mark.parametrize("model", [{}, {"symlog": 10.0}, {"lstm": LSTM}])
def test_what_is_new_may_stand_before_a_list_of_entities(kind: str, model: dict[str, Any]) -> None:
    crowd = ObservationField("crowd", 3 * 4, "", "entities", ("present", "x", "y", "speed"))
    small = make(PolicyLayout((POSE, crowd, RAYS), (), MOVES), hiddens=(8, 6), entities=kind, **model)
    large = make(PolicyLayout((OTHERS, RAYS, crowd, POSE), (), MOVES), hiddens=(12, 6), entities=kind, **model)
    lead = (6, 4) if "lstm" in model else (6,)
    pose, rays, others, cells = (torch.rand(*lead, field.size) for field in (POSE, RAYS, OTHERS, crowd))
    rows = cells.reshape(*lead, 3, 4)
    rows[..., 0] = (rows[..., 0] < 0.6).float()
    cells = (rows * rows[..., :1]).reshape(*lead, -1)

    assert can_grow(small.layout, large.layout)
    grow(small, large)

    expected = answers(small, torch.cat([pose, cells, rays], -1))
    for new in (others, 100.0 * others):
        for one, other in zip(answers(large, torch.cat([new, rays, cells, pose], -1)), expected, strict=True):
            torch.testing.assert_close(one, other)


def gradient(layer: torch.nn.Module) -> torch.Tensor:
    weight = layer.weight
    assert isinstance(weight, torch.Tensor)
    assert weight.grad is not None
    return weight.grad


def test_what_is_new_learns_and_what_was_seen_keeps_its_weight() -> None:
    small, large = make(SMALL, hiddens=(8,)), make(LARGE, hiddens=(12,))
    grow(small, large)

    sum(answer.sum() for answer in answers(large, torch.rand(6, 16))).backward()  # type: ignore[union-attr]

    assert gradient(large.trunk.hiddens[0])[:, :4].abs().sum() > 0
    assert gradient(large.action_head)[:, 8:].abs().sum() > 0
    assert small.normalizer is not None
    assert large.normalizer is not None
    assert large.normalizer.count == small.normalizer.count
    large.update_normalizer(torch.full((50, 16), 9.0))
    torch.testing.assert_close(large.normalizer.mean[4:9], small.normalizer.mean[7:], atol=0.5, rtol=0.0)


def test_the_same_network_is_copied() -> None:
    small, large = make(SMALL, hiddens=(8,)), make(SMALL, hiddens=(8,))

    grow(small, large)

    assert all(torch.equal(weights, large.state_dict()[name]) for name, weights in small.state_dict().items())


def test_only_what_has_a_place_for_everything_can_grow() -> None:
    assert can_grow(SMALL, LARGE)
    assert not can_grow(LARGE, SMALL)
    assert not can_grow(PolicyLayout((ObservationField("pose", 6),), (), MOVES), LARGE)
    assert not can_grow(PolicyLayout((POSE,), CAMERA, MOVES), LARGE)
    assert not can_grow(PolicyLayout((POSE,), (), MOVES[:1]), LARGE)
    crowd = ObservationField("crowd", 12, "", "entities", ("present", "x", "y", "speed"))
    assert can_grow(PolicyLayout((crowd,), (), MOVES), PolicyLayout((POSE, crowd), (), MOVES))
    assert not can_grow(PolicyLayout((POSE,), (), MOVES), PolicyLayout((POSE, crowd), (), MOVES))
    assert not can_grow(PolicyLayout((replace(crowd, size=8),), (), MOVES), PolicyLayout((crowd,), (), MOVES))


@pytest.mark.parametrize(
    ("small", "large", "fits"),
    [
        ({"hiddens": (8, 8)}, {"hiddens": (8, 16), "initial_log_std": -2.0}, True),
        ({"hiddens": (8, 8)}, {"hiddens": (16, 7)}, False),
        ({"hiddens": (8,)}, {"hiddens": (8, 8)}, False),
        ({"hiddens": (8,)}, {"hiddens": (8,), "activation": "relu"}, False),
        ({"hiddens": (8,)}, {"hiddens": (8,), "lstm": LSTM}, False),
    ],
)
def test_only_a_network_with_no_fewer_units_takes_another_in(
    small: dict[str, Any], large: dict[str, Any], fits: bool
) -> None:
    assert fits_into(ModelConfig(**small), ModelConfig(**large)) is fits
