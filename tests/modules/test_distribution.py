"""The action distribution: torch against closed forms, numpy against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, Normal, kl_divergence

from spacetime_rl.game.spec import ActionField
from spacetime_rl.modules.distribution import make_distribution_class, mode_numpy, plan_actions, sample_numpy

MOVE = ActionField("move", "continuous", 2)
GRAB = ActionField("grab", "discrete", 3)
TURN = ActionField("turn", "continuous", 1)
KINDS = {
    "continuous": (MOVE,),
    "discrete": (GRAB,),
    "multi-discrete": (GRAB, ActionField("jump", "discrete", 2)),
    "mixed": (MOVE, GRAB, TURN),
}
every_kind = pytest.mark.parametrize("actions", KINDS.values(), ids=KINDS.keys())


def random_inputs(actions: tuple[ActionField, ...], n: int = 64) -> torch.Tensor:
    return torch.randn(n, plan_actions(actions).inputs_dim, generator=torch.Generator().manual_seed(7))


def test_inputs_are_means_then_log_stds_or_logits_field_after_field() -> None:
    plan = plan_actions((MOVE, GRAB, TURN))

    assert plan.inputs_dim == 9
    assert plan.action_size == 4
    assert list(plan.means) == [0, 1, 7]
    assert list(plan.log_stds) == [2, 3, 8]
    assert list(plan.columns) == [0, 1, 3]
    assert [(c.logits, c.column) for c in plan.choices] == [(slice(4, 7), 2)]


def test_mixed_quantities_are_the_sums_of_their_parts() -> None:
    mine, theirs = random_inputs(KINDS["mixed"]), random_inputs(KINDS["mixed"]).flip(0)
    cls = make_distribution_class(KINDS["mixed"])
    dist, other = cls.from_logits(mine), cls.from_logits(theirs)
    action = dist.sample()

    def parts(x: torch.Tensor) -> tuple[Normal, Categorical]:
        return Normal(x[:, [0, 1, 7]], x[:, [2, 3, 8]].exp()), Categorical(logits=x[:, 4:7])

    (normal, choice), (other_normal, other_choice) = parts(mine), parts(theirs)
    logp = normal.log_prob(action[:, [0, 1, 3]]).sum(-1)  # type: ignore[no-untyped-call]
    logp = logp + choice.log_prob(action[:, 2])  # type: ignore[no-untyped-call]
    kl = kl_divergence(normal, other_normal).sum(-1) + kl_divergence(choice, other_choice)
    torch.testing.assert_close(dist.logp(action), logp)
    entropy = normal.entropy().sum(-1) + choice.entropy()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(dist.entropy(), entropy)
    torch.testing.assert_close(dist.kl(other), kl, rtol=1e-4, atol=1e-4)


@every_kind
def test_numpy_sampling_has_the_log_probability_torch_gives(actions: tuple[ActionField, ...]) -> None:
    inputs = random_inputs(actions)

    action, logp = sample_numpy(inputs.numpy(), actions, np.random.default_rng(0))

    expected = make_distribution_class(actions).from_logits(inputs).logp(torch.from_numpy(action)).numpy()
    np.testing.assert_allclose(logp, expected, atol=1e-5)
    assert action.dtype == logp.dtype == np.float32


@every_kind
def test_numpy_mode_is_torchs_mode(actions: tuple[ActionField, ...]) -> None:
    inputs = random_inputs(actions)

    expected = make_distribution_class(actions).from_logits(inputs).to_deterministic().sample()

    np.testing.assert_array_equal(mode_numpy(inputs.numpy(), actions), expected.numpy())


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_samples_have_the_moments_and_frequencies_asked_for(library: str) -> None:
    row = torch.tensor([[0.5, -1.0, 0.0, -1.0, 2.0, 0.0, 1.0, 0.3, -2.0]]).repeat(20_000, 1)
    if library == "numpy":
        action, _ = sample_numpy(row.numpy(), KINDS["mixed"], np.random.default_rng(0))
    else:
        torch.manual_seed(0)
        action = make_distribution_class(KINDS["mixed"]).from_logits(row).sample().numpy()

    np.testing.assert_allclose(action[:, [0, 1, 3]].mean(0), [0.5, -1.0, 0.3], atol=0.03)
    np.testing.assert_allclose(action[:, [0, 1, 3]].std(0), np.exp([0.0, -1.0, -2.0]), rtol=0.03)
    frequencies = np.bincount(action[:, 2].astype(int), minlength=3) / len(action)
    np.testing.assert_allclose(frequencies, torch.softmax(row[0, 4:7], -1).numpy(), atol=0.02)


def test_extreme_logits_stay_finite_and_are_obeyed() -> None:
    inputs = np.array([[-1e4, 1e4, 0.0], [3e4, -3e4, -3e4]], np.float32)

    action, logp = sample_numpy(inputs, KINDS["discrete"], np.random.default_rng(0))

    assert action[:, 0].tolist() == [1.0, 0.0]
    np.testing.assert_allclose(logp, 0.0, atol=1e-6)


def test_distributions_work_on_sequences() -> None:
    inputs = random_inputs(KINDS["mixed"], 12).reshape(3, 4, -1)
    dist = make_distribution_class(KINDS["mixed"]).from_logits(inputs)

    action = dist.sample()

    assert action.shape == (3, 4, 4)
    assert dist.logp(action).shape == dist.entropy().shape == dist.kl(dist).shape == (3, 4)
    assert dist.sample(sample_shape=(5,)).shape == (5, 3, 4, 4)
