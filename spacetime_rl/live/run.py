"""The story of a live run: that of any run, with a server in place of its games."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

from spacetime_rl.config import RunConfig
from spacetime_rl.config.sweep import SweepConfig
from spacetime_rl.live.algorithm import LivePPO
from spacetime_rl.live.declared import DeclaredGame, make_spec
from spacetime_rl.live.rules import make_live
from spacetime_rl.live.runner import Door, LiveEnvRunner
from spacetime_rl.reports.summary import RunSummary
from spacetime_rl.rollout.make_plan import plan_rollout
from spacetime_rl.rollout.plan import RolloutPlan, Visitors
from spacetime_rl.serving.find import Declared
from spacetime_rl.training.run import begin


def learn_live(
    config: RunConfig,
    door: Door,
    run_id: str | None = None,
    force: bool = False,
    evaluate: bool = True,
    json_output: bool = False,
    declared: Declared | None = None,
) -> RunSummary:
    """Train a run from games that connect at `door`, until it ends or the user stops it, and publish the results.

    The configuration's game is started once, to learn its spaces, and for the evaluation. With `declared`, which is
    what a connected game said of itself, it is never started, and nothing is evaluated. Raises the errors of `train`.
    """
    config = make_live(config, starts_games=declared is None)
    plan = functools.partial(_plan, door=door, declared=declared)
    evaluate = evaluate and declared is None
    return begin(SweepConfig.of_run(config), run_id, force, evaluate, json_output, plan).summary


def _plan(
    config: RunConfig, logs: Path, *, door: Door, declared: Declared | None, recordings: Path | None = None
) -> RolloutPlan:
    visitors = Visitors(LivePPO, LiveEnvRunner, door)
    if declared is None:
        return replace(plan_rollout(config, logs, recordings=recordings), visitors=visitors)
    spec = make_spec(declared, config)

    def open_declared(_: Any) -> Any:
        return DeclaredGame(spec)

    return replace(plan_rollout(config, logs, open_first=open_declared), visitors=visitors)
