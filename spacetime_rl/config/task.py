"""A task of several that the same policies learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from spacetime_rl.config.section import Section


class TaskConfig(Section):
    """One task of several. Every episode plays one, drawn by weight; policies observe which (docs/curriculum.md)."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", description="Its name in metrics and reports.")
    scenario: str | None = Field(default=None, description="A scenario of this package; null for the run's.")
    scene: str | None = Field(default=None, description="A scene of `game.project` (`res://…`); null for the run's.")
    params: Mapping[str, Any] = Field(
        default={},
        description="Parameters, or samplers; where the task plays the run's scenario, over `scenario.params`.",
    )
    weight: float = Field(
        default=1.0,
        ge=0,
        description="How often the task is drawn, relative to the others; with 0 it is not played and keeps its place.",
    )
