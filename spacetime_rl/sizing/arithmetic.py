"""Computes the sizes that a configuration leaves `auto` from measured costs: pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from spacetime_rl.rollout.plan import MAIN_PROCESS_CPUS

MOST_GAMES = 4  # of one runner, which needs about a fifth of a game's time for each
MIN_FRAGMENT = 32  # in decisions; in shorter pieces of episodes, the advantages depend mostly on the value function
LEARNER_SHARE = 3.0  # learning may take at most this multiple of sampling's time; measured, see docs/training.md
# Share of the best throughput: fewer arenas load the machine less, and a batch holds longer pieces of episodes.
GOOD_ENOUGH = 0.9


@dataclass(frozen=True, slots=True)
class Cost:
    """The measured cost of one decision of a game with `arenas` arenas, in seconds of the game and of the runner."""

    arenas: int
    agents: int
    game_s: float
    runner_s: float

    @property
    def agent_steps_per_core_s(self) -> float:
        """Agent steps per second of one core."""
        return self.agents / (self.game_s + self.runner_s)


@dataclass(frozen=True, slots=True)
class BatchSizes:
    """PPO's sizes: agent steps per iteration, agent steps per gradient step, passes over the batch."""

    batch: int
    minibatch: int
    epochs: int


# From the least learning per agent step to the most. Smaller batches update the policy more times with the same
# steps, and smaller minibatches take more gradient steps from them. Batches of 512 learned two of six games faster, and
# failed in one run of three of another. Measured: docs/decisions/0028.
RUNGS = (
    BatchSizes(8192, 1024, 4),
    BatchSizes(8192, 512, 6),
    BatchSizes(4096, 256, 10),
    BatchSizes(2048, 128, 10),
    BatchSizes(1024, 128, 10),
)


@dataclass(frozen=True, slots=True)
class LearnerCost:
    """The learner's measured cost in seconds: per gradient step, and per agent step in it."""

    per_gradient_step_s: float
    per_agent_step_s: float

    def of(self, sizes: BatchSizes) -> float:
        """Seconds of learning per agent step of a batch."""
        return sizes.epochs * (self.per_agent_step_s + self.per_gradient_step_s / sizes.minibatch)


def fit_learner_cost(minibatches: tuple[int, int], seconds_per_agent_step: tuple[float, float]) -> LearnerCost:
    """The line through two measurements of one epoch: seconds per agent step with minibatches of two sizes."""
    (small, large), (slow, fast) = minibatches, seconds_per_agent_step
    per_gradient_step_s = max(0.0, slow - fast) / (1.0 / small - 1.0 / large)
    return LearnerCost(per_gradient_step_s, max(0.0, fast - per_gradient_step_s / large))


def choose_batch(
    sampling_s: float, learner: LearnerCost, smallest: int, minibatch: int | None = None, epochs: int | None = None
) -> BatchSizes:
    """The sizes that learn most per agent step without slowing sampling down too much; given sizes stay.

    `sampling_s` is the wall-clock time in seconds in which all runners together play one agent step. A batch has at
    least `smallest` agent steps, so that every game's fragment has `MIN_FRAGMENT` decisions.
    """
    rungs = [BatchSizes(rung.batch, minibatch or rung.minibatch, epochs or rung.epochs) for rung in RUNGS]
    fitting = [rung for rung in rungs if rung.batch >= max(smallest, rung.minibatch)] or rungs[:1]
    affordable = [rung for rung in fitting if learner.of(rung) <= LEARNER_SHARE * sampling_s]
    return affordable[-1] if affordable else fitting[0]


def choose_arenas(costs: Sequence[Cost], batch: int) -> int:
    """The fewest arenas with nearly the best throughput, among those whose fragments are long enough."""
    fitting = [cost for cost in costs if cost.agents * MIN_FRAGMENT <= batch] or [min(costs, key=lambda c: c.agents)]
    best = max(cost.agent_steps_per_core_s for cost in fitting)
    return min(cost.arenas for cost in fitting if cost.agent_steps_per_core_s >= GOOD_ENOUGH * best)


def choose_runners(
    agents: int, cores: int, batch: int, runners: int | None = None, games: int | None = None
) -> tuple[int, int]:
    """Numbers of runners, and of games per runner, for games of `agents` agents; given numbers stay.

    By default one runner with one game per core: runner and game wait for each other, and neither more games per runner
    nor fewer runners with more games were faster when measured. With fewer runners given, each gets more games, so that
    these use the other cores. A batch of `batch` agent steps has to leave every game a fragment of `MIN_FRAGMENT`
    decisions.
    """
    most_games = max(1, batch // (agents * MIN_FRAGMENT))
    if runners is None:
        runners = min(max(1, cores), max(1, most_games // (games or 1)))
    if games is None:
        own = max(1, runners)  # 0 plays inside the training process
        games = max(1, min(MOST_GAMES, cores // own, most_games // own))
    return runners, games


def share_cores(nodes: Sequence[float], runners: int, games: int, trials: int = 1, processes: int = 1) -> float:
    """CPU cores that Ray reserves for each runner: one per game, or less if not all runners would fit.

    `nodes` are the cores of each node. All runners of `trials` trials and the trials' other `processes` share them, and
    a runner has to find its cores on one node.
    """
    left = [float(cores) for cores in nodes]
    for _ in range(trials * processes):
        left[left.index(max(left))] -= MAIN_PROCESS_CPUS
    wanted = trials * max(1, runners)
    shares = {cores / many for cores in left for many in range(1, wanted + 1)}
    # 1e-9 and 1e-6 absorb rounding; the result is rounded down to hundredths, of which a runner needs at least one.
    fitting = [share for share in shares if share > 0 and sum(int(cores / share + 1e-9) for cores in left) >= wanted]
    return max(0.01, math.floor(100 * min(float(games), max(fitting, default=0.0)) + 1e-6) / 100)
