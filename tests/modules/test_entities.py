"""Lists of entities: their order makes no difference, none of them is possible, and other policies are as they were."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns

from spacetime_rl.config.algorithms import Algorithm
from spacetime_rl.config.policy import LstmConfig, ModelConfig
from spacetime_rl.game.spec import ActionField, ImageField, ObservationField, PolicyLayout
from spacetime_rl.modules.entities import spans_between
from spacetime_rl.modules.normalizer import EntityNormalizer
from spacetime_rl.modules.numpy_forward import NumpyForward
from spacetime_rl.modules.spec import make_module_spec

ROWS = 12
POSE, RAYS = ObservationField("pose", 4), ObservationField("rays", 3)
OTHERS = ObservationField("others", ROWS * 4, "", "entities", ("present", "x", "y", "speed"))
PICKUPS = ObservationField("pickups", 5 * 2, "", "entities", ("present", "worth"))
MOVE, GRAB = ActionField("move", "continuous", 2), ActionField("grab", "discrete", 3)
BEGIN = POSE.size
LAYOUT = PolicyLayout((POSE, OTHERS, RAYS), (), (MOVE,))
CHOOSING = PolicyLayout((POSE, OTHERS, RAYS), (), (GRAB,))
CAMERA = PolicyLayout((POSE, OTHERS, RAYS), (ImageField("camera", (20, 24, 3)),), (MOVE, GRAB))
TWO_LISTS = PolicyLayout((PICKUPS, POSE, OTHERS), (), (MOVE, GRAB))
PLAIN = PolicyLayout((POSE, ObservationField("others", OTHERS.size), RAYS), (), (MOVE,))
ONLY_ENTITIES = PolicyLayout((OTHERS,), (), (MOVE,))
LSTM = LstmConfig(cell_size=8, max_seq_len=4)
KINDS = ("attention", "pool")


def make(layout: PolicyLayout = LAYOUT, algorithm: Algorithm = "PPO", seed: int = 0, **model: Any) -> Any:
    """A module with weights and statistics as large as a trained one's."""
    torch.manual_seed(seed)
    module = make_module_spec(layout, ModelConfig(**{"hiddens": (16,), **model}), algorithm).build()
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.3 * torch.randn_like(parameter))
        module.action_head.weight.mul_(50.0)
    module.update_normalizer(
        torch.from_numpy(observe(LAYOUT if layout == PLAIN else layout, np.random.default_rng(1), 200))
    )
    return module


def observe(layout: PolicyLayout, rng: np.random.Generator, n: int = 6) -> np.ndarray:
    """Observations with any number of entities in every list, in any of its rows."""
    seen = rng.normal(0.5, 2.0, (n, layout.obs_dim)).astype(np.float32)
    for begin, field in layout.entity_lists.items():
        rows = seen[:, begin : begin + field.size].reshape(n, field.rows, -1)
        rows[..., 0] = rng.random((n, field.rows)) < rng.random((n, 1))
        rows *= rows[..., :1]
        seen[:, begin : begin + field.size] = rows.reshape(n, -1)
    return seen


def shuffled(layout: PolicyLayout, seen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    mixed = seen.copy()
    for begin, field in layout.entity_lists.items():
        rows = seen[:, begin : begin + field.size].reshape(len(seen), field.rows, -1)
        mixed[:, begin : begin + field.size] = rows[:, rng.permutation(field.rows)].reshape(len(seen), -1)
    return mixed


def answers(module: Any, seen: np.ndarray) -> np.ndarray:
    """What the policy decides, and the values where it has a value function, side by side."""
    batch: dict[str, Any] = {Columns.OBS: torch.from_numpy(seen)}
    if module.lstm is not None:
        batch[Columns.STATE_IN] = {key: torch.zeros(len(seen), LSTM.cell_size) for key in ("h", "c")}
    with torch.no_grad():
        inputs = module._forward(batch)[Columns.ACTION_DIST_INPUTS]
        values = [module.compute_values(batch)[:, None]] if hasattr(module, "compute_values") else []
    return torch.cat([inputs, *values], -1).numpy()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("layout", "algorithm", "model"),
    [
        (LAYOUT, "PPO", {}),
        (LAYOUT, "SAC", {"symlog": 9.0}),
        (CHOOSING, "DQN", {"activation": "relu"}),
        (CHOOSING, "IMPALA", {"share_trunk": True}),
        (LAYOUT, "APPO", {"normalize_observations": False}),
        (TWO_LISTS, "PPO", {"lstm": LSTM, "symlog": 9.0}),
        (CAMERA, "PPO", {"activation": "silu"}),
        (ONLY_ENTITIES, "PPO", {"activation": "elu"}),
    ],
)
def test_the_order_of_entities_makes_no_difference(
    layout: PolicyLayout, algorithm: Algorithm, model: dict[str, Any], kind: str
) -> None:
    module = make(layout, algorithm, entities=kind, **model)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        seen = observe(layout, rng)
        expected = answers(module, seen)
        size = np.maximum(1.0, np.abs(expected).max())
        np.testing.assert_allclose(answers(module, shuffled(layout, seen, rng)) / size, expected / size, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_without_entities_everything_is_finite_and_learns(kind: str) -> None:
    module = make(LAYOUT, entities=kind)
    seen = observe(LAYOUT, np.random.default_rng(0))
    seen[:, BEGIN : BEGIN + OTHERS.size] = 0.0

    batch = {Columns.OBS: torch.from_numpy(seen)}
    loss = module._forward(batch)[Columns.ACTION_DIST_INPUTS].square().sum() + module.compute_values(batch).sum()
    loss.backward()

    assert np.isfinite(answers(module, seen)).all()
    assert all(torch.isfinite(p.grad).all() for p in module.parameters() if p.grad is not None)


@pytest.mark.parametrize("kind", KINDS)
def test_an_entity_more_or_less_makes_a_difference_and_so_does_each_of_its_numbers(kind: str) -> None:
    module = make(LAYOUT, entities=kind)
    one = np.zeros((1, LAYOUT.obs_dim), np.float32)
    one[0, BEGIN : BEGIN + 4] = (1.0, 0.5, -0.5, 2.0)
    for change in ((4, 1.0), (0, -1.0), (1, 0.7), (2, 0.7), (3, 0.7)):
        other = one.copy()
        other[0, BEGIN + change[0]] += change[1]
        assert np.abs(answers(module, other) - answers(module, one)).max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", [LAYOUT, TWO_LISTS, ONLY_ENTITIES, CHOOSING])
@pytest.mark.parametrize(
    "model", [{}, {"symlog": 100.0, "activation": "relu"}, {"normalize_observations": False, "activation": "silu"}]
)
def test_numpy_agrees_with_torch(layout: PolicyLayout, model: dict[str, Any], kind: str) -> None:
    module = make(layout, entities=kind, **model)
    fast = NumpyForward.of(module)
    assert fast is not None
    seen = observe(layout, np.random.default_rng(3), 40)
    seen[0] = 0.0
    with torch.no_grad():
        slow = module._forward({Columns.OBS: torch.from_numpy(seen)})[Columns.ACTION_DIST_INPUTS].numpy()

    found = fast(seen)

    assert found.dtype == np.float32
    assert len(fast(seen[:0])) == 0
    np.testing.assert_allclose(found, slow, rtol=1e-5, atol=1e-5 * np.abs(slow).max())


@pytest.mark.parametrize("kind", KINDS)
def test_several_networks_at_once_compute_what_each_computes_alone(kind: str) -> None:
    fast = [NumpyForward.of(make(TWO_LISTS, entities=kind, seed=seed)) for seed in (1, 2)]
    alone = [one for one in fast if one is not None]
    seen = observe(TWO_LISTS, np.random.default_rng(4), 14).reshape(2, 7, -1)

    found = NumpyForward.stacked(alone)(seen)

    expected = np.stack([one(part) for one, part in zip(alone, seen, strict=True)])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)


