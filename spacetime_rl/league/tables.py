"""The payoff tables in the folders of runs, with names for players that are unique over all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spacetime_rl.errors import UsageError
from spacetime_rl.league.lineage import read_lineage
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
    so do the names of several runs. What a trial copied from another one is counted once. Raises UsageError if there is
    no result at all, ResumeError for unreadable files.
    """
    training, round_robin = [], []
    for run in runs:
        owner = run.name.replace(":", "_").replace("@", "_") if len(runs) > 1 else ""
        training += list(_read_trials(run) if len(trials_of(run)) > 1 else _read_trial(run, owner))
        round_robin += list(_read(RunPaths(run).round_robin, owner))
    if not training and not round_robin:
        names = ", ".join(run.name for run in runs)
        raise UsageError(
            f"{names}: no payoff table with results: it trains without a league (section `league:`), or no match has "
            f"ended yet; `spacetime-rl league {runs[0].name} --round-robin 8` plays its checkpoints against each other"
        )
    return Tables(tuple(training), tuple(round_robin))


def _read_trial(run: Path, owner: str) -> Iterator[Result]:
    """The results of a run with a single trial."""
    for file in payoff_files(run).values():
        yield from _read(file, owner)


def _read_trials(run: Path) -> Iterator[Result]:
    """The results of a sweep's trials, each once: a trial that went on from another one's copy has its table, too."""
    found: dict[Result, None] = {}
    folders = trials_of(run)
    for trial, file in payoff_files(run).items():
        found |= dict.fromkeys(map(read_lineage(folders[trial]).tell, PayoffTable(file).results))
    yield from found


def _read(file: Path, owner: str) -> Iterator[Result]:
    for result in PayoffTable(file).results:
        sides = tuple((role, qualified(player, owner) if owner else player) for role, player in result.sides)
        yield replace(result, sides=sides)
