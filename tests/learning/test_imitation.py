"""Policies learn from demonstrations before training and beside it, each algorithm's in its own way."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing
from support.demonstrators import good_actions, record_good_play
from support.fake_runs import LSTM, make_config, make_plan, make_ppo
from support.toy_game import FakeGame, FakeGameOpener, make_group, make_layout

from spacetime_rl.config import RunConfig, load
from spacetime_rl.config.imitation import ImitationConfig
from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.demonstrations.arrays import DemonstratedEpisode, Demonstrations
from spacetime_rl.demonstrations.keep import keep_demonstrations
from spacetime_rl.game.spec import ImageField, PolicyLayout
from spacetime_rl.learning.imitation.losses import imitation_loss
from spacetime_rl.learning.imitation.tutor import WEIGHTS, Tutor
from spacetime_rl.learning.warm_start import INITIAL
from spacetime_rl.modules.spec import make_module_spec
from spacetime_rl.runs.layout import RunPaths

WALKERS = (make_group("walker", 4, make_layout(3, 2)),)
CHOOSERS = (make_group("walker", 4, make_layout(3, 0, 3)),)
BOTH = make_layout(3, 1, 3)
OFFLINE = {"train_batch_size": 3600, "minibatch_size": 200, "lr": 1e-2}
AS_PPO = pytest.mark.slow  # their policies and losses of imitation are PPO's
SIZES: dict[str, dict[str, Any]] = {
    "PPO": {},
    "APPO": {},
    "IMPALA": {},
    "SAC": {"warmup_steps": 100},
    "DQN": {"warmup_steps": 100},
}


def groups_of(algorithm: str) -> Any:
    return CHOOSERS if algorithm == "DQN" else WALKERS


def build(folder: Path, algorithm: str = "PPO", sections: Any = None, **imitation: Any) -> Any:
    """An algorithm over the fake game whose run's folder holds the demonstrations."""
    opener = FakeGameOpener(groups_of(algorithm), arenas=2)
    source = folder / "recorded"
    if not source.is_dir():
        record_good_play(source, opener.groups)
    config = make_config(
        algorithm=algorithm,
        imitation={"from": str(source), **imitation},
        results=folder,
        training={
            "train_batch_size": 100,
            "minibatch_size": 50,
            **SIZES[algorithm],
            **(sections or {}).get("training", {}),
        },
    )
    keep_demonstrations(
        config, opener.spec, make_plan(opener, config).policies, RunPaths(folder / "run").demonstrations
    )
    return make_ppo(opener, config).build_algo()


def weights_of(algorithm: Any) -> dict[str, torch.Tensor]:
    return copy.deepcopy(algorithm.learner_group._learner.module["walker"].state_dict())


def mistakes(algorithm: Any, layout: PolicyLayout) -> float:
    """The mean distance between the policy's most probable first action and the good one, on unseen observations."""
    seen = np.sin(np.random.default_rng(99).uniform(0, 50, (500, 3))).astype(np.float32)
    module = algorithm.env_runner.module["walker"]
    with torch.no_grad():
        inputs = module.act_on({Columns.OBS: torch.from_numpy(seen)}).inputs.numpy()
    return float(np.abs(module.exploit(inputs)[:, 0] - good_actions(seen, layout)[:, 0]).mean())


@pytest.mark.usefixtures("ray_cluster")
@pytest.mark.parametrize("name", ["PPO", "SAC", "DQN", *(pytest.param(n, marks=AS_PPO) for n in ("APPO", "IMPALA"))])
def test_every_algorithms_policy_is_pretrained_once_and_learns_on(name: str, tmp_path: Path) -> None:
    layout = groups_of(name)[0].layout
    algorithm = build(tmp_path, name, epochs=15, pretraining_lr=1e-2)
    before = mistakes(algorithm, layout)

    algorithm.begin_imitation()

    assert before > 0.5
    assert mistakes(algorithm, layout) < 0.15  # the runner's policy: it has received the weights
    learned = weights_of(algorithm)
    assert float(learned["normalizer.count"]) == 1e6  # so that the first batches hardly change what the policy sees
    assert learned["normalizer.var"].numpy() == pytest.approx(0.5, abs=0.02)  # of sines
    algorithm.begin_imitation()
    assert all(value.equal(learned[key]) for key, value in weights_of(algorithm).items())

    result = algorithm.train()
    assert result["policy/walker/imitation_validation_loss"] < 0.3
    assert np.isfinite(result["policy/walker/imitation_loss"])
    assert result["policy/walker/imitation_weight"] == pytest.approx(0.1, abs=0.001)
    if "log_std" in learned:  # exploration stays as wide as it was
        assert not learned["log_std"].any()
    algorithm.stop()


