"""Which baselines lack seeds, and the words that make each of them again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from spacetime_rl.runs.shipped import BASELINES, Baseline, read_baselines


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a baseline was made: what is read from the command in its `baseline.json`."""

    name: str
    config: str
    preset: str | None
    policies: str | None  # the baseline whose policies it has
    episodes: int
    overrides: Sequence[str]
    judged_with: Sequence[str] = ()  # settings that only the episodes have

    @classmethod
    def of(cls, baseline: Baseline) -> Recipe:
        """Read a baseline's command."""
        words = shlex.split(baseline.document["command"])
        options = list(pairwise(words))
        given = {option: value for option, value in options if option in ("--preset", "--policies")}
        overrides, judged_with = (
            [value for option, value in options if option == given_by] for given_by in ("--set", "--judge-set")
        )
        return cls(
            baseline.name,
            words[2],
            given.get("--preset"),
            given.get("--policies"),
            baseline.document["episodes"],
            overrides,
            judged_with,
        )


def taken_over(name: str, root: Path = BASELINES) -> list[Recipe]:
    """The baselines that have the policies of another one, and are made anew with it."""
    return [recipe for recipe in map(Recipe.of, read_baselines(root)) if recipe.policies == name]


def lacking(seeds: int, root: Path = BASELINES) -> list[Recipe]:
    """The baselines that were chosen from fewer than `seeds` seeds, by name; those with others' policies have none."""
    few = [Recipe.of(baseline) for baseline in read_baselines(root) if len(baseline.seeds) < seeds]
    return [recipe for recipe in few if recipe.policies is None]
