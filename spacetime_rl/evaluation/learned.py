"""Whether policies have learned: compare them with the random and the scripted policy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from spacetime_rl.evaluation.intervals import Interval, difference_interval, mean
from spacetime_rl.evaluation.report import EvalReport

_MEASURES: tuple[Literal["success", "return"], ...] = ("success", "return")
_FEWEST = 2  # episodes of each player: a variance needs two values


@dataclass(frozen=True, slots=True)
class Learned:
    """Whether the policies learned; None if the evaluation does not show it. `reason` is a sentence for people.

    `below` names the player that did better on the same episodes: `heuristic` or `random`; None if there is none.
    """

    learned: bool | None
    reason: str
    below: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether no comparison shows that these policies failed to learn or are below another player."""
        return self.learned is not False and self.below is None


NOT_EVALUATED = Learned(None, "not evaluated")


def compare_players(reports: Mapping[str, EvalReport], policies: Sequence[str], adversarial: bool) -> Learned:
    """Compare `trained` with `random` and `heuristic`, by the 95 % interval of the difference on the same episodes.

    A policy has learned if it beats the random policy by success, or by return if success does not separate the two.
    `policies` are the trained policies. Adversaries are not compared: they play against each other, so that the success
    of one depends on the other.
    """
    trained, chance = reports.get("trained"), reports.get("random")
    if trained is None or chance is None:
        return Learned(None, "the trained and the random policy were not both evaluated")
    if adversarial and len(trained.policies) > 1:
        return Learned(
            None, "the policies play against each other; compare each with `spacetime-rl eval RUN --with POLICY=random`"
        )
    found = {policy: _compare(trained, chance, policy) for policy in policies}
    known = {policy: comparison for policy, comparison in found.items() if comparison is not None}
    if not known:
        return Learned(None, "too few episodes were finished to compare the trained with the random policy")
    if not any(comparison.sign > 0 for comparison in known.values()):
        worse = any(comparison.sign < 0 for comparison in known.values())
        how = "worse than" if worse else "no better than"
        return Learned(False, f"{how} the random policy: {_listed(known)}", "random" if worse else None)
    idle = {policy: comparison for policy, comparison in known.items() if comparison.sign <= 0}
    better = _listed({policy: comparison for policy, comparison in known.items() if policy not in idle})
    remark = f"better than the random policy: {better}" + (f"; not better: {_listed(idle)}" if idle else "")
    scripted = _compare(trained, reports["heuristic"], None) if "heuristic" in reports else None
    if scripted is not None and scripted.sign < 0:
        return Learned(True, f"below the scripted player: {scripted.figures}; {remark}", "heuristic")
    return Learned(True, remark)


@dataclass(frozen=True, slots=True)
class _Comparison:
    sign: int  # 1 better, -1 worse, 0 not distinguishable
    figures: str


def _compare(one: EvalReport, other: EvalReport, policy: str | None) -> _Comparison | None:
    """Compare two reports, over one policy or over all if it is None; returns None if there are too few episodes."""
    last: _Comparison | None = None
    for measure in _MEASURES:
        ours, theirs = _by_episode(one, policy, measure), _by_episode(other, policy, measure)
        if min(len(ours), len(theirs)) < _FEWEST or not _tells(measure, ours, theirs):
            continue
        low, high = _difference(ours, theirs, one.paired and other.paired)
        sign = int(low > 0.0) - int(high < 0.0)
        form = ".1%" if measure == "success" else ".4g"
        figures = f"{measure} {mean(list(ours.values())):{form}} against {mean(list(theirs.values())):{form}}"
        if last is None or sign:
            last = _Comparison(sign, figures)
        if sign:
            break
    return last


def _tells(measure: str, ours: Mapping[int, float], theirs: Mapping[int, float]) -> bool:
    """Whether a measure can separate two players: success that neither ever had cannot; many games never report it."""
    return measure != "success" or any(ours.values()) or any(theirs.values())


def _difference(ours: Mapping[int, float], theirs: Mapping[int, float], paired: bool) -> Interval:
    both = ours.keys() & theirs.keys()
    if paired and len(both) >= _FEWEST:
        return difference_interval([ours[number] for number in both], [theirs[number] for number in both], True)
    return difference_interval(list(ours.values()), list(theirs.values()), False)


def _by_episode(report: EvalReport, policy: str | None, measure: str) -> dict[int, float]:
    """The mean of a measure over a policy's agents, by episode, in the order of the results."""
    found: dict[int, list[float]] = {}
    for result in report.results:
        value = result.metrics.get(measure)
        if policy in (None, result.policy) and value is not None and math.isfinite(value):
            found.setdefault(result.episode, []).append(value)
    return {episode: mean(values) for episode, values in found.items()}


def _listed(found: Mapping[str, _Comparison]) -> str:
    return ", ".join(f"{policy} {comparison.figures}" for policy, comparison in found.items())
