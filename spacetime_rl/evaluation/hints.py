"""What an evaluation suggests to its reader: where the most probable actions get stuck, drawing them may not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.evaluation.report import EvalReport, PolicyReport

_MANY = 0.25  # of the episodes end at a limit
_DRAW = "Evaluate with drawn ones, as in training: eval --stochastic, or evaluation.stochastic: true"


def stuck_hint(report: EvalReport, training: Mapping[str, Any]) -> str | None:
    """Advice where policies that take their most probable actions do worse than in training, and hang in episodes.

    `training` is the last result of their training, by public metric name. None where nothing hints at that.
    """
    cut_off = report.bounded.cut_off if report.bounded else 0
    stuck = cut_off + sum(result.truncated for result in report.results)
    played = cut_off + len(report.results)
    if stuck < _MANY * played or not stuck:
        return None
    worse = _first_worse(report, training)
    if worse is None:
        return None
    return (
        f"many episodes did not end by themselves ({stuck} of {played}), and {worse}: "
        f"the most probable actions may be stuck. {_DRAW}"
    )


def drawn_hint(report: EvalReport, training: Mapping[str, Any]) -> str | None:
    """The same where no episode hangs: for policies that have learned nothing by this evaluation."""
    worse = _first_worse(report, training)
    if worse is None:
        return None
    return f"{worse}: there actions are drawn, and here each is the most probable one. {_DRAW}"


def _first_worse(report: EvalReport, training: Mapping[str, Any]) -> str | None:
    return next(filter(None, (_worse(policy, training) for policy in report.policies)), None)


def _worse(policy: PolicyReport, training: Mapping[str, Any]) -> str | None:
    """In what the policy was better in training, beyond what chance explains."""
    for name, value, interval, form in (
        (metrics.SUCCESS, policy.success_rate, policy.success_ci, ".0%"),
        (metrics.RETURN, policy.return_mean, policy.return_ci, ".4g"),
    ):
        before = training.get(metrics.of_policy(policy.policy, name))
        if not isinstance(before, (int, float)) or not math.isfinite(before):
            continue
        what = name.removesuffix("_rate").removesuffix("_mean")
        if value is None or interval is None:
            if name == metrics.RETURN:
                return f"none ended, while in training {policy.policy} had a return of {before:{form}}"
        elif before > interval[1]:
            return f"the {what} of {policy.policy} was better in training ({before:{form}} against {value:{form}})"
    return None
