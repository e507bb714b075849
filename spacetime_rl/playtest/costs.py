"""Oracles of what a game costs: slow frames, and what grows. They see something only where `game.monitor` is on.

What they look at is of the wall clock, or of the whole process: a finding may not show in every replay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from spacetime_rl import metrics
from spacetime_rl.config.playtest import FrameBudgetConfig, GrowthConfig
from spacetime_rl.playtest.sighting import Played, Sighting


class FrameBudget:
    """Too many physics ticks of an episode took longer than a frame of VR."""

    name = "frame_budget"

    def __init__(self, config: FrameBudgetConfig) -> None:
        self._config = config

    def examine(self, played: Played) -> Iterator[Sighting]:
        """At most one sighting, at the episode's end."""
        cost = _cost_of(played)
        share = cost.get(metrics.FRAMES_OVER_BUDGET, 0.0)
        if share > self._config.share:
            message = f"{share:.1%} of the ticks took longer than 11.11 ms, at most {cost[metrics.FRAME_MS_MAX]:.1f} ms"
            yield Sighting(self.name, self.name, "warning", message, played.episode.decisions)


class Growth:
    """Nodes, orphans or memory grew in an episode, or stayed after the episodes before it."""

    name = "growth"

    def __init__(self, config: GrowthConfig) -> None:
        in_episode = {"node_count": config.nodes, "orphan_node_count": config.orphans, "static_memory_mb": config.mb}
        kept = {
            "node_count": config.nodes_kept,
            "orphan_node_count": config.orphans_kept,
            "static_memory_mb": config.mb_kept,
        }
        self._limits = list(
            chain(
                ((metrics.growth_of(what), limit, what, "in this episode") for what, limit in in_episode.items()),
                (
                    (metrics.kept_of(what), limit, what, "that each episode before leaves")
                    for what, limit in kept.items()
                ),
            )
        )

    def examine(self, played: Played) -> Iterator[Sighting]:
        """At most one sighting for each figure, at the episode's end."""
        cost = _cost_of(played)
        for metric, limit, what, when in self._limits:
            grown = cost.get(metric, 0.0)
            if grown > limit:
                message = f"{what.replace('_', ' ')} grew by {grown:.4g} {when}; {limit:g} is allowed"
                key = f"growth:{metric.rpartition('/')[2]}"
                yield Sighting(self.name, key, "warning", message, played.episode.decisions)


def _cost_of(played: Played) -> Mapping[str, float]:
    """What the agent reported that ended last; of the process, so that any would do."""
    reported = list(played.episode.metrics.values())
    return reported[-1] if reported else {}
