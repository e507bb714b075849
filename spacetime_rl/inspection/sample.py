"""Play random episodes of a game and gather statistics of its data."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import PolicyPlan, assign_policies, make_launch
from spacetime_rl.errors import ActionError, ObservationError
from spacetime_rl.evaluation.evaluate import Open
from spacetime_rl.evaluation.play import EvaluationWorker
from spacetime_rl.evaluation.sources import RandomSource
from spacetime_rl.game.api import Game, StepResult
from spacetime_rl.game.client import open_game
from spacetime_rl.game.spec import STOCK_WIRE, GameSpec
from spacetime_rl.inspection.columns import Columns
from spacetime_rl.inspection.effects import find_idle_actions
from spacetime_rl.inspection.entities import EntityList


@dataclass(slots=True)
class PolicySample:
    """The data of one policy's agents. `ended` holds their metrics at the end of each episode, by metric."""

    plan: PolicyPlan
    observations: Columns
    rewards: Columns = field(default_factory=lambda: Columns(1))
    entities: list[EntityList] = field(default_factory=list)
    ended: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    truncated: int = 0
    idle_actions: tuple[str, ...] = ()

    @classmethod
    def of(cls, plan: PolicyPlan) -> PolicySample:
        """An empty sample of a policy."""
        lists = [EntityList(begin, listed) for begin, listed in plan.layout.entity_lists.items()]
        return cls(plan, Columns(plan.layout.obs_dim), entities=lists)

    @property
    def episodes(self) -> int:
        """The number of finished episodes, counted per agent."""
        return len(self.ended.get("length", ()))


@dataclass(slots=True)
class Sample:
    """The data of all policies. `fault` is the error that ended the sample early, such as NaN; None without one."""

    spec: GameSpec
    policies: list[PolicySample]
    decisions: int = 0
    elapsed_s: float = 0.0
    fault: str | None = None


def play_random(config: RunConfig, time_s: float, decisions: int, opener: Open | None = None) -> Sample:
    """Play for `time_s` seconds or `decisions` decisions, whichever ends first. Raises GameError, ContractError."""
    launch = replace(make_launch(config), name="inspect")
    with (opener or open_game)(launch) as game:
        plans = assign_policies(game.spec, config)
        sample = Sample(game.spec, [PolicySample.of(plan) for plan in plans])
        try:
            began = time.monotonic()
            _play(game, sample, launch.seed, began + time_s, decisions)
            sample.elapsed_s = time.monotonic() - began
            for policy in sample.policies:
                policy.idle_actions = find_idle_actions(game, plans, policy.plan, launch.seed, time_s / 2.0)
        except (ObservationError, ActionError) as error:
            sample.fault = error.headline
    return sample


def _play(game: Game, sample: Sample, seed: int, until: float, decisions: int) -> None:
    spec = sample.spec
    plans = [policy.plan for policy in sample.policies]
    each_alone = spec.wire == STOCK_WIRE
    worker = EvaluationWorker(spec, plans, RandomSource().make_actors(spec, plans, seed, False), each_alone)
    stride = spec.num_agents if each_alone else spec.arenas
    state = game.reset(seed, 0, stride)
    worker.reset(0, stride)
    _observe(sample, state)
    while sample.decisions < decisions and time.monotonic() < until:
        acted = state.active.copy()
        state = game.step(worker.act(state))
        sample.decisions += 1
        _observe(sample, state)
        _collect(sample, worker, state, acted)


def _observe(sample: Sample, state: StepResult) -> None:
    for policy in sample.policies:
        rows = state.active[policy.plan.agents]
        seen = policy.plan.gather(state.observations)[rows]
        policy.observations.add(seen)
        for entities in policy.entities:
            entities.add(seen)


def _collect(sample: Sample, worker: EvaluationWorker, state: StepResult, acted: NDArray[np.bool_]) -> None:
    for policy in sample.policies:
        agents = policy.plan.agents
        policy.rewards.add(state.rewards[agents[acted[agents]], None])
    whose = {int(agent): policy for policy in sample.policies for agent in policy.plan.agents} if state.ended else {}
    for ended in state.ended:
        worker.end(ended)
        policy = whose[ended.agent]
        policy.truncated += bool(state.truncated[ended.agent])
        for name, value in ended.metrics.items():
            policy.ended[name].append(value)
