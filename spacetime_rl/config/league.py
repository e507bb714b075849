"""The section `league:`: which earlier policies and fixed opponents the learning policies play against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from spacetime_rl.config.section import Section
from spacetime_rl.config.words import did_you_mean

RANDOM, SCRIPTED, ONNX, BASELINE = "random", "scripted", "onnx:", "baseline:"
AUTO, RETURN = "auto", "return"

Share = Annotated[float, Field(ge=0, le=1)]


class LeagueConfig(Section):
    """A league: learning policies play against their latest versions, snapshots of them, and fixed opponents.

    `save_steps`, `window`, `swap_steps`, `team_change` and `play_against_latest_model_ratio` mean what they mean in
    Unity ML-Agents' `self_play`, counted in agent steps of all policies.
    """

    save_steps: int = Field(default=20_000, ge=1, description="Agent steps between two snapshots of every policy.")
    window: int = Field(default=10, ge=1, description="Latest snapshots of a policy that opponents are drawn from.")
    play_against_latest_model_ratio: Share = Field(
        default=0.5,
        description="Share of episodes, those against fixed opponents apart, in which an opponent is the latest "
        "policy, which then learns, too.",
    )
    across_trials: Share = Field(
        default=0.0,
        description="Share of the episodes against snapshots in which it is another trial's of the same sweep, the "
        "newest one that trial has; 0: trials do not meet.",
    )
    matchmaking: Literal["latest", "uniform", "pfsp", "weighted"] = Field(
        default="uniform",
        description="How snapshots are drawn: the latest one, all alike, by `priority` (`pfsp`), or the newest of n "
        "n times as often as the oldest (`weighted`).",
    )
    priority: Literal["hard", "even"] = Field(
        default="hard",
        description="With `pfsp`: more often those that win against the learning policy, or those that are as strong.",
    )
    fixed: Mapping[str, Share] = Field(
        default={},
        description="Shares of episodes against fixed opponents: `random`, `scripted` (the game's heuristic), "
        "`onnx:FOLDER` (exported policies) and `baseline:NAME`.",
    )
    swap_steps: int | None = Field(
        default=None,
        ge=1,
        description="Agent steps for which all arenas play the same opponent, drawn anew afterwards; null: every "
        "episode of every arena draws its own.",
    )
    team_change: int | None = Field(
        default=None,
        ge=1,
        description="Agent steps after which another side learns, while the others only play; null: all sides learn.",
    )
    sides: Mapping[str, tuple[str, ...]] = Field(
        default={},
        description="The sides of a match by name: patterns for the names of their agents. Empty: each policy is a "
        "side or, in a game of one policy, each agent.",
    )
    result: str = Field(
        default=AUTO,
        min_length=1,
        description="The metric that decides a match: the side with the higher mean wins. `auto` takes `won`, or else "
        "`success`; `return` compares returns.",
    )
    max_snapshots: int = Field(
        default=200,
        ge=2,
        description="Most snapshots of a policy that are kept; beyond that, the ones nearest to their neighbours go.",
    )


def league_problems(league: LeagueConfig) -> Iterator[tuple[tuple[str, ...], str]]:
    """The place of every contradiction inside the section, and a sentence about it."""
    for name in league.fixed:
        if name not in (RANDOM, SCRIPTED) and not any(
            name.startswith(kind) and name != kind for kind in (ONNX, BASELINE)
        ):
            hint = did_you_mean(name, [RANDOM, SCRIPTED])
            yield ("fixed", name), f"expected random, scripted, onnx:FOLDER or baseline:NAME{hint}"
    taken = sum(league.fixed.values())
    if taken > 1 + 1e-9:
        yield ("fixed",), f"these shares sum to {taken:g}, which is more than 1"
    if league.max_snapshots < league.window:
        yield ("max_snapshots",), f"{league.max_snapshots} is less than window, {league.window}"
    if len(league.sides) == 1:
        yield ("sides",), "a match needs two sides or more; leave it out for one side a policy"
