"""Hints for the reader of an evaluation: sampled actions may end episodes in which the most probable ones get stuck."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.evaluation.report import EvalReport, PolicyReport

_MANY = 0.25  # share of episodes at a limit from which policies count as stuck
_DRAW = "Evaluate with drawn ones, as in training: eval --stochastic, or evaluation.stochastic: true"


def stuck_hint(report: EvalReport, training: Mapping[str, Any]) -> str | None:
    """Advise to sample actions if policies do worse than in training and many episodes reach a limit; otherwise None.

    `training` is the last result of their training, by public metric name.
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
    """Advise to sample actions if policies do worse than in training, without regard to unfinished episodes.

    It is meant for policies that have learned nothing by this evaluation.
    """
    worse = _first_worse(report, training)
    if worse is None:
        return None
    return f"{worse}: there actions are drawn, and here each is the most probable one. {_DRAW}"


def _first_worse(report: EvalReport, training: Mapping[str, Any]) -> str | None:
    return next(filter(None, (_worse(policy, training) for policy in report.policies)), None)


def _worse(policy: PolicyReport, training: Mapping[str, Any]) -> str | None:
    """A sentence for people: the first figure in which training exceeded the evaluation's 95 % interval; or None."""
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
