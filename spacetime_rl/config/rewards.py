"""Rewards of a user's own: terms in GDScript, a function in Python."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from spacetime_rl.config.section import Section


class RewardScriptConfig(Section):
    """A reward term in GDScript."""

    path: Path = Field(description="The file, from the folder you start in.")
    policies: tuple[str, ...] = Field(default=(), description="The game's policies that get it; empty for all.")
    weight: float | None = Field(default=None, description="Weight in place of the script's own; null keeps that.")


class NoveltyConfig(Section):
    """What agents are paid for places where they have seldom been."""

    cell: float = Field(default=2.0, gt=0, description="Side of a map cell in m or px.")
    weight: float = Field(default=1.0, description="Pay for a cell that no episode has reached before.")
    alone: bool = Field(default=False, description="The game's own rewards are summed by name, but pay nothing.")


def _kind(value: Any) -> str:
    return "path" if isinstance(value, (str, Path)) else "keys"


PathOrKeys = Annotated[
    Annotated[Path, Tag("path")] | Annotated[RewardScriptConfig, Tag("keys")],
    Discriminator(_kind),
]


class RewardsConfig(Section):
    """Rewards of your own beside the scenario's (docs/rewards.md)."""

    scripts: tuple[PathOrKeys, ...] = Field(
        default=(),
        description="GDScript files that extend RLRewardTerm: each a path, or `{path, policies, weight}`.",
    )
    novelty: NoveltyConfig | None = Field(
        default=None, description="Pay for map cells: the less, the more episodes have been there; null: none."
    )
    hook: str | None = Field(
        default=None, description="A Python function, `module.function`, that computes the rewards policies learn from."
    )

    @property
    def terms(self) -> tuple[RewardScriptConfig, ...]:
        """The scripts, each with all its keys."""
        return tuple(RewardScriptConfig(path=s) if isinstance(s, Path) else s for s in self.scripts)
