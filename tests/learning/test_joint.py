"""Value functions that see other agents: which observations they get, and what an agent's end means for its team."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.evaluation.postprocessing import Postprocessing
from support.fake_runs import LSTM, MIXED, make_config, make_ppo, make_runner
from support.team_games import HiddenGameOpener, TeamGameOpener
from support.toy_game import FakeGameOpener, make_group, make_layout

from spacetime_rl.learning.batches.gae import judge, make_train_batch
from spacetime_rl.learning.batches.joint import JointView
from spacetime_rl.learning.batches.joint_batch import make_joint_batches
from spacetime_rl.learning.learner import group_by_policy
from spacetime_rl.modules.critic import JOINT
from spacetime_rl.modules.policy import PolicyModule

Scene = dict[int, tuple[float, ...]]  # what each agent that is there sees, by its number in the game


def critic(scope: str, **sections: Any) -> Any:
    training = {"train_batch_size": 400, "minibatch_size": 100, "critic": scope, **sections.pop("training", {})}
    return make_config(training=training, **sections)


def make_learner(opener: FakeGameOpener, config: Any) -> tuple[Any, Any]:
    """The runner and the learner of a run."""
    algorithm = make_ppo(opener, config)
    runner = make_runner(opener, config)
    spec = algorithm.get_multi_rl_module_spec(spaces=runner.get_spaces(), inference_only=False)
    learner = algorithm.learner_class(config=algorithm, module_spec=spec)
    learner.build()
    return runner, learner


def seen_by(view: JointView, policy: str, policies: Sequence[str]) -> list[set[tuple[float, ...]]]:
    """What each observation's agent sees of the others, as sets of observations."""
    rows = [(other, view.others(policy, other)) for other in policies]
    return [
        {tuple(view.vectors[other][row].tolist()) for other, all_rows in rows for row in all_rows[index] if row}
        for index in range(len(view.moments[policy].moment))
    ]


@pytest.mark.parametrize("begins", [(0,), (0, 2)])
def test_others_are_those_that_play_in_the_same_tick_of_the_same_episode(begins: tuple[int, ...]) -> None:
    """Fragments' ends, endings, agents that wait, and an arena's next episode, against the game itself."""
    opener = FakeGameOpener(MIXED, arenas=2, lengths=(4, 6, 3), begins=begins, seed=9)
    runner = make_runner(opener, critic("arena"))
    game = opener(None)  # type: ignore[arg-type]
    now = game.reset()
    for steps in (7, 9, 8):  # of three fragments
        episodes = group_by_policy(runner.sample(num_timesteps=steps * 10))
        present = _scene(now)
        rows: dict[int, list[Any]] = {agent: [] for agent in range(10)}
        for _ in range(steps):
            for agent in present:
                rows[agent].append((present[agent], _others(game, present, agent)))
            numbers = game._episode.copy()
            now = game.step([np.zeros((4, 2), np.float32), np.zeros((6, 2), np.float32)])
            present = _scene(now)
            ended = {one.agent: tuple(one.final_observation.tolist()) for one in now.ended}
            same = (game._episode == numbers)[opener.spec.arena_of_agents]
            go_on = {agent: seen for agent, seen in present.items() if same[agent]}
            cut_off = {agent: seen for agent, seen in ended.items() if now.truncated[agent]}
            for agent, seen in ended.items():
                rows[agent].append((seen, _others(game, {**go_on, **cut_off}, agent)))
        for agent in present:
            rows[agent].append((present[agent], _others(game, present, agent)))
        view = JointView.of(episodes)
        ids = opener.spec.agent_ids
        for policy, own in episodes.items():
            found = seen_by(view, policy, list(episodes))
            at = 0
            for episode in own:
                asked = rows[ids.index(episode.agent_id)]
                for seen in episode.observations.data:
                    assert (tuple(seen.tolist()), found[at]) == asked.pop(0)
                    at += 1
        assert all(len(left) <= 1 for left in rows.values())  # those whose next episode has just begun


def _scene(now: Any) -> Scene:
    seen = [row for group in now.observations for row in group]
    return {agent: tuple(seen[agent].tolist()) for agent in np.flatnonzero(now.active).tolist()}


def _others(game: Any, scene: Mapping[int, tuple[float, ...]], agent: int) -> set[tuple[float, ...]]:
    arena = game.spec.arena_of_agents
    return {seen for other, seen in scene.items() if other != agent and arena[other] == arena[agent]}


HIDDEN = HiddenGameOpener(
    (make_group("seer", 1, make_layout()), make_group("doer", 2, make_layout(4, 1))), arenas=8, lengths=(6,)
)


def explained_variance(opener: FakeGameOpener, config: Any, updates: int) -> float:
    """The share of the variance of "doer"'s value targets that its values explain, after some updates."""
    torch.manual_seed(1)
    runner, learner = make_learner(opener, config)
    for _ in range(updates):
        runner.module.set_state(learner.module.get_state(inference_only=True))
        episodes = runner.sample(num_timesteps=600)
        learner.update(training_data=TrainingData(episodes=episodes), timesteps={}, num_epochs=6, minibatch_size=100)
    batch: Any = learner._make_batches(runner.sample(num_timesteps=2000))["doer"]
    module = learner.module["doer"].unwrapped()
    with torch.no_grad():
        values = module.compute_values(batch, module.forward_train(batch).get(Columns.EMBEDDINGS))
    targets, mask = batch[Postprocessing.VALUE_TARGETS], batch.get(Columns.LOSS_MASK, ...)
    return float(1 - (targets - values)[mask].var() / targets[mask].var())