@pytest.mark.usefixtures("ray_cluster")
def test_a_policy_with_the_weights_of_another_run_is_not_pretrained(tmp_path: Path) -> None:
    algorithm = build(tmp_path, epochs=15)
    before = weights_of(algorithm)
    algorithm.config.env_config[INITIAL] = {"walker": None}  # they were taken over when the algorithm was built

    algorithm.begin_imitation()

    assert all(value.equal(before[key]) for key, value in weights_of(algorithm).items() if "normalizer" not in key)
    assert np.isfinite(algorithm.train()["policy/walker/imitation_loss"])
    algorithm.stop()


@pytest.mark.usefixtures("ray_cluster")
def test_a_resumed_run_is_not_pretrained_again_and_the_weight_goes_on_falling(tmp_path: Path) -> None:
    first = build(tmp_path, epochs=2, weight=1.0, final_weight=0.2, weight_steps=1000)
    for _ in range(3):
        first.train()
    first.save_checkpoint(str(tmp_path / "saved"))
    saved = weights_of(first)
    first.stop()

    again = build(tmp_path, epochs=2, weight=1.0, final_weight=0.2, weight_steps=1000)
    again.load_checkpoint(str(tmp_path / "saved"))
    again.begin_imitation()

    assert all(value.equal(saved[key]) for key, value in weights_of(again).items())
    steps = 0.0
    for _ in range(2):
        result = again.train()
        steps = result["agent_steps"]
    assert steps > 400
    weight = result["policy/walker/imitation_weight"]
    assert weight == pytest.approx(1.0 - 0.8 * steps / 1000, abs=1e-6)
    again.stop()


@pytest.mark.usefixtures("ray_cluster")
@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_offline_training_learns_from_the_demonstrations_and_starts_no_game(beta: float, tmp_path: Path) -> None:
    algorithm = build(tmp_path, offline=True, beta=beta, sections={"training": OFFLINE})
    opened = FakeGame.requests

    results = [algorithm.train() for _ in range(20)]

    assert FakeGame.requests == opened
    assert [result["agent_steps"] for result in results[:2]] == [3600, 7200]
    losses = [result["policy/walker/imitation_validation_loss"] for result in results]
    assert losses[-1] < losses[0] - 1.0
    algorithm.env_runner_group.sync_weights(from_worker_or_learner_group=algorithm.learner_group)
    assert mistakes(algorithm, WALKERS[0].layout) < 0.1
    assert weights_of(algorithm)["log_std"].max() < -1.0  # the demonstrations' spread
    algorithm.save_checkpoint(str(tmp_path / "saved"))
    learned = weights_of(algorithm)
    algorithm.stop()

    again = build(tmp_path, offline=True, beta=beta, sections={"training": OFFLINE})
    again.load_checkpoint(str(tmp_path / "saved"))
    assert all(value.equal(learned[key]) for key, value in weights_of(again).items())
    assert again.train()["agent_steps"] == 21 * 3600
    again.stop()


@pytest.mark.usefixtures("ray_cluster")
def test_without_passes_and_weight_training_is_the_same_as_without_demonstrations(tmp_path: Path) -> None:
    found = []
    for imitation in ({"epochs": 0, "weight": 0.0}, None):
        config = make_config(
            results=tmp_path, **({"imitation": {"from": str(tmp_path), **imitation}} if imitation else {})
        )
        algorithm = make_ppo(FakeGameOpener(WALKERS, seed=3), config).build_algo()
        algorithm.train()
        found.append(weights_of(algorithm))
        algorithm.stop()

    assert all(value.equal(found[1][key]) for key, value in found[0].items())


