"""The bottleneck of a run in words: the part that takes the largest share of its time, and advice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from spacetime_rl.metrics import PARTS

REST = "rest"  # time that none of `PARTS` accounts for
MARGIN = 0.1  # share of the time by which the largest part must exceed the next to be the limit alone

_ADVICE = {
    "game": "more arenas would not help; a cheaper scene, a faster machine or another one would",
    "wire": "more agents a game (game.arenas) share the cost of a step; smaller observations or images help, too",
    "forward": "more agents a game (game.arenas) make a pass cheaper for each; a smaller model.hiddens helps, too",
    "learner": "fewer training.num_epochs, a larger training.minibatch_size, a smaller model or a GPU would help; "
    "more runners would not",
    REST: "look at what else runs on this machine, and whether one runner waits for another",
}
_NAMES = {"forward": "the forward pass", REST: f"none of {', '.join(PARTS)}"}
_SPARE = "more runners would use the {cores} free"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The limiting part, its share of the time from 0 to 1, and a sentence for people.

    `also` names the part with the second largest share if that is within `MARGIN` of the largest: neither of the two is
    then the limit alone. Otherwise it is None.
    """

    part: str
    share: float
    sentence: str
    also: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def bottleneck(shares: Mapping[str, float], spare_cores: int = 0) -> Verdict:
    """Find the bottleneck from the shares of `PARTS` in the wall-clock time; a missing part counts as 0.

    Parts may overlap, so that shares may add up to more than 1. What their sum lacks to 1 is the share of `REST`. If a
    part of sampling is the limit and there are `spare_cores`, the advice is to use them.
    """
    known = {part: min(1.0, max(0.0, float(shares.get(part, 0.0)))) for part in PARTS}
    known[REST] = 1.0 - min(1.0, sum(known.values()))
    part, second = sorted(known, key=lambda name: -known[name])[:2]
    if known[part] - known[second] < MARGIN:
        return Verdict(part, known[part], _about_equal(part, second, known), second)
    return Verdict(part, known[part], _sentence(part, known[part], spare_cores))


def _about_equal(part: str, second: str, shares: Mapping[str, float]) -> str:
    first, other = (f"{_name(which)} ({shares[which]:.0%})" for which in (part, second))
    return f"{first} and {other} take about as much of the time; neither alone is the limit"


def _sentence(part: str, share: float, spare_cores: int) -> str:
    advice = _ADVICE[part]
    if spare_cores > 0 and part not in ("learner", REST):
        advice = _SPARE.format(cores="core that is" if spare_cores == 1 else f"{spare_cores} cores that are")
    return f"{_name(part)}: {share:.0%} of the time{' is spent elsewhere' if part == REST else ''}; {advice}"


def _name(part: str) -> str:
    return _NAMES.get(part, f"the {part}")
