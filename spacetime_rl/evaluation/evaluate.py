"""Play seeded episodes on several games at the same time and report what came of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import PolicyPlan, assign_policies
from spacetime_rl.errors import GameError
from spacetime_rl.evaluation.agents import places_of
from spacetime_rl.evaluation.play import Crew, play_share
from spacetime_rl.evaluation.report import AgentResult, EvalReport, summarise, summarise_tasks
from spacetime_rl.evaluation.schedule import Share, make_schedule
from spacetime_rl.evaluation.sources import Source
from spacetime_rl.game.api import TASK, Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.stock_spec import STOCK_WIRE

MAX_RESTARTS = 3  # of each game
Progress = Callable[[int, int], None]  # episodes that are over, and all of them
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
) -> EvalReport:
    """Let `source` play the episodes 0 .. `episodes` - 1 of `seed` in `launch`'s game, `games` of it at most.

    `config` says which policy plays which agents, and whether policies draw their actions. The first `traced` episodes
    are recorded. A game that fails is started again and replays what it has not finished. Raises ContractError if
    source or config do not fit the game, and GameError if a game fails again and again.
    """
    launch = replace(launch, seed=seed, control=source.control, scripted=source.scripted)
    with open_game(replace(launch, name="eval-0")) as first:
        plans = assign_policies(first.spec, config)
        recorded = min(traced, episodes)
        table = _Table(launch, first.spec, plans, source, seed, open_game, recorded, config.evaluation.stochastic)
        table.make_crew()  # whatever does not fit is said before other games are started
        shares = table.deal(episodes, games)
        restarts = table.play(shares, first, _Tally(episodes, progress))
    results = _in_order(shares, _Cast.of(first.spec, plans))
    traces = [trace for share in shares for trace in share.traces.values()]
    return EvalReport(
        source=source.name,
        scenario=first.spec.scenario,
        episodes=episodes,
        seed=seed,
        overall=summarise("overall", episodes, seed, results),
        policies=tuple(
            summarise(plan.name, episodes, seed, [r for r in results if r.policy == plan.name]) for plan in plans
        ),
        restarts=restarts,
        results=results,
        traces=tuple(sorted(traces, key=lambda trace: trace.episode)),
        tasks=summarise_tasks([task.name for task in first.spec.tasks], seed, results),
    )


class _Tally:
    """Counts the episodes of all games that are over; whether they should all stop."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.stop = threading.Event()
        self._done, self._total = 0, total
        self._progress = progress
        self._lock = threading.Lock()

    def add(self) -> None:
        with self._lock:
            self._done += 1
            if self._progress:
                self._progress(self._done, self._total)


@dataclass(frozen=True, slots=True)
class _Table:
    """What the games of one evaluation have in common."""

    launch: GameLaunch
    spec: GameSpec
    plans: Sequence[PolicyPlan]
    source: Source
    seed: int
    open_game: Open
    traced: int
    stochastic: bool

    def make_crew(self) -> Crew:
        return Crew(self.spec, self.plans, self.source.make_actors(self.spec, self.plans, self.seed, self.stochastic))

    def deal(self, episodes: int, games: int) -> list[Share]:
        # A stock game cannot be told which episodes to play: two of them would play the same.
        games = 1 if self.spec.wire == STOCK_WIRE else games
        schedule = make_schedule(episodes, games, self.spec.arenas)
        return [schedule.share(game, self.spec.num_agents // self.spec.arenas) for game in range(schedule.games)]

    def play(self, shares: Sequence[Share], first: Game, tally: _Tally) -> int:
        """Play every share on a game of its own, the first one on `first`; the number of restarts."""
        with ThreadPoolExecutor(len(shares)) as pool:  # a game's thread mostly waits for its socket
            futures = [
                pool.submit(self._finish, share, f"eval-{index}", None if index else first, tally)
                for index, share in enumerate(shares)
            ]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                tally.stop.set()  # all are done, one has failed, or the user has had enough
        return sum(future.result() for future in futures)

    def _finish(self, share: Share, name: str, game: Game | None, tally: _Tally) -> int:
        crew = self.make_crew()
        launch = replace(self.launch, name=name)
        for restarts in range(MAX_RESTARTS + 1):
            try:
                with game or self.open_game(launch) as game:
                    play_share(game, crew, share, self.seed, tally.add, tally.stop, self.traced)
                break
            except GameError as error:
                if restarts == MAX_RESTARTS:
                    raise type(error)(f"evaluation: a game failed {restarts + 1} times, at last: {error}") from error
                what = str(error).partition("\n")[0].removesuffix("; its log ends:")
                _log.warning("a game failed and is started again to replay what it had not finished: %s", what)
            game = None
        return restarts


@dataclass(frozen=True, slots=True)
class _Cast:
    """The agents of an arena by their place in it: their names, and the policies that play them."""

    names: Sequence[str]
    policies: Mapping[int, str]
    tasks: Sequence[str]

    @classmethod
    def of(cls, spec: GameSpec, plans: Sequence[PolicyPlan]) -> _Cast:
        places = places_of(spec)
        policies = {place: plan.name for plan in plans for place in places[plan.agents].tolist()}
        names = [name for group in spec.groups for name in group.agents]
        return cls(names, policies, [task.name for task in spec.tasks])

    def result(self, episode: int, place: int, metrics: Mapping[str, float]) -> AgentResult:
        task = self.tasks[int(metrics[TASK])] if self.tasks else ""
        return AgentResult(episode, self.names[place], self.policies[place], metrics, task)


def _in_order(shares: Sequence[Share], cast: _Cast) -> tuple[AgentResult, ...]:
    """What every agent reported of every episode, in an order that does not depend on who played what when."""
    found = sorted((key, metrics) for share in shares for key, metrics in share.results.items())
    return tuple(cast.result(episode, place, metrics) for (episode, place), metrics in found)