@pytest.mark.parametrize("model", [{}, LSTM["model"]])
def test_a_value_function_that_sees_the_arena_explains_what_other_agents_alone_can_see(model: dict[str, Any]) -> None:
    settings = {"training": {"lr": 3e-3, "gamma": 0.0}, "model": {"hiddens": [32], **model}}
    assert abs(explained_variance(HIDDEN, critic("own", **settings), 6)) < 0.2
    assert explained_variance(HIDDEN, critic("arena", **settings), 6) > 0.9


CREW = TeamGameOpener((make_group("scout", 1, make_layout()), make_group("miner", 2, make_layout())), lengths=(2, 7, 7))


def test_an_agent_that_ended_early_is_followed_by_the_value_of_its_team() -> None:
    runner, learner = make_learner(CREW, critic("team", model={"hiddens": [8]}))
    episodes = group_by_policy(runner.sample(num_timesteps=21))
    modules: dict[str, PolicyModule] = {policy: learner.module[policy].unwrapped() for policy in episodes}
    configs = {policy: learner.config.get_config_for_module(policy) for policy in episodes}
    batches: Mapping[str, Any] = make_joint_batches(modules, episodes, configs)
    view = JointView.of(episodes)
    # The scout's part ends with decision 1. Both miners, whose batch has 7 rows each, play on with decision 2.
    with torch.no_grad():
        mates = modules["miner"].compute_values(batches["miner"])[[2, 9]]
    target = batches["scout"][Postprocessing.VALUE_TARGETS][1]
    assert target == pytest.approx(0.99 * float(mates.mean()), abs=1e-6)
    assert [len(seen) for seen in seen_by(view, "scout", ["scout", "miner"])] == [2, 2, 2]
    # The miners end together, and nothing follows.
    assert batches["miner"][Postprocessing.VALUE_TARGETS][[6, 13]].tolist() == pytest.approx([1.0, 1.0], abs=1e-6)


def test_what_a_team_earns_after_an_agents_end_is_part_of_the_agents_value() -> None:
    def value_of_scout(scope: str) -> float:
        torch.manual_seed(1)
        runner, learner = make_learner(CREW, critic(scope, training={"lr": 3e-3, "gamma": 0.9}))
        for _ in range(12):
            learner.update(
                training_data=TrainingData(episodes=runner.sample(num_timesteps=210)),
                timesteps={},
                num_epochs=6,
                minibatch_size=100,
            )
        batch = learner._make_batches(runner.sample(num_timesteps=210))["scout"]
        return learner.module["scout"].unwrapped().compute_values(batch).mean().item()  # type: ignore[no-any-return]

    # The team is paid 1 in its 7th decision: 0.9^6 and 0.9^5 seen from the scout's two decisions.
    assert value_of_scout("team") == pytest.approx((0.9**6 + 0.9**5) / 2, abs=0.12)
    assert value_of_scout("own") == pytest.approx(0.0, abs=0.05)


def test_runners_get_no_more_weights_and_play_the_same() -> None:
    def played(scope: str) -> tuple[set[str], list[SingleAgentEpisode], int]:
        torch.manual_seed(5)
        runner, learner = make_learner(FakeGameOpener(MIXED, arenas=2, seed=4), critic(scope))
        weights = learner.module.get_state(inference_only=True)
        runner.module.set_state(weights)
        episodes = runner.sample(num_timesteps=200)
        return {f"{p}.{name}" for p, own in weights.items() for name in own}, episodes, len(pickle.dumps(episodes))

    own, arena = played("own"), played("arena")
    assert own[0] == arena[0]
    assert not any(episode.custom_data for episode in own[1])
    assert len(own[1]) == len(arena[1])
    # What others saw is not sent again: a piece has its place beside its arrays.
    assert (arena[2] - own[2]) / len(own[1]) < 64


def test_without_such_a_value_function_batches_are_as_they_were() -> None:
    runner, learner = make_learner(FakeGameOpener(MIXED, arenas=2, lengths=(4, 6)), critic("own"))
    episodes = runner.sample(num_timesteps=300)
    batches = learner._make_batches(episodes)
    for policy, own in group_by_policy(episodes).items():
        module = learner.module[policy].unwrapped()
        assert JOINT not in batches[policy]
        assert not hasattr(module, "critic") or module.critic is None
        alone = make_train_batch(module, own, 0.99, 0.95, judge(module, own))
        for column, values in alone.items():
            torch.testing.assert_close(batches[policy][column], values, rtol=0, atol=0)


def test_policies_that_do_not_learn_are_seen_too() -> None:
    config = critic("arena", policies_to_train=["doer"], training={"lr": 3e-3, "gamma": 0.0})
    assert explained_variance(HIDDEN, config, 6) > 0.9
