"""How much a night plays, and what counts as worse. The command line reads the defaults here, so it imports little."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NightlyPlan:
    """The sizes of a night."""

    agent_steps: int = 1_000_000  # of training
    games: int = 8  # that play at the same time in training
    episodes: int = 100  # that each player is evaluated on
    minutes: float = 30.0  # of playtest
    videos: int = 0  # of the new policies' episodes
    margin: float = 0.05  # of success, or of the size of the return
