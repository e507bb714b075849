"""The env runner: RLlib's multi-agent runner over batched games instead of dictionaries of agents."""

from __future__ import annotations

import math
from typing import Any

import gymnasium as gym
import numpy as np
import psutil
import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.env import INPUT_ENV_SINGLE_SPACES, INPUT_ENV_SPACES
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from threadpoolctl import threadpool_limits

from spacetime_rl.game.restarts import RestartBudget
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.spec import make_spaces
from spacetime_rl.notices import collect_warnings
from spacetime_rl.rollout.actor import PolicyActor
from spacetime_rl.rollout.callbacks import RunnerCallbacks
from spacetime_rl.rollout.directive import Directive
from spacetime_rl.rollout.driver_liveness import end_with_driver
from spacetime_rl.rollout.frozen import FrozenPlayers
from spacetime_rl.rollout.matches import MatchResult
from spacetime_rl.rollout.metrics import RunnerMetrics
from spacetime_rl.rollout.plan import PLAN, RolloutPlan
from spacetime_rl.rollout.policy_slot import Decide
from spacetime_rl.rollout.recording import Fragment
from spacetime_rl.rollout.reward_hook import RewardHook
from spacetime_rl.rollout.sampler import GameSampler, play_together
from spacetime_rl.rollout.seeding import seed_process

# Added to the index of evaluation runners, so that their seeds differ from those of training runners.
_EVALUATION = 1_000_000
_FROZEN = 1  # tells the generator of frozen players' actions from that of the learning policies'


