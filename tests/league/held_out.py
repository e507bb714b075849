"""What trainings of several kinds are worth: `python -m tests.league.held_out PAGE OPPONENT,... KIND=RUN,... KIND=...`.

The last policies of each RUN meet eight snapshots of the OPPONENTs, runs that none of them met in training, the random
and the scripted player, and the last policies of the runs of other kinds. All pairings play the same numbered episodes.
The table goes into PAGE: scores, and ratings in which the scripted players have 0 points. A quarter of an hour for six
runs of tag.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from spacetime_rl.config import change
from spacetime_rl.contract import assign_policies, make_launch
from spacetime_rl.evaluation.entrants import Entrant, find_entrants
from spacetime_rl.evaluation.evaluate import evaluate
from spacetime_rl.evaluation.round_robin import Rules, pairing_source
from spacetime_rl.formats.markdown import fill, table
from spacetime_rl.game.project import scenario_names
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.league.payoff import Ranks, Result, score_of, tally
from spacetime_rl.league.player import SCRIPTED, SNAPSHOT, kind_of, qualified
from spacetime_rl.league.standings import compute_standings
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.runs.layout import RESULTS
from spacetime_rl.runs.locate import find_folder
from spacetime_rl.statistics.seeds import across_seeds

SNAPSHOTS = 8  # of the policies of all opponents together
EPISODES = 32  # of each pairing
BEGIN, END = "<!-- held out: begin -->", "<!-- held out: end -->"
HEADER = ("role", "trained", "won against the ten, each seed", "all seeds", "won against the other kind", "ratings")

Match = tuple[Entrant, Entrant]
"""A player for each of the two sides, which have different policies."""


@dataclass(frozen=True)
class Field:
    """Everybody who plays, by policy: the trained players by kind, and the opponents that none of them met."""

    trained: Mapping[str, Mapping[str, Sequence[Entrant]]]  # [kind][policy]: a player for each training seed
    opponents: Mapping[str, Sequence[Entrant]]  # [policy]

    def matches(self, roles: Sequence[str]) -> Iterator[Match]:
        """Trained players against the opponents, in each role, and against those of other kinds."""
        first, second = roles
        for by_role in self.trained.values():
            yield from product(by_role[first], self.opponents[second])
            yield from product(self.opponents[first], by_role[second])
        for ours, theirs in product(self.trained, repeat=2):
            if ours != theirs:
                yield from product(self.trained[ours][first], self.trained[theirs][second])


def players_of(run: Path, count: int, workspace: Path) -> dict[str, list[Entrant]]:
    """By policy `count` snapshots of a run, under names that no other run has, behind the fixed opponents."""
    folder = RunFolder(run)
    config, spec = folder.config(), folder.spec()
    assert spec is not None  # its game has connected
    layouts = {policy.name: policy.layout for policy in assign_policies(spec, config)}
    (workspace / run.name).mkdir()
    found = find_entrants(run, config.model_copy(update={"league": None}), spec, layouts, count, workspace / run.name)
    return {
        policy: [replace(one, player=qualified(one.player, run.name)) for one in each] for policy, each in found.items()
    }


def learned(players: Sequence[Entrant]) -> list[Entrant]:
    """Those that were trained."""
    return [one for one in players if kind_of(one.player) == SNAPSHOT]


def gather(opponents: Sequence[Path], kinds: Mapping[str, Sequence[Path]], workspace: Path) -> Field:
    """Export everybody who plays into `workspace`."""
    met: dict[str, dict[str, Entrant]] = defaultdict(dict)
    for run in opponents:
        for policy, players in players_of(run, SNAPSHOTS // len(opponents), workspace).items():
            met[policy] |= {one.player: one for one in players}  # the fixed ones are the same in all runs
    trained: dict[str, dict[str, list[Entrant]]] = defaultdict(lambda: defaultdict(list))
    for kind, runs in kinds.items():
        for run in runs:
            for policy, players in players_of(run, 1, workspace).items():
                trained[kind][policy] += learned(players)
    return Field(trained, {policy: list(players.values()) for policy, players in met.items()})


def referee(run: Path) -> tuple[list[str], Callable[[Match], list[Ranks]]]:
    """The two roles of a run's game, and what plays a match: the ranks of both in every episode, sampled actions."""
    folder = RunFolder(run)
    config, spec = change(folder.config(), ["evaluation.stochastic=true"], scenario_names()), folder.spec()
    assert spec is not None  # its game has connected
    rules, plan = Rules.of(config, spec), config.evaluation
    launch = replace(make_launch(config), arenas=plan.arenas)

    def play(match: Match) -> list[Ranks]:
        source = pairing_source(rules, match)
        print(source.name, file=sys.stderr, flush=True)
        return list(rules.ranks(evaluate(launch, config, source, EPISODES, plan.seed, plan.games).results))

    return [side.policy for side in rules.sides], play


def scores(
    results: Mapping[tuple[str, str], list[Ranks]], side: int, mine: Sequence[str], theirs: Sequence[str]
) -> list[list[float]]:
    """For each of my players its scores in all episodes against theirs, opponent by opponent."""
    pairs = [[(one, other) if side == 0 else (other, one) for other in theirs] for one in mine]
    return [[score_of(ranks, side) for pair in own for ranks in results[pair]] for own in pairs]


def rows(field: Field, roles: Sequence[str], results: Mapping[tuple[str, str], list[Ranks]]) -> Iterator[list[str]]:
    """The table: a row for every role and kind."""
    games: list[Result] = []
    for pair, ranks in results.items():
        games += tally(0, 0, [(list(zip(roles, pair, strict=True)), each) for each in ranks])
    anchors = {f"{role}={SCRIPTED}": 0.0 for role in roles}  # the random player loses too often to measure by
    ratings = {one.player: one.rating for one in compute_standings(games, anchors).players}
    for side, role in enumerate(roles):
        other = roles[1 - side]
        for kind, by_role in field.trained.items():
            mine = [one.player for one in by_role[role]]
            others = [one.player for own, each in field.trained.items() if own != kind for one in each[other]]
            against_ten = scores(results, side, mine, [one.player for one in field.opponents[other]])
            against_kind = scores(results, side, mine, others)
            yield [
                role,
                kind,
                ", ".join(f"{sum(each) / len(each):.1%}" for each in against_ten),
                _across(against_ten),
                _across(against_kind),
                ", ".join(_rating(ratings[name].rating, ratings[name].interval) for name in mine),
            ]


def _across(scores_of_seeds: Sequence[Sequence[float]]) -> str:
    found = across_seeds(scores_of_seeds)
    return f"{found.iqm:.1%} ({found.low:.1%} to {found.high:.1%})"


def _rating(rating: float | None, interval: tuple[float, float] | None) -> str:
    return "-" if rating is None or interval is None else f"{rating:.0f} ({interval[0]:.0f} to {interval[1]:.0f})"


def main() -> None:
    page, met, *kinds = sys.argv[1:]
    opponents = [find_folder(run, RESULTS) for run in met.split(",")]
    runs = {
        kind: [find_folder(run, RESULTS) for run in names.split(",")]
        for kind, _, names in (text.partition("=") for text in kinds)
    }
    with scratch_folder("held-out") as workspace:
        field = gather(opponents, runs, workspace)
        roles, play = referee(opponents[0])
        results = {(match[0].player, match[1].player): play(match) for match in field.matches(roles)}
        text = table(HEADER, list(rows(field, roles, results)))
    print(text)
    Path(page).write_text(fill(Path(page).read_text(), BEGIN, END, text))


if __name__ == "__main__":
    main()
