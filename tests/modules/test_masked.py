"""A masked choice is never taken, by no algorithm and in no way of deciding; the loss knows only allowed choices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from ray.rllib.algorithms.dqn.dqn_learner import QF_NEXT_PREDS, QF_PREDS, QF_TARGET_NEXT_PREDS
from ray.rllib.core.columns import Columns
from support.made_policies import LSTM, make_policy

from spacetime_rl.evaluation.policies import AgentGenerators, RandomActor
from spacetime_rl.game.masks import MASKED, masks_of
from spacetime_rl.game.spec import MASK_PREFIX, ActionField, ObservationField, PolicyLayout
from spacetime_rl.modules.actions import mode_numpy, plan_actions, sample_numpy, shape_noise
from spacetime_rl.modules.distribution import make_distribution_class
from spacetime_rl.modules.masked import draw_allowed, mask_inputs
from spacetime_rl.modules.numpy_forward import NumpyForward
from spacetime_rl.rollout.actor import PolicyActor

ROWS = 64
Floats = NDArray[np.float32]
RNG = np.random.default_rng  # the layouts, masks and logits of a test follow from its number


def random_layout(rng: np.random.Generator) -> PolicyLayout:
    """Up to five actions of both kinds, of which at least one is masked; the masks anywhere among the fields."""
    actions: list[ActionField] = []
    for number in range(int(rng.integers(1, 6))):
        kind: Any = "discrete" if number == 0 or rng.random() < 0.6 else "continuous"
        actions.append(ActionField(f"act{number}", kind, int(rng.integers(2, 7))))
    masked = [
        action for action in actions if action.kind == "discrete" and (action.name == "act0" or rng.random() < 0.6)
    ]
    fields = [ObservationField(MASK_PREFIX + action.name, action.size, "", "mask") for action in masked]
    fields += [ObservationField(f"seen{i}", int(rng.integers(1, 4))) for i in range(int(rng.integers(1, 3)))]
    order = rng.permutation(len(fields))
    rng.shuffle(actions)
    return PolicyLayout(tuple(fields[i] for i in order), (), tuple(actions))


def random_observations(layout: PolicyLayout, rng: np.random.Generator, rows: int = ROWS) -> Floats:
    seen = rng.normal(0.0, 3.0, (rows, layout.obs_dim)).astype(np.float32)
    for mask in masks_of(layout):
        size = mask.columns.stop - mask.columns.start
        allowed = rng.random((rows, size)) < rng.random((rows, 1))
        allowed[np.arange(rows), rng.integers(size, size=rows)] = True
        seen[:, mask.columns] = allowed
    return seen


def taken_are_allowed(layout: PolicyLayout, observations: Floats, actions: Floats) -> bool:
    plan = plan_actions(layout.actions)
    rows = np.arange(len(observations))
    return all(
        bool(mask.allowed(observations)[rows, actions[:, plan.choices[mask.choice].column].astype(int)].all())
        for mask in masks_of(layout)
    )


@pytest.mark.parametrize("number", range(20))
def test_no_distribution_takes_a_masked_choice(number: int) -> None:
    rng = RNG(number)
    layout = random_layout(rng)
    observations = random_observations(layout, rng)
    plan = plan_actions(layout.actions)
    inputs = rng.normal(0.0, 10.0 ** rng.integers(-2, 4), (ROWS, plan.inputs_dim)).astype(np.float32)
    inputs[:, plan.log_stds] = inputs[:, plan.log_stds].clip(-5.0, 2.0)
    mask_inputs(inputs, observations, layout)

    distribution = make_distribution_class(layout.actions).from_logits(torch.from_numpy(inputs))
    zeros, ones = np.zeros((ROWS, len(plan.choices)), np.float32), np.ones((ROWS, len(plan.choices)), np.float32)
    normals = np.zeros((ROWS, len(plan.means)), np.float32)
    decided = [
        mode_numpy(inputs, layout.actions),
        distribution.mode().numpy(),
        *(sample_numpy(inputs, layout.actions, rng)[0] for _ in range(20)),
        *distribution.sample(sample_shape=(20,)).numpy(),
        # The smallest and the largest number that a generator gives, and one that it must never give.
        *(shape_noise(inputs, layout.actions, normals, drawn)[0] for drawn in (zeros, np.nextafter(ones, zeros), ones)),
    ]
    assert all(taken_are_allowed(layout, observations, actions) for actions in decided)


@pytest.mark.parametrize("number", range(5))
def test_probabilities_and_entropies_are_those_over_the_allowed_choices(number: int) -> None:
    rng = RNG(number)
    allowed = np.zeros(6, np.bool_)
    allowed[rng.permutation(6)[: rng.integers(2, 6)]] = True
    kind, small = (make_distribution_class((ActionField("act", "discrete", size),)) for size in (6, int(allowed.sum())))
    logits, others = (torch.randn(1, 6, requires_grad=True) for _ in range(2))

    def masked(inputs: torch.Tensor) -> Any:
        return kind.from_logits(torch.where(torch.from_numpy(allowed), inputs, torch.tensor(MASKED)))

    def among_few(inputs: torch.Tensor) -> Any:
        return small.from_logits(inputs[:, torch.from_numpy(allowed)])

    last, last_of_few = torch.tensor([[float(np.flatnonzero(allowed)[-1])]]), torch.tensor([[float(allowed.sum() - 1)]])
    torch.testing.assert_close(masked(logits).logp(last), among_few(logits).logp(last_of_few))
    torch.testing.assert_close(masked(logits).entropy(), among_few(logits).entropy())
    torch.testing.assert_close(masked(logits).kl(masked(others)), among_few(logits).kl(among_few(others)))
    (masked(logits).entropy() + masked(logits).logp(last) + masked(logits).kl(masked(others))).sum().backward()
    for gradient in (logits.grad, others.grad):
        assert gradient is not None
        assert torch.isfinite(gradient).all()
        assert (gradient[0, ~torch.from_numpy(allowed)] == 0.0).all()


@pytest.mark.parametrize(
    ("algorithm", "model"), [("PPO", {}), ("PPO", {"symlog": 100.0}), ("PPO", {"lstm": LSTM}), ("DQN", {})]
)
@pytest.mark.parametrize("number", range(4))
def test_no_policy_decides_for_a_masked_choice(number: int, algorithm: Any, model: dict[str, Any]) -> None:
    rng = RNG(number)
    layout = random_layout(rng)
    if algorithm == "DQN":
        first = next(action for action in layout.actions if action.name == "act0")
        fields = tuple(field for field in layout.fields if field.kind != "mask" or field.name == "mask/act0")
        layout = PolicyLayout(fields, (), (first,))
    observations = random_observations(layout, rng)
    actor = PolicyActor(make_policy(layout, algorithm, **model), layout, rng)
    state = actor.initial_state(ROWS)
    for decide in (actor.decide, actor.decide_greedily, actor.decide_randomly):
        for _ in range(10):
            decision = decide(observations, state)
            assert taken_are_allowed(layout, observations, decision.actions)
            assert np.isfinite(decision.logps).all()


def test_numpy_and_torch_mask_alike_whatever_has_been_observed_before() -> None:
    rng = RNG(0)
    layout = random_layout(rng)
    module = make_policy(layout)
    observations = random_observations(layout, rng)
    module.update_normalizer(torch.from_numpy(observations))
    fast = NumpyForward.of(module)
    assert fast is not None
    with torch.no_grad():
        expected = module._forward({Columns.OBS: torch.from_numpy(observations)})[Columns.ACTION_DIST_INPUTS].numpy()
        prepared = module._forward(module.prepared({Columns.OBS: torch.from_numpy(observations)}))
    np.testing.assert_allclose(fast(observations), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(prepared[Columns.ACTION_DIST_INPUTS].numpy(), expected)
    for mask in masks_of(layout):
        logits = plan_actions(layout.actions).choices[mask.choice].logits
        np.testing.assert_array_equal(expected[:, logits] == np.float32(MASKED), ~mask.allowed(observations))
        assert module.normalizer is not None
        np.testing.assert_array_equal(module.normalizer.mean[mask.columns], 0.0)
        np.testing.assert_array_equal(
            module.normalizer(torch.from_numpy(observations))[:, mask.columns], observations[:, mask.columns]
        )


def test_the_targets_of_dqn_are_of_allowed_choices_only_and_finite_where_an_episode_ends_without_any() -> None:
    layout = PolicyLayout(
        (ObservationField("seen", 2), ObservationField("mask/act", 3, "", "mask")),
        (),
        (ActionField("act", "discrete", 3),),
    )
    module = make_policy(layout, "DQN")
    seen = torch.tensor([[0.3, -1.0, 1.0, 1.0, 1.0], [0.3, -1.0, 0.0, 1.0, 0.0], [0.3, -1.0, 0.0, 0.0, 0.0]])
    output = module.forward_train({Columns.OBS: seen, Columns.NEXT_OBS: seen})
    for name in (QF_NEXT_PREDS, QF_TARGET_NEXT_PREDS):
        assert (output[name] > -100.0).tolist() == [[True] * 3, [False, True, False], [True] * 3]
    assert (output[QF_PREDS] > -100.0).all()


def test_each_allowed_choice_is_equally_likely_for_the_random_policy() -> None:
    layout = PolicyLayout(
        (ObservationField("mask/act", 4, "", "mask"),),
        (),
        (ActionField("act", "discrete", 4), ActionField("go", "continuous", 1)),
    )
    actor = RandomActor(layout, AgentGenerators(0, np.arange(3000)))
    actor.begin(np.arange(3000), np.zeros(3000, np.int64))
    drawn = actor.act(np.tile(np.array([0, 1, 0, 1], np.float32), (3000, 1)))
    counts = np.bincount(drawn[:, 0].astype(int), minlength=4)
    assert counts[[0, 2]].tolist() == [0, 0]
    assert abs(int(counts[1]) - 1500) < 150


def test_the_drawn_choice_is_the_last_allowed_one_at_most() -> None:
    allowed = np.array([[False, True, True, False], [False, False, False, False]])
    almost = np.nextafter(np.ones(2, np.float32), np.float32(0.0))
    assert draw_allowed(allowed, almost).tolist() == [2, 0]
    assert draw_allowed(allowed, np.zeros(2, np.float32)).tolist() == [1, 0]
