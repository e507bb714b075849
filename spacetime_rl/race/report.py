"""The results of a race as one value, which is written as JSON, shown as a table, and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

FORMAT = "spacetime-race/1"
# The two ways to play a policy: most probable actions, or drawn ones.
WAYS = ("probable", "drawn")


@dataclass(frozen=True, slots=True)
class Point:
    """A training as it was judged: time and work until then, and its success by both ways to play.

    `seconds` are of the wall clock, without those that judging took. `core_s` is the processor time that this machine
    spent meanwhile, in all its programs.
    """

    seconds: float
    agent_steps: int
    core_s: float
    success: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Leg:
    """One training of one racer, with one seed."""

    racer: str
    seed: int
    points: tuple[Point, ...]

    def finish(self, way: str, target: float) -> Point | None:
        """The first point with the success that ends the race; None for a training that does not get there."""
        return next((point for point in self.points if point.success[way] >= target), None)


@dataclass(frozen=True, slots=True)
class Finish:
    """How a racer does, in the median over its seeds: a figure is None where half of them or more do not get there."""

    reached: int
    seeds: int
    seconds: float | None
    agent_steps: float | None
    core_s: float | None


@dataclass(frozen=True, slots=True)
class RaceReport:
    """The results of `spacetime-rl bench --race`. `others` are the successes of players that do not learn."""

    target: str
    command: str
    settings: Mapping[str, Any]
    machine: Mapping[str, Any]
    success: float
    limit_s: float
    legs: tuple[Leg, ...]
    others: Mapping[str, float]
    missing: Mapping[str, str]

    @property
    def racers(self) -> list[str]:
        """Those who took part, in their order."""
        return list(dict.fromkeys(leg.racer for leg in self.legs))

    def finish(self, racer: str, way: str) -> Finish:
        """What `racer` reached by one of `WAYS`."""
        legs = [leg for leg in self.legs if leg.racer == racer]
        points = [leg.finish(way, self.success) for leg in legs]
        reached = sum(point is not None for point in points)

        def middle(figure: str) -> float | None:
            found = median(getattr(point, figure) if point else float("inf") for point in points)
            return found if found < float("inf") else None

        return Finish(reached, len(legs), middle("seconds"), middle("agent_steps"), middle("core_s"))

    def times_sooner(self, racer: str, way: str) -> float | None:
        """How many times longer than ours `racer` takes, by its medians; None where one of both does not get there."""
        ours, theirs = (self.finish(name, way).seconds for name in (self.racers[0], racer))
        return theirs / ours if ours and theirs else None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "format": FORMAT,
            **{
                name: getattr(self, name) for name in ("target", "command", "settings", "machine", "success", "limit_s")
            },
            "legs": [asdict(leg) for leg in self.legs],
            "others": dict(self.others),
            "missing": dict(self.missing),
            "finish": {
                racer: {
                    way: {**asdict(self.finish(racer, way)), "times_ours": self.times_sooner(racer, way)}
                    for way in WAYS
                }
                for racer in self.racers
            },
        }
