"""Play seeded episodes on several games at the same time and report the results."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import PolicyPlan, assign_policies
from spacetime_rl.errors import GameError
from spacetime_rl.evaluation.agents import places_of, turns_of
from spacetime_rl.evaluation.clock import Clock, Progress, Rest
from spacetime_rl.evaluation.play import EvaluationWorker, play_shard
from spacetime_rl.evaluation.report import AgentResult, Bounded, EvalReport, PolicyReport, summarise, summarise_tasks
from spacetime_rl.evaluation.schedule import Shard, make_schedule
from spacetime_rl.evaluation.sources import Source
from spacetime_rl.evaluation.tape import Sink, Tape, make_tape
from spacetime_rl.game.api import TASK, Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.host.system import cpu_time_s

MAX_RESTARTS = 3  # of each game
Open = Callable[[GameLaunch], Game]

_log = logging.getLogger(__name__)


def evaluate(
    launch: GameLaunch,
    config: RunConfig,
    source: Source,
    episodes: int,
    seed: int,
    games: int,
    progress: Progress | None = None,
    open_game: Open = open_game,
    traced: int = 0,
    sink: Sink | None = None,
    rest: Rest = lambda: None,
) -> EvalReport:
    """Let the player `source` play the episodes 0 to `episodes` - 1 of `seed`, on at most `games` games at a time.

    `launch` starts the games. `config` assigns policies to agents and sets whether actions are sampled. The report
    keeps the traces of the first `traced` episodes, and `sink` receives the whole of every episode when it ends.
    `rest` is called before every decision, and may wait, so that other processes have the processor. A game that fails
    is restarted, at most `MAX_RESTARTS` times, and replays its unfinished episodes. A stock game does not
    number its episodes: each of its agents counts as an arena, and each game has its own seed. The report omits
    episodes that exceed the bounds of `config.evaluation`, and counts them in `bounded`. Raises ContractError if player
    or config do not fit the game, GameError if a game fails too often, and what `sink` raises.
    """
    if launch.attach is not None:  # there is one game
        games = 1
    launch = replace(launch, seed=seed, control=source.control, scripted=source.scripted, in_game=source.in_game)
    clock = Clock(config.evaluation, episodes, progress, rest)
    with open_game(replace(launch, name="eval-0")) as first:
        plans = assign_policies(first.spec, config)
        tape = make_tape(episodes, traced, sink)
        played = _Evaluation(launch, first.spec, plans, source, seed, open_game, tape, config.evaluation.stochastic)
        played.make_worker()  # raises ContractError before further games are started
        shards = played.split(episodes, games)
        efforts = played.play(shards, first, clock)
    results = _in_order(shards, _AgentNames.of(first.spec, plans), turns_of(plans) if played.each_alone else None)
    traces = [trace for shard in shards for trace in shard.traces.values()]
    return EvalReport(
        source=source.name,
        scenario=first.spec.scenario,
        episodes=episodes,
        seed=seed,
        overall=_summarise("overall", seed, results),
        policies=tuple(_summarise(plan.name, seed, [r for r in results if r.policy == plan.name]) for plan in plans),
        restarts=sum(len(effort.faults) for effort in efforts),
        results=results,
        traces=tuple(sorted(traces, key=lambda trace: trace.episode)),
        tasks=summarise_tasks([task.name for task in first.spec.tasks], seed, results),
        bounded=_bounded(shards),
        paired=not played.each_alone,
        faults=tuple(fault for effort in efforts for fault in effort.faults),
        exit_faults=tuple(effort.exit_fault for effort in efforts if effort.exit_fault),
        cpu_ms_a_tick=_cpu_ms_a_tick(efforts),
    )


def _summarise(policy: str, seed: int, results: Sequence[AgentResult]) -> PolicyReport:
    return summarise(policy, len({result.episode for result in results}), seed, results)


def _bounded(shards: Sequence[Shard]) -> Bounded | None:
    cut_off, not_begun = sum(shard.cut_off for shard in shards), sum(shard.not_begun for shard in shards)
    if not cut_off:
        return None
    reasons = sorted({shard.reason for shard in shards if shard.reason})
    return Bounded(shards[0].schedule.episodes - cut_off - not_begun, cut_off, not_begun, ", ".join(reasons))


@dataclass(slots=True)
class _Effort:
    """What it took to play a shard: the faults that were survived, and the processor time of the games."""

    faults: list[str] = field(default_factory=list)
    exit_fault: str = ""
    cpu_s: float = 0.0
    ticks: int = 0


def _cpu_ms_a_tick(efforts: Sequence[_Effort]) -> float | None:
    """The processor time of all games for each tick; None where the system does not say."""
    cpu_s, ticks = sum(effort.cpu_s for effort in efforts), sum(effort.ticks for effort in efforts)
    return 1e3 * cpu_s / ticks if ticks and math.isfinite(cpu_s) else None


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """The settings that all games of one evaluation share."""

    launch: GameLaunch
    spec: GameSpec
    plans: Sequence[PolicyPlan]
    source: Source
    seed: int
    open_game: Open
    tape: Tape
    stochastic: bool

    @property
    def each_alone(self) -> bool:
        """Whether every agent plays its own episodes, as in a stock game."""
        return self.spec.is_stock

    def make_worker(self) -> EvaluationWorker:
        actors = self.source.make_actors(self.spec, self.plans, self.seed, self.stochastic)
        return EvaluationWorker(self.spec, self.plans, actors, self.each_alone)

    def split(self, episodes: int, games: int) -> list[Shard]:
        arenas = self.spec.num_agents if self.each_alone else self.spec.arenas
        schedule = make_schedule(episodes, games, arenas)
        return [schedule.shard(game, self.spec.num_agents // arenas) for game in range(schedule.games)]

    def launch_of(self, game: int, games: int, restarts: int) -> GameLaunch:
        """The launch of one game. Each stock game gets its own seed: with equal seeds, two would play the same."""
        seed = self.seed + (game + games * restarts if self.each_alone else 0)
        return replace(self.launch, name=f"eval-{game}", seed=seed)

    def play(self, shards: Sequence[Shard], first: Game, clock: Clock) -> list[_Effort]:
        """Play every shard on its own game, the first shard on `first`."""
        with ThreadPoolExecutor(len(shards)) as pool:  # one thread a game suffices: it mostly waits for its socket
            futures = [
                pool.submit(self._finish, shard, index, len(shards), None if index else first, clock)
                for index, shard in enumerate(shards)
            ]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                clock.stop()  # all games are done, one has failed, or the user has stopped the evaluation
        return [future.result() for future in futures]

    def _finish(self, shard: Shard, index: int, games: int, game: Game | None, clock: Clock) -> _Effort:
        worker, effort = self.make_worker(), _Effort()
        for restarts in range(MAX_RESTARTS + 1):
            launch = self.launch_of(index, games, restarts)
            try:
                with game or self.open_game(launch) as game:
                    begun_s, steps = cpu_time_s(game.pid), game.timing.steps
                    play_shard(game, worker, shard, launch.seed, clock, self.tape)
                    effort.cpu_s = cpu_time_s(game.pid) - begun_s
                    effort.ticks = (game.timing.steps - steps) * (self.spec.action_repeat or 1)
                effort.exit_fault = game.exit_fault
                break
            except GameError as error:
                if not error.can_pass:
                    raise
                if restarts == MAX_RESTARTS:
                    last = type(error)(f"evaluation: a game failed {restarts + 1} times, at last: {error}")
                    last.fault = error.fault
                    raise last from error
                effort.faults.append(error.fault or type(error).__name__)
                _log.warning(
                    "a game failed and is started again to replay what it had not finished: %s", error.headline
                )
            game = None
        return effort


@dataclass(frozen=True, slots=True)
class _AgentNames:
    """The agents of an arena by their index in it: their names and the policies that play them."""

    names: Sequence[str]
    policies: Mapping[int, str]
    tasks: Sequence[str]

    @classmethod
    def of(cls, spec: GameSpec, plans: Sequence[PolicyPlan]) -> _AgentNames:
        places = places_of(spec)
        policies = {place: plan.name for plan in plans for place in places[plan.agents].tolist()}
        names = [name for group in spec.groups for name in group.agents]
        return cls(names, policies, [task.name for task in spec.tasks])

    def result(self, episode: int, place: int, metrics: Mapping[str, float], truncated: bool) -> AgentResult:
        task = self.tasks[int(metrics[TASK])] if self.tasks else ""
        return AgentResult(episode, self.names[place], self.policies[place], metrics, task, truncated)


def _in_order(shards: Sequence[Shard], agents: _AgentNames, turns: NDArray[np.int64] | None) -> tuple[AgentResult, ...]:
    """The results of all agents, sorted by episode and agent; the order does not depend on the games' timing.

    With `turns`, every agent plays its own episodes, and the agent follows from the episode's number.
    """
    whose = None if turns is None else np.argsort(turns)
    found = sorted((key, metrics, key in shard.truncated) for shard in shards for key, metrics in shard.results.items())
    return tuple(
        agents.result(episode, place if whose is None else int(whose[episode % len(whose)]), metrics, truncated)
        for (episode, place), metrics, truncated in found
    )
