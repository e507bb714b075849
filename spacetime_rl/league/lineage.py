"""Whose a trial's policies were at which time: a scheduler may let a trial go on from a copy of another one."""

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
    owner. `lives` counts how often the trial began: once, and once more with every copy that it went on from.
    """

    trial: str
    lives: int = 1
    before: tuple[tuple[str, int], ...] = ()

    @property
    def owner(self) -> str:
        """What stands before the trial's own players in a sweep: another name in each life, for they are others."""
        return self.trial if self.lives == 1 else f"{self.trial}-{self.lives}"

    @property
    def begin(self) -> int:
        """The agent steps after which snapshots are its own; -1 for a trial that copied nothing."""
        return self.before[-1][1] if self.before else -1

    def copied(self, trial: str, lives: int, agent_steps: int) -> Lineage:
        """The lineage of another trial that goes on, in this life, from this one's policies at these agent steps."""
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
        return qualified(player, next((owner for owner, until in self.before if steps <= until), self.owner))

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
