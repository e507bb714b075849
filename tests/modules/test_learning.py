"""The modules learn through RLlib's own PPO learner and its connector pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.rl_module import DEFAULT_MODULE_ID
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.config.policy import LstmConfig, ModelConfig
from spacetime_rl.game.spec import ActionField, ObservationField, PolicyLayout
from spacetime_rl.modules.policy import PolicyModule
from spacetime_rl.modules.spec import make_module_spec, make_spaces

LENGTH = 5
RECALL = PolicyLayout(
    (ObservationField("cue", 1), ObservationField("now", 1)),
    (),
    (ActionField("side", "discrete", 2), ActionField("level", "continuous", 1)),
)


def play_recall(
    module: PolicyModule, rng: np.random.Generator, episodes: int
) -> tuple[list[SingleAgentEpisode], float]:
    """A cue at the first step is asked for at the last one: by its side as a choice, and by its level."""
    cue = rng.choice([-1.0, 1.0], episodes)
    state = {key: zeros.repeat(episodes, 1) for key, zeros in module.get_initial_state().items()}
    observations, outputs = [], []
    for t in range(LENGTH + 1):
        obs = np.zeros((episodes, 2), np.float32)
        obs[:, 0], obs[:, 1] = cue * (t == 0), t == LENGTH - 1
        observations.append(obs)
        if t == LENGTH:
            break
        batch = {Columns.OBS: torch.from_numpy(obs)} | ({Columns.STATE_IN: state} if state else {})
        output = module.forward_exploration(batch)
        dist = module.get_exploration_action_dist_cls().from_logits(output[Columns.ACTION_DIST_INPUTS])
        action = dist.sample()
        state = output.get(Columns.STATE_OUT, {})
        outputs.append({Columns.ACTIONS: action, Columns.ACTION_LOGP: dist.logp(action)} | output)
    last = outputs[-1][Columns.ACTIONS].numpy()
    reward = 1.0 * (last[:, 0] == (cue > 0)) - np.abs(last[:, 1] - cue)
    return [_episode(observations, outputs, reward, i) for i in range(episodes)], float(reward.mean())


def _episode(observations: list[Any], outputs: list[dict[str, Any]], reward: Any, i: int) -> SingleAgentEpisode:
    keys = [key for key in (Columns.ACTION_LOGP, Columns.ACTION_DIST_INPUTS, Columns.STATE_OUT) if key in outputs[0]]
    extra = {key: [_row(output[key], i) for output in outputs] for key in keys}
    return SingleAgentEpisode(
        observations=[obs[i] for obs in observations],
        actions=[output[Columns.ACTIONS][i].numpy() for output in outputs],
        rewards=[0.0] * (LENGTH - 1) + [float(reward[i])],
        extra_model_outputs=extra,
        terminated=True,
        len_lookback_buffer=0,
    ).to_numpy()


def _row(value: Any, i: int) -> Any:
    return {key: part[i].numpy() for key, part in value.items()} if isinstance(value, dict) else value[i].numpy()


def learn_recall(model: ModelConfig, updates: int) -> float:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    config = PPOConfig().training(lr=2e-3, lambda_=0.95, grad_clip=0.5, use_kl_loss=False)
    observation_space, action_space = make_spaces(RECALL)
    config.environment(observation_space=observation_space, action_space=action_space)
    config.rl_module(rl_module_spec=make_module_spec(RECALL, model))
    learner = config.build_learner(spaces={DEFAULT_MODULE_ID: (observation_space, action_space)})
    module = learner.module[DEFAULT_MODULE_ID]
    for _ in range(updates):
        episodes, score = play_recall(module, rng, 64)
        learner.update(episodes=episodes, timesteps={}, num_epochs=4, minibatch_size=160)
        module.update_normalizer(torch.from_numpy(np.concatenate([e.get_observations() for e in episodes])))
    return score


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small only lose by more threads, most of all on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(("lstm", "learns"), [(LstmConfig(cell_size=16, max_seq_len=3), True), (None, False)])
def test_a_recurrent_policy_learns_what_only_memory_can_solve(lstm: LstmConfig | None, learns: bool) -> None:
    # The sequences are shorter than the episode, so the state has to travel from one to the next.
    score = learn_recall(ModelConfig(hiddens=(16,), lstm=lstm), updates=20)

    assert (score > 0.2) is learns  # the best without memory is a coin's 0.5 minus an error of 1.0
