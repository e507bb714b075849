"""The story of a benchmark: measure everything side by side and build the report. Read this first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spacetime_rl.bench.bridge import Bridge
from spacetime_rl.bench.engine_limit import EngineLimit
from spacetime_rl.bench.learning import Learning
from spacetime_rl.bench.machine import describe_machine
from spacetime_rl.bench.measure import Throughput
from spacetime_rl.bench.report import BenchReport, RunnerAlone
from spacetime_rl.bench.rounds import Progress, Result, interleave, opened
from spacetime_rl.bench.sampling import Sampling, make_runner_alone
from spacetime_rl.bench.scaling import Cell, measure_scaling, scaling_s
from spacetime_rl.bench.stock_client import StockClient
from spacetime_rl.bench.stock_sb3 import StockSb3
from spacetime_rl.bench.target import plan_target, with_agents, with_games
from spacetime_rl.bench.training import StockRllib, Training
from spacetime_rl.config import RunConfig
from spacetime_rl.config.algorithms import ON_POLICY
from spacetime_rl.console.bottleneck import bottleneck
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.host.system import cores
from spacetime_rl.learning.build import train_batch_size
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.tuning.ray_session import ray_session

NULL_AGENTS = (8, 32, 128)  # agents of the null games on which the env runner is measured alone, beside the game's own


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """The extent of a benchmark."""

    rounds: int = 5
    seconds: float = 2.0  # of a turn; a learner also finishes its iteration
    stock: bool = False
    scaling: bool = False

    @property
    def duration_s(self) -> float:
        """An estimate of the benchmark's duration, without knowledge of the game."""
        opening_s, turns = (60.0, 12) if self.stock else (25.0, 9)  # turns: the measurements of a round
        scaling = scaling_s(self.rounds, self.seconds / 2) if self.scaling else 0.0
        return opening_s + 1.5 * self.rounds * self.seconds * turns + scaling


def run_bench(target: str, command: str, config: RunConfig, options: BenchOptions, progress: Progress) -> BenchReport:
    """Run the whole benchmark. Raises what a game raises; all processes are ended in any case."""
    config = config.sized()
    plan = plan_target(config)
    engine, bridge, training = EngineLimit(plan.launch), Bridge(plan.launch), Training(config, plan)
    null_agents = sorted({*NULL_AGENTS, plan.spec.num_agents})
    alone = [make_runner_alone(config, agents) for agents in null_agents]
    ours = [engine, bridge, Sampling(config, plan), Learning(config, plan), training, *alone]
    sb3 = StockSb3(config, plan)
    stock = [StockClient(plan), sb3, StockRllib(config, plan)] if options.stock else []
    with ray_session(cpus=_cpus(plan)):
        with opened([*ours, *stock], progress) as (able, refused):
            results = interleave(able, options.rounds, options.seconds, progress)
            profile = engine.profile(options.seconds) if engine in able else {}
            memory = {"game": bridge.rss_mb, "runner_and_games": training.rss_mb}
        cells = _scale(config, options, progress) if options.scaling else []
    return BenchReport(
        target=target,
        command=command,
        settings={**_settings(config, plan, options), **({"stock_sb3": sb3.describe()} if options.stock else {})},
        machine=describe_machine(),
        results={**results, **refused},
        runner_alone=tuple(_alone(results, agents) for agents in null_agents),
        us_per_agent_tick=profile and {**profile, "wire": _wire_us(results, plan.spec)},
        memory_mb=memory,
        verdict=bottleneck(_median(results, "training").shares, _spare_cores(plan)),
        scaling=tuple(cells),
    )


def _scale(config: RunConfig, options: BenchOptions, progress: Progress) -> Sequence[Cell]:
    def make_plan(agents: int, games: int) -> tuple[RunConfig, RolloutPlan]:
        chosen = with_games(with_agents(config, agents), games, agents)
        return chosen, plan_target(chosen)

    return measure_scaling(make_plan, options.rounds, options.seconds / 2, progress)


def _settings(config: RunConfig, plan: RolloutPlan, options: BenchOptions) -> Mapping[str, Any]:
    return {
        "agents": plan.spec.num_agents,
        "arenas": plan.spec.arenas,
        "action_repeat": plan.spec.action_repeat,
        "physics_hz": plan.spec.physics_hz,
        "games_per_runner": plan.games,
        "runners": plan.runners,
        "algorithm": config.algorithm,
        "train_batch_size": train_batch_size(config, plan),
        "minibatch_size": config.training.minibatch_size,
        "num_epochs": config.training.num_epochs if config.algorithm in ON_POLICY else None,
        "hiddens": list(config.model.hiddens),
        "rounds": options.rounds,
        "seconds": options.seconds,
    }


def _alone(results: Mapping[str, Result], agents: int) -> RunnerAlone:
    speed = _median(results, f"runner_alone_{agents}").agent_steps_per_s
    return RunnerAlone(agents, speed, 1e6 / speed)


def _wire_us(results: Mapping[str, Result], spec: GameSpec) -> float:
    """The cost of the wire in µs per agent and tick."""
    bridge = _median(results, "bridge")
    assert spec.action_repeat is not None  # every game that can be profiled declares it
    return 1e6 * bridge.shares["wire"] / (bridge.agent_steps_per_s * spec.action_repeat)


def _median(results: Mapping[str, Result], name: str) -> Throughput:
    taken = results[name].median
    assert taken is not None  # these measurements are possible for every game
    return taken


def _cpus(plan: RolloutPlan) -> float:
    """CPUs that Ray needs for the runners of two trainings, ours and RLlib's, or for the two of the scaling table."""
    return 1.0 + 2 * max(1, plan.runners) * plan.cpus_per_runner


def _spare_cores(plan: RolloutPlan) -> int:
    return cores() - max(1, plan.runners)
