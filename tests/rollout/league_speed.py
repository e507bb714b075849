"""How fast an env runner samples in a league of 20 opponents: `python -m tests.rollout.league_speed docs/league.md`.

Two runners in this process, one without a league, take turns of `TURN_S` seconds. What counts is the processor time of
this process and its games. Four minutes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from spacetime_rl.bench.null_game import NullGameOpener
from spacetime_rl.bench.sampling import as_trained
from spacetime_rl.config import RunConfig, load
from spacetime_rl.contract import assign_policies
from spacetime_rl.formats.markdown import fill, table
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.rollout.directive import PLAIN, Directive
from spacetime_rl.rollout.make_plan import plan_rollout
from spacetime_rl.rollout.opponents import Draw, Opponent, Opponents
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.rollout.sides import plan_matches

BEGIN, END = "<!-- speed: begin -->", "<!-- speed: end -->"
OPPONENTS = 20
LATEST = 0.5  # the default of play_against_latest_model_ratio
TURN_S = 3.0
TURNS = 6
DECISIONS = 64  # of a fragment
LSTM = {"lstm": {"cell_size": 64}, "hiddens": [64]}


@dataclass(frozen=True)
class Case:
    """What is played: a title, the agents, and a plan without and with a league."""

    title: str
    config: RunConfig
    plan: RolloutPlan


def null_case(arenas: int, model: dict[str, Any]) -> Case:
    """Four agents in each arena of a game that takes no time, each a side of its own."""
    opener = NullGameOpener(4 * arenas, arenas)
    config = RunConfig.model_validate(
        {"scenario": {"name": "null"}, "model": model, "rollout": {"runners": 0}, "league": {}}
    )
    policies = assign_policies(opener.spec, config)
    plan = RolloutPlan(
        GameLaunch(scenario="null"),
        opener.spec,
        policies,
        matches=plan_matches(config, opener.spec, policies),
        open=opener,
    )
    network = "LSTM of 64" if "lstm" in model else "128x128"
    return Case(f"no engine, {arenas} arenas x 4 agents, {network}", config, plan)


def chase_case(arenas: int, logs: Path) -> Case:
    """Chasers and runners in the engine."""
    changes = [f"game.arenas={arenas}", "league.window=20", "rollout.runners=0", "rollout.games_per_runner=1"]
    config = load("vr_interaction_avoid", changes)
    return Case(f"vr_interaction_avoid, {arenas} arenas x 4 agents", config, plan_rollout(config, logs))


class Side:
    """One of the two runners, and what it has played."""

    def __init__(self, case: Case, league: bool) -> None:
        plan = case.plan if league else replace(case.plan, matches=None)
        self.runner = GameEnvRunner(as_trained(case.config, plan), worker_index=0)
        self.directive = self._opponents() if league else PLAIN
        self.agents = plan.spec.num_agents
        self.decisions = 0
        self.cpu_s = 0.0
        self.runner.follow(self.directive)
        self.runner.sample(num_timesteps=DECISIONS * self.agents)

    def play(self, seconds: float) -> float:
        """Play for some seconds; the decisions of a game for each second of processor time."""
        self.runner.follow(self.directive)
        decisions, began_s, until = 0, self._cpu_s(), time.monotonic() + seconds
        while time.monotonic() < until:
            self.runner.sample(num_timesteps=DECISIONS * self.agents)
            decisions += DECISIONS
        self.runner.take_matches()
        self.runner.get_metrics()
        return decisions / (self._cpu_s() - began_s)

    def _cpu_s(self) -> float:
        own = time.process_time()
        games = {sampler.pid for sampler in self.runner._samplers} - {None, psutil.Process().pid}
        return own + sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in games)

    def _opponents(self) -> Directive:
        policies = [policy.name for policy in self.runner._plan.policies]
        rng = np.random.default_rng(0)
        players, draws = [], {}
        for policy in policies:
            weights = self.runner.module[policy].get_state()
            ids = [f"{policy}@{index}" for index in range(OPPONENTS)]
            for name in ids:
                own = {key: value + 0.01 * rng.standard_normal(np.shape(value)) for key, value in weights.items()}
                own = {
                    key: value * np.float32(rng.uniform(0.9, 1.1)) if np.ndim(value) else value
                    for key, value in weights.items()
                }
                players.append(Opponent(name, policy, "snapshot", own))
            chances = (LATEST, *[(1 - LATEST) / OPPONENTS] * OPPONENTS)
            draws[policy] = Draw((f"{policy}@latest", *ids), chances)
        assert self.runner._plan.matches is not None
        sides = tuple(side.name for side in self.runner._plan.matches.sides)
        return Directive(opponents=Opponents(tuple(players), draws, sides))


def measure(cases: Sequence[Case], turn_s: float, turns: int) -> Iterator[tuple[str, ...]]:
    """The rows of the table."""
    torch.set_num_threads(1)
    for case in cases:
        plain, league = Side(case, False), Side(case, True)
        rates = [(plain.play(turn_s), league.play(turn_s)) for _ in range(turns)]
        without, with_league = (float(np.median(column)) for column in zip(*rates, strict=True))
        ratios = [ours / theirs for theirs, ours in rates]
        low, middle, high = np.percentile(ratios, (25, 50, 75))
        for side in (plain, league):
            side.runner.stop()
        agents = plain.agents
        yield (
            case.title,
            f"{without * agents:,.0f}",
            f"{with_league * agents:,.0f}",
            f"{middle:.2f} ({low:.2f} to {high:.2f})",
        )


def main(page: Path, turn_s: float = TURN_S, turns: int = TURNS) -> None:
    """Measure, and write the table between its marks in the page."""
    with tempfile.TemporaryDirectory() as logs:
        cases = [null_case(8, {}), null_case(32, {}), null_case(8, LSTM), chase_case(8, Path(logs))]
        rows = list(measure(cases, turn_s, turns))
    columns = ("game", "without a league", "20 opponents", "ratio")
    text = table(columns, rows)
    print(text)
    page.write_text(fill(page.read_text(encoding="utf-8"), BEGIN, END, text), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
