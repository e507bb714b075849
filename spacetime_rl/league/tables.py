"""The payoff tables in the folders of runs, with names for players that are unique over all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spacetime_rl.errors import UsageError
from spacetime_rl.league.payoff import PayoffTable, Result
from spacetime_rl.league.player import qualified
from spacetime_rl.runs.layout import RunPaths, payoff_files, trials_of


@dataclass(frozen=True, slots=True)
class Tables:
    """The results of runs: those of `training`, and those of a `round_robin` after it."""

    training: tuple[Result, ...]
    round_robin: tuple[Result, ...]

    @property
    def all(self) -> tuple[Result, ...]:
        """All results together."""
        return (*self.training, *self.round_robin)


def read_tables(runs: Sequence[Path]) -> Tables:
    """The results in the folders of these runs.

    A player keeps its id in a single run of a single trial. The trials of a sweep come before its players' ids, and
    so do the names of several runs. Raises UsageError if there is no result at all, ResumeError for unreadable files.
    """
    training, round_robin = [], []
    for run in runs:
        owner = run.name.replace(":", "_").replace("@", "_") if len(runs) > 1 else ""
        several = len(trials_of(run)) > 1
        for trial, file in payoff_files(run).items():
            training += list(_read(file, trial if several else owner))
        round_robin += list(_read(RunPaths(run).round_robin, owner))
    if not training and not round_robin:
        names = ", ".join(run.name for run in runs)
        raise UsageError(
            f"{names}: no payoff table with results: it trains without a league (section `league:`), or no match has "
            f"ended yet; `spacetime-rl league {runs[0].name} --round-robin 8` plays its checkpoints against each other"
        )
    return Tables(tuple(training), tuple(round_robin))


def _read(file: Path, owner: str) -> Iterator[Result]:
    for result in PayoffTable(file).results:
        sides = tuple((role, qualified(player, owner) if owner else player) for role, player in result.sides)
        yield replace(result, sides=sides)
