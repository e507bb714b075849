"""The league of a training: snapshots of the learning policies, the payoff table, and the next opponents."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from spacetime_rl import metrics
from spacetime_rl.config.league import LeagueConfig
from spacetime_rl.league.lineage import Lineage, read_lineage, write_lineage
from spacetime_rl.league.matchmaking import Matchmaking, draw, shares
from spacetime_rl.league.payoff import PayoffTable, Result, tally
from spacetime_rl.league.player import LATEST, SNAPSHOT, Player, kind_of
from spacetime_rl.learning.other_trials import Keep, OtherTrials
from spacetime_rl.rollout.matches import MatchResult
from spacetime_rl.rollout.opponents import Draw, Opponent, Opponents, Weights
from spacetime_rl.rollout.sides import MatchPlan
from spacetime_rl.runs.layout import payoff_file, snapshot_file, trial_id

RECENT_EPISODES = 100  # a win rate covers the latest iterations that together have at least this many episodes

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _State:
    """What a checkpoint holds of a league, beside the payoff table."""

    trial: str
    lineage: Lineage
    snapshots: list[Player] = field(default_factory=list)  # the oldest first
    swap: int = -1  # the number of the stretch of `swap_steps` agent steps that `swapped` was drawn for
    swapped: dict[str, str] = field(default_factory=dict)  # by policy the opponent of that stretch

    def to_dict(self) -> dict[str, Any]:
        return {
            "trial": self.trial,
            "snapshots": [[player.policy, player.agent_steps] for player in self.snapshots],
            "swap": self.swap,
            "swapped": dict(self.swapped),
            **({"lineage": self.lineage.to_dict()} if self.lineage.before else {}),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> _State:
        snapshots = [Player.snapshot(str(policy), int(steps)) for policy, steps in data["snapshots"]]
        trial = str(data["trial"])
        lineage = Lineage.from_dict(data["lineage"]) if "lineage" in data else Lineage(trial_id(Path(trial)))
        return cls(trial, lineage, snapshots, int(data["swap"]), dict(data["swapped"]))


class League:
    """The league of one trial, in the trial's folder.

    `keep` puts a network where runners find it, and returns the reference that travels in directives. `others` finds
    snapshots of the sweep's other trials; without it there are none.
    """

    def __init__(
        self,
        settings: LeagueConfig,
        plan: MatchPlan,
        folder: Path,
        seed: int,
        keep: Keep = lambda network: network,
        others: OtherTrials | None = None,
    ) -> None:
        self._settings = settings
        self._matchmaking = Matchmaking(
            choice=settings.matchmaking,
            priority=settings.priority,
            window=settings.window,
            play_against_latest_model_ratio=settings.play_against_latest_model_ratio,
            across_trials=settings.across_trials,
            fixed=settings.fixed,
        )
        self._plan = plan
        self._folder = folder
        self._seed = seed
        self._keep = keep
        self._others = others
        self._policies = tuple(dict.fromkeys(side.policy for side in plan.sides))
        self._trained = tuple(dict.fromkeys(side.policy for side in plan.sides if side.trained))
        self._fixed = {opponent.key: replace(opponent, network=keep(opponent.network)) for opponent in plan.fixed}
        self._networks: dict[str, Any] = {}  # of the snapshots that may be drawn, by id
        self._state = _State(folder.name, Lineage(trial_id(folder)))
        self._ended: list[MatchResult] = []
        self._steps = 0  # agent steps at the beginning of the iteration
        self._opponents: Opponents | None = None
        payoff_file(folder).unlink(missing_ok=True)  # of a trial that was begun again without a checkpoint
        self.table = PayoffTable(payoff_file(folder))

    @property
    def opponents(self) -> Opponents:
        """Whom runners draw in the present iteration."""
        if self._opponents is None:
            self._opponents = self._choose()
        return self._opponents

    @property
    def learning_share(self) -> float:
        """The share of agents that learn, on average over matches."""
        opponents, sides = self.opponents, self._plan.sides
        sizes = {side.name: int(side.agents.shape[1]) for side in sides}
        learning = 0.0
        for learner in opponents.learners:
            for side in sides:
                chance = opponents.chance_of(side.policy, Player.latest(side.policy, 0).id)
                learning += sizes[side.name] * (1.0 if side.name == learner else chance if opponents.all_learn else 0.0)
        return learning / len(opponents.learners) / sum(sizes.values())

    def needs_snapshot(self, agent_steps: int) -> bool:
        """Whether snapshots are due at this number of agent steps of the run."""
        taken = [player.agent_steps or 0 for player in self._state.snapshots]
        return not taken or agent_steps // self._settings.save_steps > max(taken) // self._settings.save_steps

    def add_snapshot(self, agent_steps: int, save: Callable[[str, Path], Weights]) -> None:
        """Add a snapshot of every policy that learns.

        `save` writes a policy's whole network into a file, and returns the weights that acting needs.
        """
        for policy in self._trained:
            player = Player.snapshot(policy, agent_steps)
            file = snapshot_file(self._folder, policy, agent_steps)
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_name(f".{file.name}")
            self._networks[player.id] = self._keep(save(policy, unfinished))
            unfinished.replace(file)
            self._state.snapshots.append(player)
            self._thin(policy)
        self._forget()
        self._look_around()

    def note(self, matches: Sequence[MatchResult]) -> None:
        """Count matches that ended."""
        self._ended += matches

    def end_iteration(self, iteration: int, agent_steps: int) -> None:
        """Append the iteration's results to the payoff table; the next opponents follow from it.

        `agent_steps` are those of the run now.
        """
        self.table.append(tally(iteration, self._steps, [(match.sides, match.ranks) for match in self._ended]))
        self._ended.clear()
        self._steps = agent_steps
        self._opponents = None

    def to_dict(self) -> dict[str, Any]:
        """The state as plain JSON data, without the payoff table."""
        return self._state.to_dict()

    def save_table(self, file: Path) -> None:
        """Copy the payoff table into a file, if there are results."""
        if self.table.file.is_file():
            shutil.copyfile(self.table.file, file)

    def resume(
        self, data: Mapping[str, Any], table: Path, agent_steps: int, load: Callable[[str, Path], Weights]
    ) -> None:
        """Continue from the state that `to_dict` gave and the table that `save_table` wrote.

        What happened after that is dropped: results, and snapshots with their files. `load` reads the weights that
        acting needs from a file of `add_snapshot`. The state may be another trial's, whose snapshots are then copied.
        """
        self._state = _State.from_dict(data)
        theirs, self._state.trial = self._folder.with_name(self._state.trial), self._folder.name
        wanted = {snapshot_file(self._folder, p.policy, p.agent_steps or 0): p for p in self._state.snapshots}
        dropped = [file for file in snapshots_in(self._folder) if file not in wanted]
        if theirs != self._folder or (dropped and self._others is not None):  # others have met what is dropped
            lives = read_lineage(self._folder).lives + 1
            self._state.lineage = self._state.lineage.copied(trial_id(self._folder), lives, agent_steps)
        for file in dropped:
            file.unlink()
        write_lineage(self._folder, self._state.lineage)
        for file in wanted:
            other = theirs / file.relative_to(self._folder)
            if not file.is_file() and other.is_file():
                file.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(other, file)
        lost = [player.id for file, player in wanted.items() if not file.is_file()]
        if lost:
            logger.warning("league: snapshots are gone from %s and play no more: %s", self._folder, ", ".join(lost))
        self._state.snapshots = [player for player in self._state.snapshots if player.id not in lost]
        self._networks = {
            player.id: self._keep(load(policy, snapshot_file(self._folder, policy, player.agent_steps or 0)))
            for policy in self._trained
            for player in self._window(policy)
        }
        own = payoff_file(self._folder)
        own.unlink(missing_ok=True)
        if table.is_file():
            own.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(table, own)
        self.table = PayoffTable(own)
        self._look_around()
        self._ended.clear()
        self._steps = agent_steps
        self._opponents = None

    def metrics(self) -> dict[str, float]:
        """The number of snapshots of a policy, and how often each latest policy wins against the others."""
        counts = [sum(player.policy == policy for player in self._state.snapshots) for policy in self._trained]
        rates = {policy: recent_win_rate(self.table.results, Player.latest(policy, 0).id) for policy in self._trained}
        found = {metrics.of_league(policy, metrics.WIN_RATE): rate for policy, rate in rates.items()}
        if self._others is not None:
            others = {player.trial for policy in self._policies for player in self._others.players(policy)}
            found[metrics.OTHER_TRIALS] = len(others)
        return {metrics.SNAPSHOTS: max(counts), **{name: rate for name, rate in found.items() if rate is not None}}

    def _choose(self) -> Opponents:
        draws = {policy: self._draw_of(policy) for policy in self._policies}
        if self._settings.swap_steps is not None:
            draws = self._swapped(draws, self._steps // self._settings.swap_steps)
        named = [(policy, player) for policy, each in draws.items() for player in each.players]
        players = [self._opponent(key) for key in named if key[1] != Player.latest(key[0], 0).id]
        learners = [side.name for side in self._plan.sides if side.trained]
        if self._settings.team_change is not None:
            learners = [learners[self._steps // self._settings.team_change % len(learners)]]
        return Opponents(tuple(players), draws, tuple(learners), self._settings.team_change is None)

    def _opponent(self, key: tuple[str, str]) -> Opponent:
        """The player with this policy and id, as a directive carries it."""
        if key in self._fixed:
            return self._fixed[key]
        policy, player = key
        other = self._others.find(player) if self._others is not None else None
        return Opponent(player, policy, SNAPSHOT, other.network if other else self._networks[player])

    def _draw_of(self, policy: str) -> Draw:
        """The chances of the players of a policy, as its opponents' matchmaking has them."""
        candidates = self._candidates(policy)
        chances = shares(self._learner(policy), candidates, self.table, self._matchmaking)
        return Draw(
            tuple(player.id for player, chance in zip(candidates, chances, strict=True) if chance > 0),
            tuple(float(chance) for chance in chances if chance > 0),
        )

    def _swapped(self, draws: Mapping[str, Draw], swap: int) -> dict[str, Draw]:
        """One player a policy, drawn anew when another stretch of agent steps begins."""
        state = self._state
        if swap != state.swap:
            state.swap = swap
            for policy in draws:
                rng = np.random.default_rng([self._seed, swap, crc32(policy.encode())])
                player = draw(rng, self._learner(policy), self._candidates(policy), self.table, self._matchmaking)
                state.swapped[policy] = player.id
        known = {policy: [player.id for player in self._candidates(policy)] for policy in draws}
        return {
            policy: Draw((state.swapped[policy],), (1.0,)) if state.swapped.get(policy) in known[policy] else each
            for policy, each in draws.items()
        }

    def _candidates(self, policy: str) -> list[Player]:
        fixed = [Player.fixed(name, policy) for owner, name in self._fixed if owner == policy]
        others = self._others.players(policy) if self._others is not None else []
        return [Player.latest(policy, self._steps), *self._window(policy), *others, *fixed]

    def _learner(self, policy: str) -> Player:
        """The learning policy that meets the players of a policy: another one, where there is another."""
        others = [other for other in self._trained if other != policy]
        return Player.latest((others or [policy])[0], self._steps)

    def _window(self, policy: str) -> list[Player]:
        return [player for player in self._state.snapshots if player.policy == policy][-self._settings.window :]

    def _thin(self, policy: str) -> None:
        """Drop a policy's snapshots beyond the limit: outside the window, the nearest to its neighbours first."""
        own = [player for player in self._state.snapshots if player.policy == policy]
        while len(own) > self._settings.max_snapshots:
            steps = [player.agent_steps or 0 for player in own]
            inner = range(1, len(own) - self._settings.window)
            index = min(inner, key=lambda i: steps[i + 1] - steps[i - 1], default=0)
            gone = own.pop(index)
            self._state.snapshots.remove(gone)
            snapshot_file(self._folder, policy, gone.agent_steps or 0).unlink(missing_ok=True)

    def _look_around(self) -> None:
        """Meet the snapshots that the sweep's other trials have by now; one that is swapped in stays until it ends."""
        if self._others is not None:
            self._others.look(self._state.swapped.values() if self._settings.swap_steps is not None else ())

    def _forget(self) -> None:
        """Let go of the networks of snapshots that are not drawn any more."""
        drawn = {player.id for policy in self._trained for player in self._window(policy)}
        self._networks = {name: network for name, network in self._networks.items() if name in drawn}


def snapshots_in(trial: Path) -> list[Path]:
    """The files of all snapshots in a trial's folder."""
    return sorted(snapshot_file(trial, "x", 0).parent.glob("*.npz"))


def recent_win_rate(results: Sequence[Result], player: str) -> float | None:
    """A learning policy's mean score where not all sides are learning policies; None before the first such episode.

    It covers the latest iterations that together have at least `RECENT_EPISODES` episodes.
    """
    episodes, score, iteration = 0, 0.0, -1
    for result in reversed(results):
        if result.iteration != iteration and episodes >= RECENT_EPISODES:
            break
        iteration = result.iteration
        own = [index for index, (_, each) in enumerate(result.sides) if each == player]
        if not own or all(kind_of(each) == LATEST for _, each in result.sides):
            continue
        episodes += result.episodes
        score += sum(result.scores[index] for index in own) / len(own)
    return score / episodes if episodes else None
