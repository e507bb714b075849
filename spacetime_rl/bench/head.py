"""Measure the load of a cluster's head: many env runners' traffic at driver and learner, many trials' at Tune.

The runners do not play: each sends its first fragment, of a game without an engine, again and again. A few such
runners on one machine therefore give the traffic of hundreds that play. Only the processor time of the driver's
process counts, because on a cluster the runners use other machines.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from ray import tune
from ray.tune import Callback

from spacetime_rl import metrics
from spacetime_rl.bench.learners import CASES, OnGpu, TwoLearners, measure_gpu, measure_learners
from spacetime_rl.bench.null_game import NullGameOpener
from spacetime_rl.bench.rounds import Progress
from spacetime_rl.bench.sampling import as_trained
from spacetime_rl.config import RunConfig
from spacetime_rl.contract import assign_policies
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.host.system import cores
from spacetime_rl.learning.algorithm import SpacetimeAlgorithm
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.policy_slot import Decide
from spacetime_rl.rollout.recording import Fragment
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.runs.layout import RunPaths
from spacetime_rl.tracking.callback import MlflowCallback
from spacetime_rl.tracking.identity import describe_run
from spacetime_rl.tracking.store import resolve_store
from spacetime_rl.tuning.ray_session import gpus_there, ray_session
from spacetime_rl.tuning.result_log import ResultLog
from spacetime_rl.tuning.tune_memory import forgetting

RUNNERS = (1, 4, 16)
FRAGMENTS = (256, 1024, 4096)  # agent steps
AGENTS = 32  # agents of the null game
TRIALS, RESULTS = 8, 50  # trials of the sweep, and results of each trial
_CPUS = 0.05  # reserved for a runner or trial, which hardly computes


@dataclass(frozen=True, slots=True)
class Traffic:
    """The cost of a round in which each of `runners` runners sends a fragment of `fragment` agent steps."""

    runners: int
    fragment: int
    round_ms: float  # wall-clock time until all fragments have arrived, with all processes on this machine
    driver_ms: float  # processor time of the driver
    weights_ms: float  # wall-clock time to send the weights to all runners


@dataclass(frozen=True, slots=True)
class HeadLoad:
    """The measured load; times are medians."""

    traffic: tuple[Traffic, ...]
    bytes_per_agent_step: float
    learner_us_per_agent_step: float  # for all `num_epochs` epochs
    learner: str  # where it learned, and the number of threads
    result_ms: float  # processor time of Tune's driver per result of a trial, with MLflow and progress.jsonl
    record_ms: float  # wall-clock time of MLflow's database per result
    cores: int
    learning: tuple[TwoLearners, ...] = ()  # with one learner and with two
    on_gpu: tuple[OnGpu, ...] = ()  # empty where Ray has no GPU

    @property
    def us_per_agent_step(self) -> float:
        """Processor time of the driver per agent step in a fragment, in µs."""
        return self._fit()[1] * 1000.0

    @property
    def ms_per_fragment(self) -> float:
        """Processor time of the driver per fragment, independent of its length, in ms."""
        return self._fit()[0]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        fitted = {"us_per_agent_step": self.us_per_agent_step, "ms_per_fragment": self.ms_per_fragment}
        return {**asdict(self), **fitted}

    def _fit(self) -> tuple[float, float]:
        """Milliseconds per fragment and per agent step, by least squares over all traffic with several runners."""
        rows = [t for t in self.traffic if t.runners > 1]
        fragments = torch.tensor([[t.runners, t.runners * t.fragment] for t in rows], dtype=torch.float64)
        spent = torch.tensor([[t.driver_ms] for t in rows], dtype=torch.float64)
        fixed, each = torch.linalg.lstsq(fragments, spent).solution.flatten().tolist()
        return max(0.0, fixed), max(0.0, each)


class EchoRunner(GameEnvRunner):
    """An env runner that plays its first fragment and returns the same one ever after."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._first: list[Fragment] = []
        super().__init__(*arguments, **options)

    def _play(self, steps: int, decide: Decide, played: int) -> list[Fragment]:
        if not self._first:
            self._first = super()._play(steps, decide, played)
        return self._first


def measure_head(rounds: int, progress: Progress) -> HeadLoad:
    """Measure everything, which takes a few minutes. Starts a private Ray if none is running."""
    traffic: list[Traffic] = []
    cases = [(runners, fragment) for runners in RUNNERS for fragment in FRAGMENTS]
    total = len(cases) + len(CASES) + 3
    size = learner_us = 0.0
    with ray_session(cpus=2.0 + _CPUS * max(*RUNNERS, TRIALS)):
        for done, (runners, fragment) in enumerate(cases):
            progress(done, total, f"{runners} runners, fragments of {fragment} agent steps")
            with _algorithm(runners, fragment) as algorithm:
                traffic.append(_measure_traffic(algorithm, runners, fragment, rounds))
                if (runners, fragment) == (1, FRAGMENTS[-1]):
                    size, learner_us = _measure_batch(algorithm, rounds)
        learning: list[TwoLearners] = []
        for case in CASES:
            progress(len(cases) + len(learning), total, f"two learners, {case}")
            learning.append(measure_learners(case, rounds))
        progress(total - 3, total, "a GPU, if there is one")
        on_gpu = tuple(measure_gpu(case, rounds) for case in CASES) if gpus_there() else ()
        progress(total - 2, total, f"a sweep of {TRIALS} trials")
        result_ms = _measure_sweep()
    progress(total - 1, total, "MLflow")
    return HeadLoad(
        tuple(traffic),
        size,
        learner_us,
        f"CPU, {torch.get_num_threads()} threads",
        result_ms,
        _measure_mlflow(),
        cores(),
        tuple(learning),
        on_gpu,
    )


