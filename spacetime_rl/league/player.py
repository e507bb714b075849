"""The players of a league: the learning policies, their snapshots, and fixed opponents."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from spacetime_rl.errors import UsageError

Kind = Literal["latest", "snapshot", "random", "scripted", "onnx", "baseline"]

LATEST: Final = "latest"
SNAPSHOT: Final = "snapshot"
RANDOM: Final = "random"
SCRIPTED: Final = "scripted"
_IN_FILES: tuple[Literal["onnx"], Literal["baseline"]] = ("onnx", "baseline")
# A trial's name and a policy's name hold no `:` and no `@`, which separate the parts.
_LEARNED = re.compile(r"(?:(?P<trial>[^:@]+):)?(?P<policy>[^:@]+)@(?P<steps>latest|\d+)")


@dataclass(frozen=True, slots=True, order=True)
class Player:
    """One policy with fixed weights, or the learning policy as it is now (`latest`), for agents of `policy`.

    `id` is unique and never changes its meaning: `seeker@120000` is the snapshot of policy `seeker` that was taken at
    120000 agent steps, `TRIAL:seeker@120000` the one of another trial, `seeker@latest` the learning policy. `random`,
    `scripted`, `onnx:NAME` and `baseline:NAME` are fixed opponents; they can play any policy that they have.
    `agent_steps` is None for fixed opponents; for `latest` it is the time at which its weights were taken.
    """

    id: str
    policy: str
    kind: Kind
    agent_steps: int | None = None

    @classmethod
    def snapshot(cls, policy: str, agent_steps: int) -> Player:
        """The snapshot of a policy that is taken at these agent steps."""
        return cls(f"{policy}@{agent_steps}", policy, SNAPSHOT, agent_steps)

    @classmethod
    def latest(cls, policy: str, agent_steps: int) -> Player:
        """The learning policy with the weights that it has at these agent steps."""
        return cls(f"{policy}@{LATEST}", policy, LATEST, agent_steps)

    @classmethod
    def fixed(cls, name: str, policy: str) -> Player:
        """The fixed opponent `random`, `scripted`, `onnx:NAME` or `baseline:NAME`. Raises UsageError for others."""
        kind = kind_of(name)
        if kind in (LATEST, SNAPSHOT):
            raise UsageError(f"{name}: a policy that learns, or learned, is no fixed opponent; expected {_FIXED}")
        return cls(name, policy, kind)

    @property
    def learns(self) -> bool:
        """Whether it is a learning policy, whose weights change."""
        return self.kind == LATEST

    @property
    def trial(self) -> str:
        """The trial of a sweep that its id names; empty for the own trial's players and for fixed opponents."""
        return self.id.rpartition(":")[0] if self.kind in (LATEST, SNAPSHOT) else ""

    def of_trial(self, trial: str) -> Player:
        """The same player as the other trials of a sweep call it; fixed opponents keep their names."""
        return replace(self, id=qualified(self.id, trial))


_FIXED = "`random`, `scripted`, `onnx:NAME` or `baseline:NAME`"


def kind_of(player: str) -> Kind:
    """The kind of the player with this id. Raises UsageError for text that is no id of a player."""
    if player == RANDOM:
        return RANDOM
    if player == SCRIPTED:
        return SCRIPTED
    for kind in _IN_FILES:
        if player.startswith(f"{kind}:") and len(player) > len(kind) + 1:
            return kind
    found = _LEARNED.fullmatch(player)
    if found is None:
        raise UsageError(f"{player}: no player; expected {_FIXED}, POLICY@AGENT_STEPS, or TRIAL:POLICY@AGENT_STEPS")
    return LATEST if found["steps"] == LATEST else SNAPSHOT


def parse_player(player: str, role: str) -> Player:
    """The player with this id, which plays the policy `role` where its id names none. Raises UsageError."""
    kind = kind_of(player)
    found = _LEARNED.fullmatch(player)
    if found is None or kind not in (LATEST, SNAPSHOT):
        return Player(player, role, kind)
    return Player(player, found["policy"], kind, None if kind == LATEST else int(found["steps"]))


def qualified(player: str, trial: str) -> str:
    """The id of a trial's player as other trials write it: `TRIAL:seeker@120000`. Ids that have a trial keep it."""
    found = _LEARNED.fullmatch(player)
    own = found is not None and found["trial"] is None and kind_of(player) in (LATEST, SNAPSHOT)
    return f"{trial}:{player}" if own else player
