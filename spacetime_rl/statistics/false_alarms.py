"""How often a gate would call a build worse than itself, judged by what it did beside itself."""

from __future__ import annotations

import numpy as np

from spacetime_rl.statistics.verdict import Decision, Pair

_GATES = 200


def false_alarm_rate(found: Decision, rounds: int, gates: int = _GATES, seed: int = 0) -> float:
    """The share of gates of equal builds that end as a regression.

    `found` are the pairs of a build beside itself. Every gate draws as many of them, with replacement. A coin
    decides for each which side counts as the build. The gate looks at them in as many `rounds`. None of these gates
    ends as a pass, which would end it before it errs, so that the rate is not an underestimate.
    """
    pairs = {name: np.array(one.pairs, np.float64).reshape(-1, 2) for name, one in found.judged.items()}
    if all((values[:, 0] == values[:, 1]).all() for values in pairs.values()):
        return 0.0
    measures = [one.measure for one in found.judged.values()]
    most = {name: one.most for name, one in found.judged.items()}
    rng = np.random.default_rng(seed)
    alarms = 0
    for _ in range(gates):
        decision = Decision(measures, found.alpha, most, may_pass=False)
        drawn = {name: np.array_split(_draw(values, rng), rounds) for name, values in pairs.items()}
        for number in range(rounds):
            outcome = decision.add({name: _pairs(parts[number]) for name, parts in drawn.items()})
            if outcome == "regression":
                alarms += 1
                break
    return alarms / gates


def _draw(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    drawn = values[rng.integers(len(values), size=len(values))] if len(values) else values
    flipped = rng.random(len(drawn)) < 0.5
    return np.where(flipped[:, None], drawn[:, ::-1], drawn)


def _pairs(values: np.ndarray) -> list[Pair]:
    return [(float(ours), float(theirs)) for ours, theirs in values]
