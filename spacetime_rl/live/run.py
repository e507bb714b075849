"""The story of a live run: that of any run, with a server in place of its games."""

from __future__ import annotations

from dataclasses import replace

from spacetime_rl.config import RunConfig
from spacetime_rl.config.sweep import SweepConfig
from spacetime_rl.live.algorithm import LivePPO
from spacetime_rl.live.rules import make_live
from spacetime_rl.live.runner import Door, LiveEnvRunner
from spacetime_rl.reports.summary import RunSummary
from spacetime_rl.rollout.plan import RolloutPlan, Visitors
from spacetime_rl.training.run import begin


def learn_live(
    config: RunConfig,
    door: Door,
    run_id: str | None = None,
    force: bool = False,
    evaluate: bool = True,
    json_output: bool = False,
) -> RunSummary:
    """Train a run from games that connect at `door`, until it ends or the user stops it, and publish the results.

    The configuration's game is started once, to learn its spaces, and for the evaluation. Raises the errors of `train`.
    """

    def open_door(plan: RolloutPlan) -> RolloutPlan:
        return replace(plan, visitors=Visitors(LivePPO, LiveEnvRunner, door))

    live = SweepConfig.of_run(make_live(config))
    return begin(live, run_id, force, evaluate, json_output, open_door).summary