def test_statistics_are_those_of_the_used_rows_and_the_same_in_every_row() -> None:
    normalizer = EntityNormalizer(LAYOUT.vector_dim, 10.0, LAYOUT.entity_lists)
    rng = np.random.default_rng(5)
    batches = [observe(LAYOUT, rng, n) for n in (3, 400, 1)]

    for batch in batches:
        normalizer.update(torch.from_numpy(batch))

    seen = np.concatenate(batches)
    rows = seen[:, BEGIN : BEGIN + OTHERS.size].reshape(-1, 4)
    used = rows[rows[:, 0] == 1.0][:, 1:].astype(np.float64)
    mean, var = (s[BEGIN : BEGIN + OTHERS.size].reshape(ROWS, 4) for s in (normalizer.mean, normalizer.var))
    np.testing.assert_allclose(mean[:, 1:], np.tile(used.mean(0), (ROWS, 1)), rtol=1e-5)
    np.testing.assert_allclose(var[:, 1:], np.tile(used.var(0), (ROWS, 1)), rtol=1e-5)
    assert normalizer.used.tolist() == [len(used)]
    rest = np.r_[0:BEGIN, BEGIN + OTHERS.size : LAYOUT.vector_dim]
    np.testing.assert_allclose(normalizer.mean[rest], seen[:, rest].mean(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(
        normalizer(torch.from_numpy(seen))[:, BEGIN : BEGIN + OTHERS.size : 4], seen[:, BEGIN : BEGIN + OTHERS.size : 4]
    )


def test_a_list_that_was_always_empty_has_no_statistics_yet() -> None:
    normalizer = EntityNormalizer(LAYOUT.vector_dim, 10.0, LAYOUT.entity_lists)

    normalizer.update(torch.zeros(50, LAYOUT.vector_dim))

    assert normalizer.used.tolist() == [0.0]
    assert torch.isfinite(normalizer.mean).all()
    assert (normalizer.var[BEGIN + 1 : BEGIN + 4] == 1.0).all()


def test_as_plain_numbers_a_list_is_learned_by_the_same_network_as_any_numbers() -> None:
    one, other = make(LAYOUT, entities="flat"), make(PLAIN)

    assert list(one.state_dict()) == list(other.state_dict())
    assert all(torch.equal(weights, other.state_dict()[name]) for name, weights in one.state_dict().items())
    seen = observe(LAYOUT, np.random.default_rng(2))
    np.testing.assert_array_equal(answers(one, seen), answers(other, seen))


def test_a_policy_without_entities_has_the_weights_that_it_always_had() -> None:
    plain = PolicyLayout((POSE, RAYS), (), (MOVE,))
    layers = [f"{trunk}.hiddens.0.{part}" for trunk in ("trunk", "value_trunk") for part in ("weight", "bias")]
    heads = [f"{head}.{part}" for head in ("action_head", "value_head") for part in ("weight", "bias")]
    statistics = [f"normalizer.{name}" for name in ("mean", "var", "count")]

    assert set(make(plain).state_dict()) == {"log_std", *layers, *heads, *statistics}


def test_what_spans_leave() -> None:
    assert spans_between([(4, 8), (0, 2)], 10) == [(2, 4), (8, 10)]
    assert spans_between([(0, 4)], 4) == []
