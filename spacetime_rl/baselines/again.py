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
    episodes: int
    overrides: Sequence[str]

    @classmethod
    def of(cls, baseline: Baseline) -> Recipe:
        """Read a baseline's command."""
        words = shlex.split(baseline.document["command"])
        options = list(pairwise(words))
        preset = next((value for option, value in options if option == "--preset"), None)
        overrides = [value for option, value in options if option == "--set"]
        return cls(baseline.name, words[2], preset, baseline.document["episodes"], overrides)


def lacking(seeds: int, root: Path = BASELINES) -> list[Recipe]:
    """The baselines that were chosen from fewer than `seeds` seeds, by name."""
    return [Recipe.of(baseline) for baseline in read_baselines(root) if len(baseline.seeds) < seeds]
