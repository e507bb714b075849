"""Whose a trial's policies were at which time: it may go on from a copy of another trial, or of its former self."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacetime_rl.errors import ResumeError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.league.payoff import Result
from spacetime_rl.league.player import LATEST, kind_of, parse_player, qualified
from spacetime_rl.runs.layout import lineage_file, trial_id


@dataclass(frozen=True, slots=True)
class Lineage:
    """The ancestors of a trial's policies.

    `before` are the owners of what was copied, the oldest first, each with the agent steps until which it was the
    owner. `lives` counts how often the trial began: once, and once more with every copy that it went on from, which may
    be of itself as it was before, where others have met what came after.
    """

    trial: str
    lives: int = 1
    before: tuple[tuple[str, int], ...] = ()

    @property
    def owner(self) -> str:
        """What stands before the trial's own players in a sweep: another name in each life, for they are others."""
        return self.trial if self.lives == 1 else f"{self.trial}-{self.lives}"

    def owner_of(self, agent_steps: int) -> str:
        """The owner of the snapshots that were taken at these agent steps."""
        return next((owner for owner, until in self.before if agent_steps <= until), self.owner)

    def has_taken(self, agent_steps: int) -> bool:
        """Whether the trial itself, in this life or a former one, took the snapshots of these agent steps."""
        owner = self.owner_of(agent_steps)
        return owner == self.trial or owner.rpartition("-")[0] == self.trial

    def copied(self, trial: str, lives: int, agent_steps: int) -> Lineage:
        """The lineage of the trial that goes on, in this life, from these policies at these agent steps."""
        return Lineage(trial, lives, (*self.before, (self.owner, agent_steps)))

    def tell(self, result: Result) -> Result:
        """A result in the trial's payoff table with the owners before the names of its players."""
        return Result(
            result.iteration,
            result.agent_steps,
            tuple((role, self._name(role, player, result.agent_steps)) for role, player in result.sides),
            result.outcomes,
        )

    def _name(self, role: str, player: str, agent_steps: int) -> str:
        # A policy was copied at the end of an iteration: the next one begins with the agent steps of the copy.
        taken = parse_player(player, role).agent_steps
        steps = agent_steps + 1 if kind_of(player) == LATEST or taken is None else taken
        return qualified(player, self.owner_of(steps))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"trial": self.trial, "lives": self.lives, "before": [list(each) for each in self.before]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Lineage:
        """Read the output of `to_dict`. Raises ValueError, KeyError or TypeError for anything else."""
        before = tuple((str(owner), int(until)) for owner, until in data["before"])
        return cls(str(data["trial"]), int(data["lives"]), before)


def read_lineage(trial: Path) -> Lineage:
    """The lineage of the trial with this folder. Raises ResumeError for a file that is none."""
    file = lineage_file(trial)
    try:
        return Lineage.from_dict(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Lineage(trial_id(trial))
    except (ValueError, KeyError, TypeError) as error:
        raise ResumeError(f"{file}: not the lineage of a trial: {error}") from None


def write_lineage(trial: Path, lineage: Lineage) -> None:
    """Write a trial's lineage into its folder; a trial that copied nothing has no such file."""
    file = lineage_file(trial)
    if not lineage.before:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}")
    unfinished.write_text(to_json(lineage.to_dict()), encoding="utf-8")
    unfinished.replace(file)
