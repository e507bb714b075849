"""A lesson of a curriculum: what is easier in it, and when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from spacetime_rl.config.section import Section

SCENARIO: Literal["scenario"] = "scenario"


class LessonConfig(Section):
    """One lesson of several, played in order. `curriculum: scenario` takes the scenario's own.

    A lesson is over when either condition is met; the last one stays. An evaluation plays plain `scenario.params`.
    """

    lesson: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        description="Its name. One of the scenario's own names takes over the settings of that lesson.",
    )
    params: Mapping[str, Any] = Field(default={}, description="Parameters, or samplers, laid over `scenario.params`.")
    success_rate: float | None = Field(
        default=None, gt=0, le=1, description="Share of the latest `window` agents' episodes that has to succeed."
    )
    window: int = Field(default=200, ge=1, description="Number of agents' episodes that `success_rate` is taken over.")
    agent_steps: int | None = Field(
        default=None, ge=1, description="Agent steps after which the lesson is over in any case."
    )


def _kind(value: Any) -> str:
    return "name" if isinstance(value, str) else "list"


Lessons = Annotated[
    Annotated[Literal["scenario"], Tag("name")] | Annotated[tuple[LessonConfig, ...], Tag("list")],
    Discriminator(_kind),
]


def own_lessons(lessons: Lessons) -> tuple[LessonConfig, ...]:
    """The lessons that a configuration lists itself."""
    return () if isinstance(lessons, str) else lessons