@contextmanager
def _algorithm(runners: int, fragment: int) -> Iterator[SpacetimeAlgorithm]:
    opener = NullGameOpener(AGENTS)
    config = RunConfig.model_validate(
        {
            "scenario": {"name": "null"},
            "training": {"train_batch_size": runners * fragment, "minibatch_size": min(512, fragment)},
            "rollout": {"runners": runners, "fragment_length": fragment // AGENTS},
        }
    )
    policies = assign_policies(opener.spec, config)
    plan = RolloutPlan(
        GameLaunch(scenario="null"), opener.spec, policies, runners=runners, cpus_per_runner=_CPUS, open=opener
    )
    algorithm_config = as_trained(config, plan)
    algorithm_config.env_runners(env_runner_cls=EchoRunner)
    algorithm = algorithm_config.build_algo()
    try:
        yield algorithm
    finally:
        algorithm.stop()


def _measure_traffic(algorithm: SpacetimeAlgorithm, runners: int, fragment: int, rounds: int) -> Traffic:
    algorithm.sample_batch()
    sampling = [_cost(algorithm.sample_batch) for _ in range(rounds)]
    group, learner = algorithm.env_runner_group, algorithm.learner_group
    syncing = [_cost(lambda: group.sync_weights(from_worker_or_learner_group=learner)) for _ in range(rounds)]
    walls, spent = zip(*sampling, strict=True)
    return Traffic(runners, fragment, median(walls), median(spent), median(wall for wall, _ in syncing))


def _measure_batch(algorithm: SpacetimeAlgorithm, rounds: int) -> tuple[float, float]:
    """Bytes per agent step on the way to the driver, and microseconds per agent step for learning."""
    episodes = algorithm.sample_batch()
    steps = sum(len(episode) for episode in episodes)
    walls = [_cost(lambda: algorithm.learn(episodes))[0] for _ in range(rounds)]
    return len(pickle.dumps(episodes, protocol=5)) / steps, 1000.0 * median(walls) / steps


def _cost(work: Callable[[], Any]) -> tuple[float, float]:
    """The wall-clock time of `work` and the processor time of this process for it, both in ms."""
    began_s, spent_s = time.perf_counter(), time.process_time()
    work()
    return 1000.0 * (time.perf_counter() - began_s), 1000.0 * (time.process_time() - spent_s)


def _null_run(results: Path) -> RunConfig:
    return RunConfig.model_validate({"name": "bench", "scenario": {"name": "null"}, "results": results})


class _Reporter(tune.Trainable):  # type: ignore[misc]
    """A trial that does not train, but reports as many metrics as a real one."""

    def step(self) -> dict[str, Any]:
        return {metrics.AGENT_STEPS: self.iteration * 1000, **_metrics(self.iteration)}


def _metrics(iteration: int) -> dict[str, float]:
    names = [metrics.of_policy(policy, f"metric_{i}") for policy in ("giver", "taker") for i in range(20)]
    return {name: float(iteration) for name in (*names, metrics.SCENARIO_SUCCESS, metrics.STEPS_PER_S)}


class _Clock(Callback):  # type: ignore[misc]
    """Records wall-clock and processor time at every result."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float]] = []

    def on_trial_result(self, **_: Any) -> None:
        """Record the times; Tune calls this for every result."""
        self.seen.append((time.perf_counter(), time.process_time()))


def _measure_sweep() -> float:
    """Processor time of Tune's driver per result with our callbacks, in ms."""
    with scratch_folder("bench") as folder:
        config, store = _null_run(folder), resolve_store(folder)
        clock = _Clock()
        callbacks = [
            clock,
            ResultLog(RunPaths(folder).results),
            MlflowCallback(describe_run(config, "bench", folder), store),
        ]
        with forgetting():  # as in a sweep
            tune.run(
                _Reporter,
                num_samples=TRIALS,
                stop={metrics.ITERATION: RESULTS},
                resources_per_trial={"cpu": _CPUS},
                storage_path=str(folder),
                callbacks=callbacks,
                verbose=0,
            )
    under_way = clock.seen[len(clock.seen) // 4 :]  # without the first quarter, in which trials start
    return 1000.0 * (under_way[-1][1] - under_way[0][1]) / (len(under_way) - 1)


def _measure_mlflow(results: int = 100) -> float:
    """Wall-clock time of MLflow's embedded database per result of a trial, in ms."""
    from spacetime_rl.tracking.recorder import Point, Recorder

    with scratch_folder("bench") as folder:
        config = _null_run(folder)
        recorder = Recorder(describe_run(config, "bench", folder), resolve_store(folder))
        recorder.open_trial("00000", "bench", {})
        stamp = int(time.time() * 1000)
        points = [Point("00000", _metrics(step), step, stamp) for step in range(results)]
        writes = [partial(recorder.log_points, [point]) for point in points]
        walls = [_cost(write)[0] for write in writes]
    return median(walls)
