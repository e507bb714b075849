"""How a playtest begins: anew in a folder, or where an earlier process has left it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.config.playtest import Playtest, with_settings
from spacetime_rl.episodes.episode import Build
from spacetime_rl.errors import UsageError
from spacetime_rl.playtest.journal import Head, Journal, is_unfinished


@dataclass(frozen=True, slots=True)
class Begun:
    """A playtest that is about to be played: its plan, the folder of its findings, and how to open its journal."""

    plan: Playtest
    store: Path
    baseline: str | None  # whose baseline the player of that name is
    open_journal: Callable[[Build], Journal]


def begin(folder: Path, plan: Playtest, store: Path, baseline: str | None) -> Begun:
    """A new playtest with its report in `folder`. Raises UsageError if another one there is not finished."""
    if is_unfinished(folder):
        raise UsageError(f"{folder}: holds a playtest that is not finished; continue it with --resume {folder}")
    store = store.absolute()
    return Begun(plan, store, baseline, lambda build: Journal.begin(folder, Head(build, str(store), baseline), plan))


def resume(folder: Path, limits: Sequence[str]) -> Begun:
    """Go on with the playtest in `folder`; `limits` are other `episodes`, `minutes` or `games` for it.

    Raises UsageError if there is none, and when the journal is opened for another build than that of the playtest.
    """
    journal = Journal.open(folder)

    def open_journal(build: Build) -> Journal:
        recorded = dataclasses.replace(journal.head.build, game=build.game)
        if build != recorded:
            raise UsageError(
                f"{folder}: was begun with the build {recorded.content} on Godot {recorded.engine or '-'}, this one is "
                f"{build.content} on {build.engine or '-'}; begin a new playtest for it"
            )
        return journal

    plan = with_settings(journal.read_plan(), limits, {})
    return Begun(plan, Path(journal.head.store), journal.head.baseline, open_journal)
