"""Who may play against the learning policies, as a directive carries it to the runners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from spacetime_rl.league.player import Kind
from spacetime_rl.modules.network_plan import NetworkPlan

Weights = Mapping[str, NDArray[Any]]  # of an acting network, by torch's names


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """An exported policy: the contents of its file, and of its schema as plain JSON data."""

    content: bytes
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OtherNetwork:
    """A snapshot of another trial, whose network may be larger or smaller than this trial's."""

    weights: Weights
    plan: NetworkPlan


@dataclass(frozen=True, slots=True)
class Opponent:
    """A player that runners may set against learning policies.

    `network` is what plays: `Weights` of a snapshot, an `OtherNetwork`, an `OnnxFile`, a Ray reference to one of
    these, or None for the random and the scripted player.
    """

    id: str
    policy: str
    kind: Kind
    network: Any = None

    @property
    def key(self) -> tuple[str, str]:
        """What names it among all players: a fixed opponent has one id for all policies that it can play."""
        return self.policy, self.id


@dataclass(frozen=True, slots=True)
class Draw:
    """The ids of players that may play a policy's sides, and the chance of each; the chances add up to 1."""

    players: tuple[str, ...]
    chances: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Opponents:
    """Whom runners draw for the matches that begin from now on.

    In every match one of the sides `learners` is drawn, and its latest policy learns. For each other side a player is
    drawn from `draws` of its policy. Where the latest policy is drawn it learns, too, if `all_learn`.
    """

    players: tuple[Opponent, ...]
    draws: Mapping[str, Draw]  # by policy
    learners: tuple[str, ...]
    all_learn: bool = True

    def chance_of(self, policy: str, player: str) -> float:
        """The chance that a player is drawn for a side of a policy."""
        draw = self.draws[policy]
        return sum(chance for each, chance in zip(draw.players, draw.chances, strict=True) if each == player)
