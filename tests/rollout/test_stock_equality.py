"""Our runner and learner batches beside RLlib's own, on the same deterministic game and networks."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing
from support.fake_runs import LSTM, MIXED, by_agent, make_config, make_ppo, make_runner, make_stock_runner
from support.toy_game import FakeGameOpener

from spacetime_rl.learning.batches.gae import make_train_batch
from spacetime_rl.modules.numpy_forward import NumpyForward

NETWORKS: dict[str, dict[str, Any]] = {
    "stateless": {},
    "recurrent": {"policies": {"giver": LSTM, "taker": LSTM}},
    "one of each": {"policies": {"giver": LSTM}},
}
STEPS = 23


def joined(pieces: list[Any], column: str) -> np.ndarray:
    return np.concatenate([np.asarray(getattr(piece, f"get_{column}")()) for piece in pieces])


# RLlib leaves agents that wait out of its forward pass and gives recurrent ones a time axis: that rounds differently.
@pytest.mark.parametrize(
    ("network", "lengths", "tolerance"),
    [("stateless", (6,), 0.0), ("stateless", (5, 7), 1e-6), ("recurrent", (6,), 1e-6), ("one of each", (5, 7), 1e-6)],
)
def test_greedy_sampling_does_what_rllibs_runner_does(
    network: str, lengths: tuple[int, ...], tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener, config = FakeGameOpener(MIXED, lengths=lengths, seed=2), make_config(**NETWORKS[network])
    monkeypatch.setattr(NumpyForward, "of", lambda _: None)  # agrees with torch to rounding; torch is RLlib's
    ours, stock = make_runner(opener, config), make_stock_runner(opener, config)
    stock.set_state({"rl_module": ours.get_state(components="rl_module")["rl_module"]})

    mine = by_agent(ours.sample(num_timesteps=STEPS * 5, explore=False))
    episodes = stock.sample(num_timesteps=STEPS * 5, explore=False)
    theirs = by_agent([agent.to_numpy() for episode in episodes for agent in episode.agent_episodes.values()])

    assert mine.keys() == theirs.keys()
    for agent, pieces in mine.items():
        steps = min(sum(len(p) for p in pieces), sum(len(p) for p in theirs[agent]))
        for column in ("observations", "actions", "rewards"):
            a, b = joined(pieces, column)[:steps], joined(theirs[agent], column)[:steps]
            np.testing.assert_allclose(a, b, rtol=0, atol=tolerance, err_msg=f"{agent} {column}")
        # RLlib calls a whole episode terminated, too, when its agents are truncated one after the other.
        endings = [(len(p), p.is_truncated) for p in pieces if p.is_done]
        assert endings == [(len(p), p.is_truncated) for p in theirs[agent] if p.is_done][: len(endings)]


def test_log_probabilities_of_sampled_actions_are_those_of_the_torch_distribution() -> None:
    runner = make_runner(FakeGameOpener(MIXED, arenas=2))
    for episode in runner.sample(num_timesteps=100, explore=True):
        distribution = (
            runner.module[episode.module_id]
            .get_exploration_action_dist_cls()
            .from_logits(torch.from_numpy(episode.extra_model_outputs[Columns.ACTION_DIST_INPUTS].data))
        )
        logps = distribution.logp(torch.from_numpy(episode.actions.data))
        np.testing.assert_allclose(logps, episode.extra_model_outputs[Columns.ACTION_LOGP].data, atol=1e-5)


@pytest.mark.parametrize("network", NETWORKS)
def test_train_batches_equal_those_of_rllibs_learner_pipeline(network: str) -> None:
    opener, config = FakeGameOpener(MIXED, arenas=2, lengths=(5, 7, 9)), make_config(**NETWORKS[network])
    runner = make_runner(opener, config)
    ppo = make_ppo(opener, config)
    ppo.learners(add_default_connectors_to_learner_pipeline=True, learner_class=PPOTorchLearner)
    learner = ppo.build_learner(spaces=runner.get_spaces())
    runner.sample(num_timesteps=110)  # so that some of the pieces below go on from an earlier one
    episodes = runner.sample(num_timesteps=220)

    ours: dict[str, Mapping[str, Any]] = {
        policy: make_train_batch(learner.module[policy], [e for e in episodes if e.module_id == policy], 0.99, 0.95)
        for policy in ("giver", "taker")
    }
    theirs = learner._learner_connector(
        rl_module=learner.module, batch={}, episodes=copy.deepcopy(episodes), shared_data={}, metrics=learner.metrics
    )

    for policy, mine in ours.items():
        real = theirs[policy][Columns.LOSS_MASK]
        mask = mine.get(Columns.LOSS_MASK, slice(None))
        for column in (Columns.OBS, Columns.ACTIONS, Columns.ACTION_LOGP, Columns.ACTION_DIST_INPUTS):
            torch.testing.assert_close(mine[column][mask], theirs[policy][column][real], rtol=0, atol=0)
        targets = Postprocessing.VALUE_TARGETS
        torch.testing.assert_close(mine[targets][mask], theirs[policy][targets][real], rtol=0, atol=1e-5)
        if Columns.STATE_IN in mine:
            begun = real[:, 0]  # RLlib's sequences may hold nothing but its made-up last step
            for key, state in mine[Columns.STATE_IN].items():
                torch.testing.assert_close(state, theirs[policy][Columns.STATE_IN][key][begun], rtol=0, atol=0)
