"""A request for a fragment, and its answer, as one value each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.notices import Notice
from spacetime_rl.rollout.matches import MatchResult
from spacetime_rl.rollout.opponents import Opponents


@dataclass(frozen=True, slots=True)
class Directive:
    """What runners are to play. Every request carries it, so a new runner or game needs no set-up of its own.

    Everything that changes during a run belongs here. `lesson` is the number of the active lesson; None without a
    curriculum. `opponents` are the players of a league; None for the latest policies alone.
    """

    lesson: int | None = None
    opponents: Opponents | None = None


PLAIN = Directive()  # for a run in which nothing changes


@dataclass(frozen=True, slots=True)
class Played:
    """The answer of a runner: the fragment's episodes, the runner's metrics, and its notices since the last answer.

    In a league, `matches` are those that ended in the fragment.
    """

    episodes: list[SingleAgentEpisode]
    metrics: Any
    notices: list[Notice]
    matches: tuple[MatchResult, ...] = ()