def make_shown(
    layout: PolicyLayout, lengths: tuple[int, ...] = (5, 9, 3), *, terminated: bool = True
) -> Demonstrations:
    rng = np.random.default_rng(4)
    episodes = []
    for length in lengths:
        seen = rng.normal(size=(length + 1, layout.vector_dim)).astype(np.float32)
        actions = good_actions(seen[:-1], layout)
        episodes.append(DemonstratedEpisode(seen, {}, actions, np.ones(length, np.float32), terminated))
    return Demonstrations.of(layout, episodes)


def make_module(algorithm: Any, layout: PolicyLayout, **model: Any) -> Any:
    torch.manual_seed(2)
    return make_module_spec(layout, ModelConfig(hiddens=(16,), **model), algorithm).build()


def test_the_loss_of_an_actor_is_the_likelihood_with_the_initial_spread() -> None:
    module = make_module("PPO", BOTH, initial_log_std=-1.0)
    with torch.no_grad():
        module.log_std.fill_(0.7)  # what training made of it does not count
    obs, actions = torch.randn(6, 3), torch.tensor([[2.0, 0.3]]).repeat(6, 1)
    batch = {Columns.OBS: obs, Columns.ACTIONS: actions}

    loss = imitation_loss(module, batch, 0.8, free_spread=False)

    inputs = module.act_on(batch).inputs  # three logits, a mean, a log standard deviation
    distance = 0.5 * ((actions[:, 1] - inputs[:, 3]) / np.exp(-1.0)).square()
    expected = distance - torch.log_softmax(inputs[:, :3], -1)[:, 2]
    torch.testing.assert_close(loss, expected)
    loss.mean().backward()  # type: ignore[no-untyped-call]
    assert module.log_std.grad is None or not module.log_std.grad.any()
    imitation_loss(module, batch, 0.8, free_spread=True).mean().backward()  # type: ignore[no-untyped-call]
    assert module.log_std.grad.abs().min() > 0.0


def test_the_loss_of_q_values_is_the_margin_by_which_another_choice_wins() -> None:
    module = make_module("DQN", CHOOSERS[0].layout)
    with torch.no_grad():
        module.action_head.weight.zero_()
        module.action_head.bias.copy_(torch.tensor([1.0, 0.5, -2.0]))
    batch = {Columns.OBS: torch.zeros(3, 3), Columns.ACTIONS: torch.tensor([[0.0], [1.0], [2.0]])}

    loss = imitation_loss(module, batch, 0.8, free_spread=False)

    torch.testing.assert_close(loss, torch.tensor([0.3, 1.3, 3.8]))


def test_a_squashed_actor_learns_actions_at_the_limit() -> None:
    module = make_module("SAC", WALKERS[0].layout)
    batch = {Columns.OBS: torch.randn(64, 3), Columns.ACTIONS: torch.tensor([[1.0, -1.0]]).repeat(64, 1)}
    optimizer = torch.optim.Adam(module.parameters(), 0.01)
    for _ in range(200):
        optimizer.zero_grad()
        imitation_loss(module, batch, 0.8, free_spread=False).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    mode = module.exploit(module.act_on(batch).inputs.detach().numpy())
    assert np.allclose(mode, [[1.0, -1.0]], atol=0.1)


def test_value_targets_are_discounted_rewards_and_what_the_value_function_expects_after_a_cut() -> None:
    module = make_module("PPO", WALKERS[0].layout)
    for terminated in (True, False):
        shown = make_shown(WALKERS[0].layout, (3, 2), terminated=terminated)
        tutor = Tutor(shown, module, 0.5, 0.0, seed=1)
        tutor.refresh(beta=2.0)
        batch = tutor.batch(np.arange(5))

        with torch.no_grad():
            ends = module.compute_values({Columns.OBS: torch.from_numpy(shown.vectors[[3, 6]])}) * (not terminated)
            values = module.compute_values({Columns.OBS: batch[Columns.OBS]})
        left = torch.tensor([0.125, 0.25, 0.5, 0.25, 0.5])
        expected = torch.tensor([1.75, 1.5, 1.0, 1.5, 1.0]) + left * ends[[0, 0, 0, 1, 1]]
        torch.testing.assert_close(batch[Postprocessing.VALUE_TARGETS], expected)
        advantages = expected - values
        torch.testing.assert_close(batch[WEIGHTS], torch.exp(2.0 * advantages / advantages.std()).clamp(max=20.0))


