"""Whether policies have learned: compare them with the random and the scripted policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spacetime_rl.evaluation.comparison import Comparison, compare_reports
from spacetime_rl.evaluation.report import EvalReport


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
    found = {policy: compare_reports(trained, chance, policy) for policy in policies}
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
    scripted = compare_reports(trained, reports["heuristic"]) if "heuristic" in reports else None
    if scripted is not None and scripted.sign < 0:
        return Learned(True, f"below the scripted player: {scripted.figures}; {remark}", "heuristic")
    return Learned(True, remark)


def _listed(found: Mapping[str, Comparison]) -> str:
    return ", ".join(f"{policy} {comparison.figures}" for policy, comparison in found.items())