class GameEnvRunner(MultiAgentEnvRunner):  # type: ignore[misc]
    """Samples from the games of a `RolloutPlan`: one forward pass per policy and decision, no Python per agent.

    `sample()` returns SingleAgentEpisodes, one per agent and episode or piece of an episode. Its `num_timesteps` are
    agent steps over all policies: each game plays the number of decisions that yields at least this many if every agent
    is active.
    """

    def __init__(self, config: AlgorithmConfig, **kwargs: Any) -> None:
        end_with_driver()
        self.notices = collect_warnings()
        self._plan: RolloutPlan = config.env_config[PLAN]
        self._samplers: list[GameSampler] = []
        worker = int(kwargs.get("worker_index") or 0)
        if config.in_evaluation:  # other games than those of the training runner with the same index
            worker += _EVALUATION
        seed_process(self._plan.seed, worker)
        super().__init__(config, **kwargs)
        # Runners share the machine. Each gets one core, and its matrix products are too small to gain from more.
        threadpool_limits(1, user_api="blas")
        if worker:
            torch.set_num_threads(1)
        rng = np.random.default_rng([self._plan.seed, worker])
        actors = [PolicyActor(self.module[policy.name], policy.layout, rng) for policy in self._plan.policies]
        budget = RestartBudget(
            self._plan.max_lifetime_restarts,
            self._plan.restarts_rate_limit_n,
            self._plan.restarts_rate_limit_period_s,
        )
        self._runner_callbacks = RunnerCallbacks(self, self._callbacks)
        opened = self._runner_callbacks.game_opened
        hook = RewardHook(self._plan.reward_hook) if self._plan.reward_hook else None
        self._matches: list[MatchResult] = []
        self._frozen = self._make_frozen(worker) if self._plan.matches else None
        joint = any(self.module[policy.name].model_config.get("critic") for policy in self._plan.policies)
        self._samplers = [
            GameSampler(self._plan, actors, worker, game, budget, opened, hook, self._frozen, joint)
            for game in range(self._plan.games)
        ]
        window = math.ceil(self.config.metrics_num_episodes_for_smoothing / (self.config.num_env_runners or 1))
        self._runner_metrics = RunnerMetrics(self.metrics, self._plan, max(1, window))
        self._process = psutil.Process()

    def make_env(self) -> None:
        """Give RLlib the spaces of the games; a game is opened only when it is first played."""
        self.stop()
        self.env = _GameSpaces(self._plan)
        self.num_envs = 1

    def make_module(self) -> None:
        """Build every policy without the parts that only the learner needs."""
        spec = self.config.get_multi_rl_module_spec(spaces=self.get_spaces(), inference_only=True)
        for policy in spec.rl_module_specs.values():
            policy.inference_only = True
        self.module = spec.build()

    def get_spaces(self) -> dict[str, Any]:
        """The spaces of every policy's module, by name."""
        spaces = _GameSpaces(self._plan)
        both = (spaces.observation_space, spaces.action_space)
        return {INPUT_ENV_SPACES: both, INPUT_ENV_SINGLE_SPACES: both, **spaces.by_policy}

    def follow(self, directive: Directive) -> None:
        """Play as the directive requests, from every arena's next episode on. Without lessons it changes nothing."""
        if self._frozen is not None:
            self._frozen.follow(directive.opponents)
        for sampler in self._samplers:
            sampler.follow(directive)

    def take_matches(self) -> tuple[MatchResult, ...]:
        """The matches of a league that ended since the last call."""
        taken, self._matches = tuple(self._matches), []
        return taken

    def get_metrics(self) -> Any:
        """The metrics that were logged since the last call."""
        return self.metrics.reduce()

    def stop(self) -> None:
        """End the games."""
        for sampler in self._samplers:
            sampler.close()

    def _sample(
        self,
        *,
        num_timesteps: int | None = None,
        num_episodes: int | None = None,
        explore: bool,
        random_actions: bool = False,
        force_reset: bool = False,
    ) -> list[SingleAgentEpisode]:
        decide = PolicyActor.decide_randomly if random_actions else _DECIDE[explore]
        if force_reset or num_episodes is not None:
            for sampler in self._samplers:
                sampler.begin_episodes()
        if num_episodes is None:
            return self._collect(self._decisions(num_timesteps or 0), decide)
        finished: list[SingleAgentEpisode] = []
        steps = self._decisions(self.config.get_rollout_fragment_length(self.worker_index))
        while len(finished) < num_episodes:
            pieces = self._collect(steps, decide)
            finished += [piece for piece in pieces if piece.is_done]
        return finished

    def _make_frozen(self, worker: int) -> FrozenPlayers:
        specs = self.config.get_multi_rl_module_spec(spaces=self.get_spaces(), inference_only=True).rl_module_specs

        def build(policy: str) -> ActingModule:
            specs[policy].inference_only = True
            module: ActingModule = specs[policy].build()
            return module

        layouts = {policy.name: policy.layout for policy in self._plan.policies}
        return FrozenPlayers(build, layouts, np.random.default_rng([self._plan.seed, worker, _FROZEN]))

    def _decisions(self, agent_steps: int) -> int:
        """Decisions of all games that yield at least `agent_steps` if every agent is active."""
        return max(1, math.ceil(agent_steps / (self._plan.spec.num_agents * self._plan.games)))

    def _collect(self, steps: int, decide: Decide) -> list[SingleAgentEpisode]:
        played = int(self.num_env_steps_sampled_lifetime)
        before = self._faults()
        fragments = self._play(steps, decide, played)
        self.num_env_steps_sampled_lifetime += steps * len(fragments)
        restarts, recycled, downtime_s, errors = (now - then for now, then in zip(self._faults(), before, strict=True))
        self._matches += [match for fragment in fragments for match in fragment.matches]
        self._runner_metrics.log(fragments)
        self._runner_metrics.log_health(int(restarts), int(recycled), downtime_s, int(errors), *self._memory())
        self._log_env_steps(metric=self._metrics_num_env_steps_sampled, num_steps=steps * len(fragments))
        for game, fragment in enumerate(fragments):
            self._runner_callbacks.fragment_played(game, fragment.episodes)
        return [episode for fragment in fragments for episode in fragment.episodes]

    def _play(self, steps: int, decide: Decide, played: int) -> list[Fragment]:
        """One fragment of every game."""
        return play_together([sampler.collect(steps, decide, played) for sampler in self._samplers])

    def _faults(self) -> tuple[float, float, float, float]:
        own = self._samplers
        counts = (sum(s.restarts for s in own), sum(s.recycled for s in own), sum(s.downtime_s for s in own))
        return *counts, sum(s.script_errors for s in own)

    def _memory(self) -> tuple[float, float]:
        """Resident memory of this process and its games in MB, and the growth of the fastest growing game in MB/h."""
        games = [sampler.memory for sampler in self._samplers if sampler.memory]
        own_mb = self._process.memory_info().rss / 2**20
        return own_mb + sum(game.rss_mb for game in games), max((game.slope_mb_per_h for game in games), default=0.0)


_DECIDE: dict[bool, Decide] = {True: PolicyActor.decide, False: PolicyActor.decide_greedily}


class _GameSpaces:
    """The spaces that RLlib reads from an env, by policy."""

    def __init__(self, plan: RolloutPlan) -> None:
        self.unwrapped = self
        self.by_policy = {policy.name: make_spaces(policy.layout) for policy in plan.policies}
        self.observation_space = gym.spaces.Dict({name: spaces[0] for name, spaces in self.by_policy.items()})
        self.action_space = gym.spaces.Dict({name: spaces[1] for name, spaces in self.by_policy.items()})