def test_sequences_of_a_recurrent_policy_begin_with_the_state_that_the_policy_would_have() -> None:
    module = make_module("PPO", WALKERS[0].layout, **LSTM["model"])
    shown = make_shown(WALKERS[0].layout, (5, 9, 3))
    tutor = Tutor(shown, module, 0.9, 0.0, seed=1)
    tutor.refresh()

    batch = tutor.batch(np.arange(2 + 3 + 1))

    assert batch[Columns.LOSS_MASK].sum(-1).tolist() == [4, 1, 4, 4, 1, 3]
    state = {key: value[None] for key, value in module.get_initial_state().items()}
    with torch.no_grad():
        for step in range(8):  # of the second episode, whose observations begin in row 6
            state = module.act_on(
                {Columns.OBS: torch.from_numpy(shown.vectors[[6 + step]]), Columns.STATE_IN: state}
            ).state
            if step in (3, 7):
                item = 3 if step == 3 else 4
                torch.testing.assert_close(batch[Columns.STATE_IN]["h"][item], state["h"][0])
    assert torch.equal(batch[Columns.OBS][0], torch.from_numpy(shown.vectors[:4]))


def test_images_are_shown_as_the_policy_sees_them_in_a_game() -> None:
    layout = PolicyLayout(WALKERS[0].layout.fields, (ImageField("eye", (8, 8, 1)),), WALKERS[0].layout.actions)
    module = make_module("PPO", layout, cnn={"filters": [(4, 4, 2)]})
    eyes = np.random.default_rng(3).integers(0, 256, (6, 8, 8, 1), np.uint8)
    seen = np.ones((6, 3), np.float32)
    episode = DemonstratedEpisode(seen, {"eye": eyes}, np.zeros((5, 2), np.float32), np.ones(5, np.float32), True)
    tutor = Tutor(Demonstrations.of(layout, [episode]), module, 0.9, 0.0, seed=1)
    tutor.refresh()

    batch = tutor.batch(np.array([0, 4]))

    assert batch[Columns.OBS].shape == (2, layout.obs_dim)
    assert np.allclose(batch[Columns.OBS][1, 3:].numpy(), eyes[4].ravel() / 255.0)
    assert torch.isfinite(imitation_loss(module, batch, 0.8, free_spread=False)).all()


def test_whole_episodes_are_held_out() -> None:
    module = make_module("PPO", WALKERS[0].layout)
    tutor = Tutor(make_shown(WALKERS[0].layout, (4,) * 10), module, 0.9, 0.2, seed=1)

    held = set(tutor.validation // 4)
    assert len(held) == 2
    assert held.isdisjoint(tutor.train // 4)
    assert len(tutor.train) + len(tutor.validation) == 40
    assert not len(Tutor(make_shown(WALKERS[0].layout, (4,)), module, 0.9, 0.5, seed=1).validation)


def test_the_weight_falls_linearly_and_stays() -> None:
    settings = ImitationConfig(weight=0.4, final_weight=0.1, weight_steps=300)

    assert [settings.weight_at(steps) for steps in (0, 100, 300, 900)] == pytest.approx([0.4, 0.3, 0.1, 0.1])


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"imitation": {"epochs": 3}}, "imitation.epochs: there are no demonstrations: set imitation.from"),
        ({"imitation": {"from": "x", "beta": 1}, "algorithm": "SAC"}, "imitation.beta: SAC has no value function"),
        ({"imitation": {"from": "x", "beta": 1}, **LSTM}, "imitation.beta: is only for policies without a recurrent"),
        ({"imitation": {"from": "x", "margin": 2}}, "imitation.margin: is read by DQN, not by PPO"),
        ({"imitation": {"from": "x", "offline": True}, "algorithm": "DQN"}, "imitation.offline: DQN asks its Q func"),
    ],
)
def test_what_would_make_no_sense_is_refused_with_the_reason(sections: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RunConfig.model_validate({"scenario": {"name": "fake"}, **sections})


def test_an_empty_list_switches_off_what_a_configuration_imitates() -> None:
    packaged = load("vr_ui", say=print)
    assert packaged.imitation.is_on
    assert not load("vr_ui", ["imitation.from=[]"], say=print).imitation.is_on
