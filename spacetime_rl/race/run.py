"""The story of a race: seed by seed, everybody trains the same task until it is learned or the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from spacetime_rl.bench.machine import describe_machine
from spacetime_rl.bench.measure import NotMeasurable
from spacetime_rl.bench.target import plan_target
from spacetime_rl.config import RunConfig
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.learning.build import train_batch_size
from spacetime_rl.race.judge import Judge
from spacetime_rl.race.options import RaceOptions
from spacetime_rl.race.racer import Racer
from spacetime_rl.race.racers import make_racers
from spacetime_rl.race.report import WAYS, Leg, Point, RaceReport
from spacetime_rl.rollout.plan import RolloutPlan

Say = Callable[[str], None]


def run_race(target: str, command: str, config: RunConfig, options: RaceOptions, say: Say) -> RaceReport:
    """Run the whole race. Raises what a game raises; all processes are ended in any case.

    Lessons are left out: peers have none, and all train the whole task.
    """
    config = config.model_copy(update={"curriculum": ()}).sized()
    say("measuring the game")
    plan = plan_target(config)
    judge = Judge(config, options.episodes)
    others = judge.success_of_others(has_script=not plan.spec.is_stock)
    racers, missing = _ready(config, plan, say)
    legs = [
        _train(racer, seed, judge, options, say)
        for seed in range(config.seed, config.seed + options.seeds)
        for racer in racers  # in turns, so that other load on this machine meets all of them
    ]
    return RaceReport(
        target=target,
        command=command,
        settings=_settings(config, plan, options),
        machine=describe_machine(),
        success=options.success,
        limit_s=options.limit_s,
        legs=tuple(legs),
        others=others,
        missing=missing,
    )


def _ready(config: RunConfig, plan: RolloutPlan, say: Say) -> tuple[list[Racer], dict[str, str]]:
    """The racers that can train this task, ours first, and the reasons why others cannot."""
    able: list[Racer] = []
    missing: dict[str, str] = {}
    for racer in make_racers(config, plan):
        say(f"preparing {racer.name}")
        try:
            racer.prepare()
            able.append(racer)
        except NotMeasurable as reason:
            missing[racer.name] = str(reason)
    return able, missing


def _train(racer: Racer, seed: int, judge: Judge, options: RaceOptions, say: Say) -> Leg:
    points: list[Point] = []
    clock = _Clock()
    leg = Leg(racer.name, seed, ())
    try:
        with clock:
            racer.start(seed)
        while not _is_over(leg, options):
            due = clock.seconds + options.judge_every_s
            with clock:
                steps = racer.learn()
                while clock.passed() < min(due, options.limit_s):
                    steps = racer.learn()
            with scratch_folder("race") as folder:
                racer.export(Path(folder))
                success = {way: judge.success(Path(folder), drawn=way == "drawn") for way in WAYS}
            points.append(Point(clock.seconds, steps, clock.core_s, success))
            leg = Leg(racer.name, seed, tuple(points))
            shown = ", ".join(f"{way} {rate:.0%}" for way, rate in success.items())
            say(f"{racer.name}, seed {seed}: {clock.seconds:.0f} s, {steps:,} agent steps: {shown}")
    finally:
        racer.stop()
    return leg


def _is_over(leg: Leg, options: RaceOptions) -> bool:
    if leg.points and leg.points[-1].seconds >= options.limit_s:
        return True
    return all(leg.finish(way, options.success) for way in WAYS)


class _Clock:
    """Counts the seconds, and the processor time of the whole machine, of the blocks that it is used for."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.core_s = 0.0

    def __enter__(self) -> None:
        self._from = (time.monotonic(), _busy_s())

    def __exit__(self, *_: object) -> None:
        began, busy = self._from
        self.seconds += time.monotonic() - began
        self.core_s += _busy_s() - busy

    def passed(self) -> float:
        """The seconds so far, inside a block."""
        return self.seconds + time.monotonic() - self._from[0]


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)


def _settings(config: RunConfig, plan: RolloutPlan, options: RaceOptions) -> dict[str, Any]:
    return {
        "agents": plan.spec.num_agents,
        "action_repeat": plan.spec.action_repeat,
        "train_batch_size": train_batch_size(config, plan),
        "minibatch_size": config.training.minibatch_size,
        "num_epochs": config.training.num_epochs,
        "hiddens": list(config.model.hiddens),
        "seeds": options.seeds,
        "judge_every_s": options.judge_every_s,
        "episodes": options.episodes,
        "episodes_seed": config.evaluation.seed,
    }
