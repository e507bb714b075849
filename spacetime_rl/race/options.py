"""The rules of a race."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RaceOptions:
    """The rules: the success that ends a training, and how often and by how many episodes it is judged."""

    success: float = 0.9
    seeds: int = 3
    limit_s: float = 300.0
    judge_every_s: float = 15.0
    episodes: int = 50
