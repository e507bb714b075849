"""How much a gate plays, and what counts as worse. The command line reads the defaults here, so it imports little."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GatePlan:
    """How much is played, and what counts as worse."""

    episodes: int = 2_000  # at most, of each build
    round: int = 50  # episodes between two looks
    margin: float = 0.025  # of the share of episodes
    alpha: float = 0.05
    seed: int = 10_000
