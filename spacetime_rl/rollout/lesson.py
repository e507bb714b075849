"""A lesson as runners play it, and its results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Lesson:
    """The settings of a lesson, and when it ends: at either condition, or never without one.

    `params` set every parameter that any lesson of the curriculum sets, so that no value of an earlier lesson remains.
    """

    name: str
    params: Mapping[str, Any]
    success_rate: float | None = None
    window: int = 200  # number of agents' episodes over which the rate is taken
    agent_steps: int | None = None


@dataclass(frozen=True, slots=True)
class LessonOutcome:
    """Results of playing a lesson; `episodes` counts agents' episodes, and only those that began in the lesson."""

    lesson: int
    agent_steps: int
    episodes: int
    successes: float
