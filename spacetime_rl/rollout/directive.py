"""A request for a fragment and its answer, as one value each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.notices import Notice


@dataclass(frozen=True, slots=True)
class Directive:
    """What runners are to play. It travels with every request, so that a new runner or game needs no special care.

    Whatever changes in the course of a run belongs here: `lesson` is the number of the active lesson, None without a
    curriculum.
    """

    lesson: int | None = None


PLAIN = Directive()  # as a run without anything that changes


@dataclass(frozen=True, slots=True)
class Played:
    """A runner's fragment: its episodes, its metrics, and what the runner has noticed meanwhile."""

    episodes: list[SingleAgentEpisode]
    metrics: Any
    notices: list[Notice]
