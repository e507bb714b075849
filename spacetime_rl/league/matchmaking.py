"""Whom a learning policy plays against next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.league.payoff import PayoffTable, Result
from spacetime_rl.league.player import LATEST, SNAPSHOT, Player

Choice = Literal["latest", "uniform", "pfsp", "weighted"]
Priority = Literal["hard", "even"]
PRIOR_GAMES = 4.0  # drawn games that every opponent is given: one that was not met yet has the win rate 0.5
HALF_LIFE = 20.0  # iterations after which a result counts half: the learning policy is not what it was
_FORGOTTEN = 10 * HALF_LIFE  # older results weigh less than a thousandth, and are not read


@dataclass(frozen=True, slots=True, kw_only=True)
class Matchmaking:
    """How opponents are drawn, under ML-Agents' names where they mean the same.

    `fixed` gives fixed opponents their shares of the draws. `play_against_latest_model_ratio` is the share of the
    learning opponent as it is now. All other draws are among the `window` newest snapshots: `latest` takes the newest,
    `uniform` each as often, `weighted` the newest of n snapshots n times as often as the oldest, and `pfsp` by
    `priority`: `hard` those against which the learner loses, `even` those that are as strong as it is. `across_trials`
    of these draws are among the `window` newest snapshots of other trials, in the same way.
    """

    choice: Choice = "pfsp"
    priority: Priority = "hard"
    window: int = 10
    play_against_latest_model_ratio: float = 0.5
    across_trials: float = 0.0
    fixed: Mapping[str, float] = field(default_factory=dict)


def draw(
    rng: np.random.Generator,
    learner: Player,
    candidates: Sequence[Player],
    table: PayoffTable,
    settings: Matchmaking,
) -> Player:
    """Draw an opponent for `learner` among `candidates`, all of the same role.

    `candidates` are the learning opponent (`latest`), its snapshots, and the fixed opponents with a share in the
    settings. The draw depends on the state of `rng`, which it advances by one number, and on the arguments alone.
    Raises ValueError without candidates, or if there is none that the settings allow.
    """
    bounds = np.cumsum(shares(learner, candidates, table, settings))
    index = int(np.searchsorted(bounds, rng.random() * bounds[-1], side="right"))
    return candidates[min(index, int(np.argmax(bounds)))]  # a product may be rounded up to the last bound


def shares(
    learner: Player, candidates: Sequence[Player], table: PayoffTable, settings: Matchmaking
) -> NDArray[np.float64]:
    """The chance of each candidate, float64 [candidates]; they add up to 1.

    A share for which there is no candidate goes to the others: that of snapshots at the beginning, that of other
    trials where there are none, and that of a fixed opponent which does not play this role.
    """
    chances = np.zeros(len(candidates))
    fixed = [index for index, player in enumerate(candidates) if player.id in settings.fixed]
    for index in fixed:
        chances[index] = settings.fixed[candidates[index].id]
    rest = max(0.0, 1.0 - float(chances.sum()))
    latest = [index for index, player in enumerate(candidates) if player.kind == LATEST]
    pools = _pools(candidates, settings)
    now = settings.play_against_latest_model_ratio if pools else 1.0
    if latest:
        chances[latest] = rest * now / len(latest)
    for share, pool in pools:
        weights = _weights(learner, [candidates[i] for i in pool], table, settings)
        chances[pool] = rest * (1.0 - now if latest else 1.0) * share * weights
    if not chances.sum() > 0.0:
        raise ValueError(f"{learner.id}: no opponent to draw among {[player.id for player in candidates]}")
    whole: NDArray[np.float64] = chances / chances.sum()
    return whole


def win_rate(learner: str, opponent: str, results: Sequence[Result]) -> float:
    """The learner's mean score against an opponent, where newer results count more, with `PRIOR_GAMES` drawn games."""
    games, score = PRIOR_GAMES, 0.5 * PRIOR_GAMES
    for result in reversed(results):
        age = results[-1].iteration - result.iteration
        if age > _FORGOTTEN:
            break
        ids = [player for _, player in result.sides]
        if learner in ids and opponent in ids:
            weight = 0.5 ** (age / HALF_LIFE)
            games += weight * result.episodes
            score += weight * result.scores[ids.index(learner)]
    return score / games


def _pools(candidates: Sequence[Player], settings: Matchmaking) -> list[tuple[float, list[int]]]:
    """The snapshots of this trial and those of the others, as indices, the oldest first, and the share of each."""
    snapshots = sorted(
        (index for index, player in enumerate(candidates) if player.kind == SNAPSHOT),
        key=lambda index: (candidates[index].agent_steps or 0, candidates[index].id),
    )
    own = [index for index in snapshots if not candidates[index].trial][-settings.window :]
    others = [index for index in snapshots if candidates[index].trial][-settings.window :]
    if not (own and others):
        return [(1.0, pool) for pool in (own, others) if pool]
    return [(1.0 - settings.across_trials, own), (settings.across_trials, others)]


def _weights(learner: Player, pool: Sequence[Player], table: PayoffTable, settings: Matchmaking) -> NDArray[np.float64]:
    """The chances of snapshots, the oldest first, float64 [pool]; they add up to 1."""
    if settings.choice == "latest":
        weights = np.zeros(len(pool))
        weights[-1] = 1.0
    elif settings.choice == "uniform":
        weights = np.ones(len(pool))
    elif settings.choice == "weighted":
        weights = np.arange(1.0, len(pool) + 1.0)
    else:
        rates = np.array([win_rate(learner.id, player.id, table.results) for player in pool])
        # O. Vinyals et al., Nature 575, 2019, Methods, "Prioritized fictitious self-play".
        weights = (1.0 - rates) ** 2 if settings.priority == "hard" else rates * (1.0 - rates)
    chances: NDArray[np.float64] = weights / weights.sum()
    return chances
