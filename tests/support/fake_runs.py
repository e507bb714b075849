"""Runners and learners over fake games, as a run would build them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import assign_policies
from spacetime_rl.learning.build import make_algorithm_config
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.rollout.sides import plan_matches
from spacetime_rl.runs.checkpoint import CheckpointMetadata
from spacetime_rl.sizing.settle import settle_sizes
from support.toy_game import FakeGameOpener, make_group, make_launch, make_layout

LSTM = {"model": {"lstm": {"cell_size": 8, "max_seq_len": 4}}}
MIXED = (make_group("giver", 2, make_layout(3, 2)), make_group("taker", 3, make_layout(4, 1, 3)))


def make_config(**sections: Any) -> RunConfig:
    defaults: dict[str, Any] = {
        "scenario": {"name": "fake"},
        "game": {"arenas": 1},
        "rollout": {"runners": 0, "games_per_runner": 1},
        "training": {"train_batch_size": 100, "minibatch_size": 50},
        "model": {"hiddens": [16]},
        "seed": 3,
    }
    return RunConfig.model_validate({**defaults, **sections})


def make_plan(opener: FakeGameOpener, config: RunConfig, **changes: Any) -> RolloutPlan:
    policies = assign_policies(opener.spec, config)
    matches = plan_matches(config, opener.spec, policies)
    scripts = matches is not None and matches.has_scripts
    plan = RolloutPlan(
        make_launch(seed=1, nan_asks_script=scripts),
        opener.spec,
        policies,
        matches=matches,
        seed=config.seed,
        open=opener,
    )
    return replace(settle_sizes(config, plan, nodes=[1])[1], **changes)


def make_ppo(opener: FakeGameOpener, config: RunConfig, **changes: Any) -> PPOConfig:
    metadata = CheckpointMetadata("run", config.to_dict(), opener.spec.to_dict(), {"spacetime-rl": "0"})
    return make_algorithm_config(config, make_plan(opener, config, **changes), metadata)


def make_runner(opener: FakeGameOpener, config: RunConfig | None = None, **changes: Any) -> GameEnvRunner:
    return GameEnvRunner(make_ppo(opener, config or make_config(), **changes), worker_index=0)


def make_stock_runner(opener: FakeGameOpener, config: RunConfig) -> MultiAgentEnvRunner:
    """RLlib's own runner over the same games and networks."""
    ppo = make_ppo(opener, config)
    ppo.env_runners(
        add_default_connectors_to_env_to_module_pipeline=True, add_default_connectors_to_module_to_env_pipeline=True
    )
    return MultiAgentEnvRunner(ppo, worker_index=0)


def by_agent(episodes: list[SingleAgentEpisode]) -> dict[str, list[SingleAgentEpisode]]:
    agents: dict[str, list[SingleAgentEpisode]] = {}
    for episode in episodes:
        agents.setdefault(episode.agent_id, []).append(episode)
    return agents
