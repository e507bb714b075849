"""A lesson as runners play it, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is set in a lesson, and when it is over: at either condition; with none it stays.

    `params` are all that any lesson of the curriculum sets, so that nothing remains of the one before.
    """

    name: str
    params: Mapping[str, Any]
    success_rate: float | None = None
    window: int = 200  # episodes of agents that the rate is taken over
    agent_steps: int | None = None


@dataclass(frozen=True, slots=True)
class LessonOutcome:
    """What was played in a lesson; `episodes` are of agents, and only those that began in it."""

    lesson: int
    agent_steps: int
    episodes: int
    successes: float
