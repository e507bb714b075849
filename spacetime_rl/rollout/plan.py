"""Everything that env runners play, as one picklable value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from spacetime_rl.contract import PolicyPlan
from spacetime_rl.episodes.recorder import Recorder
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.rollout.lesson import Lesson
from spacetime_rl.rollout.reward_hook import HookPlace
from spacetime_rl.rollout.sides import MatchPlan

MAIN_PROCESS_CPUS = 0.5  # CPUs that a trial reserves beside its runners: it learns while they wait
PLAN = "rollout_plan"  # the key of RLlib's `config.env_config` under which runners find the plan


@dataclass(frozen=True, slots=True)
class Visitors:
    """Games that connect by themselves: the classes that learn from them and serve them, and where they connect."""

    algorithm: type[Any]
    runner: type[Any]
    settings: Any


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """The games of all env runners of a run, and the policies that play them."""

    launch: GameLaunch
    spec: GameSpec
    policies: tuple[PolicyPlan, ...]
    lessons: tuple[Lesson, ...] = ()
    reward_hook: HookPlace | None = None
    matches: MatchPlan | None = None  # None without a league
    runners: int = 0  # number of remote runners; 0 plays inside the training process
    games: int = 1  # per runner
    cpus_per_runner: float = 0.5
    seed: int = 0
    max_lifetime_restarts: int = 100
    restarts_rate_limit_n: int = 10
    restarts_rate_limit_period_s: float = 60.0
    viz: bool = False  # the first game is shown in a window
    via_http: str | None = None  # the HTTP API of a game that somebody else started
    http_token: str | None = field(default=None, repr=False)  # for it; runners may have another environment
    reload_scene_every: int | None = None  # agent steps of a game
    max_growth_mb: float | None = None  # in MB of resident memory; a game that grew more is replaced
    recorder: Recorder | None = None  # receives every `record_every`-th episode of each game
    record_every: int = 1
    open: Callable[[GameLaunch], Game] = open_game
    visitors: Visitors | None = None  # they play in place of our own games

    def for_trial(self, trial: str) -> RolloutPlan:
        """The same plan, with the games' logs and recorded episodes in folders of the trial's own."""
        log_dir, recorder = self.launch.log_dir, self.recorder
        return replace(
            self,
            launch=replace(self.launch, log_dir=log_dir and log_dir / trial),
            recorder=recorder and replace(recorder, folder=recorder.folder / trial),
        )

    @property
    def scripted_agents(self) -> frozenset[int]:
        """The agents, in the global order, that the game's own scripts play."""
        scripted = (policy.agents for policy in self.policies if policy.name in self.launch.scripted)
        return frozenset(int(agent) for agents in scripted for agent in agents)

    def game_seed(self, *where: int) -> int:
        """The seed of one game, from the run's seed and the game's place in the run (worker, game, restart ...).

        Never derived from RLlib's `vector_index`, which is always 0.
        """
        return int(np.random.SeedSequence([self.seed, *where]).generate_state(1, np.uint64)[0] >> 1)

    def policy_of(self, agent: str, *_: object) -> str:
        """The policy that controls the agent with this global id, as RLlib's `policy_mapping_fn` requires."""
        index = self.spec.agent_ids.index(agent)
        return next(policy.name for policy in self.policies if index in policy.agents)
