"""Let the players of a run meet: everybody who can play a side against everybody who can play the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import isnan, nan
from pathlib import Path

import numpy as np

from spacetime_rl.config import RunConfig, change
from spacetime_rl.config.league import LeagueConfig
from spacetime_rl.contract import assign_policies, make_launch
from spacetime_rl.errors import ResumeError, UsageError
from spacetime_rl.evaluation.agents import places_of
from spacetime_rl.evaluation.entrants import Entrant, find_entrants
from spacetime_rl.evaluation.evaluate import Open, evaluate
from spacetime_rl.evaluation.match_source import MatchSource
from spacetime_rl.evaluation.report import AgentResult, EvalReport
from spacetime_rl.game.client import open_game
from spacetime_rl.game.project import scenario_names
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.league.payoff import PayoffTable, Ranks, Side, ranks_of, tally
from spacetime_rl.rollout.sides import plan_matches
from spacetime_rl.runs.folder import RunFolder

EPISODES = 20  # of each pairing
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class MatchSide:
    """A side of a match: its policy, and the names of its agents in an arena."""

    policy: str
    agents: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rules:
    """The sides of a game, and the metric that decides a match between them."""

    sides: tuple[MatchSide, ...]
    result: str

    @classmethod
    def of(cls, config: RunConfig, spec: GameSpec) -> Rules:
        """The rules of a run; without a league those of one with the usual settings. Raises ContractError."""
        with_league = config if config.league else config.model_copy(update={"league": LeagueConfig()})
        plan = plan_matches(with_league, spec, assign_policies(spec, config))
        assert plan is not None  # there is a league
        names = [name for group in spec.groups for name in group.agents]
        places = places_of(spec)
        sides = [MatchSide(side.policy, frozenset(names[places[a]] for a in side.agents[0])) for side in plan.sides]
        return cls(tuple(sides), plan.result)

    def ranks(self, results: Sequence[AgentResult]) -> Iterator[Ranks]:
        """The ranks of the sides in every episode; an episode in which a side reports no result is left out."""
        found: dict[int, dict[str, float]] = {}
        for result in results:
            found.setdefault(result.episode, {})[result.agent] = result.metrics.get(self.result, nan)
        for _, agents in sorted(found.items()):
            means = [float(np.mean([agents.get(name, nan) for name in side.agents])) for side in self.sides]
            if not any(map(isnan, means)):
                yield ranks_of(means)


def play_round_robin(
    run: Path,
    count: int,
    overrides: Sequence[str] = (),
    episodes: int = EPISODES,
    open_game: Open = open_game,
    say: Say = lambda _: None,
) -> int:
    """Let `count` snapshots of every policy and all fixed opponents meet, and append the results to the run's table.

    All pairings play the same seeded episodes, with sampled actions as in training. Pairings that were played with this
    seed before are left out, so that a round robin that was stopped goes on. Returns the number of pairings played.
    `overrides` change the run's configuration, for example `evaluation.seed`. `say` receives a line for each pairing.
    Raises UsageError, ContractError, ExportError, GameError.
    """
    folder = RunFolder(run)
    config = change(folder.config(), ["evaluation.stochastic=true", *overrides], scenario_names())
    spec = folder.spec()
    if spec is None:
        raise ResumeError(f"{run.name}: ended before its game connected; there is nobody to play")
    rules, plan = Rules.of(config, spec), config.evaluation
    table = PayoffTable(folder.paths.round_robin)
    if plan.seed < table.iteration:
        raise UsageError(
            f"{run.name}: its round robin went on to seed {table.iteration}; choose this seed or a larger one "
            f"(--seed), not {plan.seed}"
        )
    done = {result.sides for result in table.results if result.iteration == plan.seed}
    layouts = {policy.name: policy.layout for policy in assign_policies(spec, config)}
    with scratch_folder("round-robin") as workspace:
        entrants = find_entrants(run, config, spec, layouts, count, workspace)
        wanted = [each for each in pairings(rules, entrants) if _sides(rules, each) not in done]
        launch = replace(make_launch(config), arenas=plan.arenas)
        for number, players in enumerate(wanted, start=1):
            source = pairing_source(rules, players)
            say(f"{number}/{len(wanted)} {source.name}")
            report = evaluate(launch, config, source, episodes, plan.seed, plan.games, open_game=open_game)
            _append(table, rules, players, report, plan.seed)
    return len(wanted)


def pairings(rules: Rules, entrants: Mapping[str, Sequence[Entrant]]) -> list[tuple[Entrant, ...]]:
    """Who is to meet whom: a player for each side; with more than two sides, a sample of what is possible.

    Of two pairings that differ only in who has which of two sides of the same policy, one is enough: which one
    alternates. The scripts of a game play all sides of a policy or none.
    """
    found: dict[tuple[Side, ...], tuple[Entrant, ...]] = {}
    for number, players in enumerate(_combinations([entrants[side.policy] for side in rules.sides])):
        scripted = {one.policy for one in players if one.source.control == "heuristic"}
        others = {one.policy for one in players if one.source.control != "heuristic"}
        sides = _sides(rules, players)
        if not scripted & others and len(set(sides)) > 1 and (sides not in found or number % 2):
            found[sides] = players
    return list(found.values())


def _combinations(choices: Sequence[Sequence[Entrant]]) -> Iterator[tuple[Entrant, ...]]:
    if len(choices) <= 2:
        yield from product(*choices)
        return
    rng = np.random.default_rng(0)
    for _ in range(max(map(len, choices)) ** 2):
        yield tuple(each[int(rng.integers(len(each)))] for each in choices)


def _sides(rules: Rules, players: Sequence[Entrant]) -> tuple[Side, ...]:
    return tuple(sorted((side.policy, one.player) for side, one in zip(rules.sides, players, strict=True)))


def pairing_source(rules: Rules, players: Sequence[Entrant]) -> MatchSource:
    """The players of a pairing, each on its side."""
    sides = [(side.agents, side.policy, one.source) for side, one in zip(rules.sides, players, strict=True)]
    return MatchSource(sides, " against ".join(f"{one.policy}={one.player}" for one in players))


def _append(table: PayoffTable, rules: Rules, players: Sequence[Entrant], report: EvalReport, seed: int) -> None:
    sides = [(side.policy, one.player) for side, one in zip(rules.sides, players, strict=True)]
    table.append(tally(seed, 0, [(sides, ranks) for ranks in rules.ranks(report.results)]))
