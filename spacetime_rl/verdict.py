"""What limits a run, in words: the part that takes the largest share of its time, and what would help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

PARTS = ("game", "wire", "forward", "learner")
REST = "rest"  # what none of the parts accounts for

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
    """The part that limits, its share of the time from 0 to 1, and a sentence for people."""

    part: str
    share: float
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def bottleneck(shares: Mapping[str, float], spare_cores: int = 0) -> Verdict:
    """Judge by the shares of `PARTS`; what is missing counts as nothing.

    Shares are of the wall-clock time; parts that overlap may add up to more than 1, and what is left below 1 is the
    rest. `spare_cores` nobody uses are the first advice where playing limits.
    """
    known = {part: min(1.0, max(0.0, float(shares.get(part, 0.0)))) for part in PARTS}
    known[REST] = 1.0 - min(1.0, sum(known.values()))
    part = max(known, key=lambda name: known[name])
    return Verdict(part, known[part], _sentence(part, known[part], spare_cores))


def _sentence(part: str, share: float, spare_cores: int) -> str:
    advice = _ADVICE[part]
    if spare_cores > 0 and part not in ("learner", REST):
        advice = _SPARE.format(cores="core that is" if spare_cores == 1 else f"{spare_cores} cores that are")
    name = _NAMES.get(part, f"the {part}")
    return f"{name}: {share:.0%} of the time{' is spent elsewhere' if part == REST else ''}; {advice}"
