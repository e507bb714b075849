"""Train a configuration with several seeds, as sweeps over the seed; seeds that are trained already are kept."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacetime_rl import metrics
from spacetime_rl.baselines.judge import Say
from spacetime_rl.baselines.trained import TrainedRun, read_versions
from spacetime_rl.config import RunConfig
from spacetime_rl.config.search_space import Domain
from spacetime_rl.config.sections import EvaluationConfig, TrackingConfig
from spacetime_rl.config.sweep import SweepConfig, SweepSettings, dotted
from spacetime_rl.errors import GateError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.host import signals
from spacetime_rl.host.cpu_meter import CpuMeter
from spacetime_rl.runs.layout import RESULTS, RunPaths
from spacetime_rl.runs.state import read_state

if TYPE_CHECKING:
    from spacetime_rl.training.outcome import Outcome
    from spacetime_rl.tuning.trial_end import TrialEnd

_SEED = ("seed",)


@dataclass(frozen=True, slots=True)
class _Ledger:
    """What is known of a sweep's seeds, in `seeds.json` of its folder.

    `cpu_s` is the processor time of all of them, None where part of it was not measured.
    """

    seeds: Sequence[Mapping[str, Any]]
    cpu_s: float | None

    @classmethod
    def read(cls, folder: Path) -> _Ledger:
        """The ledger of a sweep; an empty one, of unknown processor time, if the last process was killed."""
        try:
            found = json.loads(RunPaths(folder).seeds.read_text(encoding="utf-8"))
            return cls(found["seeds"], found["cpu_s"])
        except (OSError, ValueError, KeyError):
            return cls((), None)

    def write(self, folder: Path) -> None:
        """Write it into the sweep's folder."""
        document = {"seeds": list(self.seeds), "cpu_s": self.cpu_s}
        RunPaths(folder).seeds.write_text(to_json(document, indent=1) + "\n", encoding="utf-8")


def train_seeds(
    config: RunConfig, name: str, count: int, json_output: bool = False, say: Say = lambda _: None
) -> list[TrainedRun]:
    """Train `count` seeds, `config.seed` and those that follow it, and return them in that order.

    A sweep over the seed trains those that no earlier sweep of this name and configuration has finished; an interrupted
    one is continued first. Their folders are `<results>/baseline-<name>-<digest>-<number>`. Raises GateError if a
    seed fails, `signals.Stopped` if the user stops it, and the errors of `run.begin` and `resume.resume_sweep`.
    """
    wanted = [config.seed + index for index in range(count)]
    prefix = f"baseline-{name.replace('/', '-')}-{_fingerprint(config)}"
    done = _take_up(config.results, prefix, json_output, say)
    missing = [seed for seed in wanted if seed not in done]
    if done and missing != wanted:
        say(f"trained already: seed {', '.join(str(seed) for seed in wanted if seed in done)}")
    if missing:
        say(f"training seed {', '.join(map(str, missing))}")
        done |= _begin(config, prefix, missing, json_output)
    failed = [seed for seed in wanted if seed not in done]
    if failed:
        raise GateError(f"baseline {name}: seed {', '.join(map(str, failed))} did not come to its end; run it again")
    return [done[seed] for seed in wanted]


def _fingerprint(config: RunConfig) -> str:
    """Equal for configurations that train the same; results, tracking and evaluation do not matter."""
    return config.model_copy(
        update={"results": RESULTS, "tracking": TrackingConfig(), "evaluation": EvaluationConfig()}
    ).digest()[:8]


def _take_up(results: Path, prefix: str, json_output: bool, say: Say) -> dict[int, TrainedRun]:
    """The finished seeds of earlier sweeps, after those that were interrupted are continued."""
    done: dict[int, TrainedRun] = {}
    for folder in sorted(results.glob(f"{prefix}-*")):
        state = read_state(folder)
        if state is not None and state.status != "finished":
            say(f"continuing {folder.name}")
            _train(folder, partial(_resume, folder.name, results, json_output))
        done |= _finished(folder)
    return done


def _begin(config: RunConfig, prefix: str, seeds: Sequence[int], json_output: bool) -> dict[int, TrainedRun]:
    from spacetime_rl.training import run as story

    run_id = f"{prefix}-{1 + len(list(config.results.glob(f'{prefix}-*')))}"
    settings = SweepSettings(num_samples=1, metric=metrics.SCENARIO_RETURN, max_failures=config.checkpoint.max_failures)
    sweep = SweepConfig(config, settings, {_SEED: Domain("grid_search", tuple(seeds))})
    folder = config.results / run_id
    _train(folder, partial(story.begin, sweep, run_id, force=False, evaluate=False, json_output=json_output))
    return _finished(folder)


def _resume(run_id: str, results: Path, json_output: bool) -> Outcome:
    from spacetime_rl.training import resume as later

    return later.resume_sweep(run_id, results, evaluate=False, json_output=json_output)


def _train(folder: Path, play: Callable[[], Outcome]) -> None:
    """Train, and record what came of it. Raises `signals.Stopped` if the user has stopped it."""
    spent_s = _Ledger.read(folder).cpu_s if folder.is_dir() else 0.0
    RunPaths(folder).seeds.unlink(missing_ok=True)  # if this process is killed, it is not known what it has spent
    seeds: list[Mapping[str, Any]] = []
    with CpuMeter() as meter:
        try:
            outcome = play()
            seeds = [_record(trial, folder) for trial in outcome.trials if trial.done]
        finally:
            elsewhere = "RAY_ADDRESS" in os.environ  # the processes of a cluster are not below this one
            cpu_s = None if spent_s is None or elsewhere else spent_s + meter.read()
            with contextlib.suppress(OSError):  # a training that failed at once leaves no folder
                _Ledger(seeds, cpu_s).write(folder)
    if outcome.summary.stopped:
        raise signals.Stopped(signals.received() or signals.INTERRUPT)


def _record(trial: TrialEnd, folder: Path) -> dict[str, Any]:
    assert trial.checkpoint is not None
    result = metrics.Result(trial.result)
    return {
        "seed": trial.drawn[dotted(_SEED)],
        "checkpoint": str(trial.checkpoint.relative_to(folder.absolute())),
        "agent_steps": result.agent_steps,
        "wall_s": result.time_s,
    }


def _finished(folder: Path) -> dict[int, TrainedRun]:
    """The finished seeds of a sweep; all of them are taken to have cost the same processor time."""
    from spacetime_rl.export.checkpoint import read_checkpoint

    ledger = _Ledger.read(folder)
    found = {}
    for seed in ledger.seeds:
        checkpoint = read_checkpoint(folder / seed["checkpoint"])
        found[seed["seed"]] = TrainedRun(
            folder,
            checkpoint.path,
            checkpoint.config,
            seed["agent_steps"],
            seed["wall_s"],
            read_versions(folder),
            ledger.cpu_s and ledger.cpu_s / len(ledger.seeds),
        )
    return found
