"""A sweep's search space, searcher and scheduler as Tune's objects.

A trial's values have flat keys such as `training.lr`, as the user wrote them; tables and MLflow show the same keys.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from ray import tune
from ray.tune import Stopper
from ray.tune.schedulers import ASHAScheduler, FIFOScheduler, PopulationBasedTraining, TrialScheduler
from ray.tune.search import BasicVariantGenerator, Repeater, SearchAlgorithm, Searcher
from ray.tune.search.repeater import TRIAL_INDEX
from ray.tune.search.sample import Domain as TuneDomain

from spacetime_rl import metrics
from spacetime_rl.config.search_space import Domain
from spacetime_rl.config.sweep import AshaConfig, Pb2Config, PbtConfig, SweepConfig, SweepSettings, dotted
from spacetime_rl.learning.metrics import WINDOW_EPISODES
from spacetime_rl.notices import ONCE

ADVICE = "compare them by another one, such as sweep.metric: " + metrics.SCENARIO_RETURN
SEED = "seed"

_log = logging.getLogger(__name__)


def make_space(sweep: SweepConfig) -> dict[str, Any]:
    """Tune's `config`: the domains by dotted name, and a grid of seeds if there are several seeds per candidate."""
    space = {dotted(path): to_tune(domain) for path, domain in sweep.space.items()}
    repeats = sweep.settings.seeds_per_trial
    if repeats > 1 and sweep.settings.searcher != "optuna":
        space[SEED] = tune.grid_search([sweep.base.seed + i for i in range(repeats)])
    return space


def count_samples(sweep: SweepConfig) -> int:
    """Tune's `num_samples`: how many times it draws, or goes through the grid."""
    settings = sweep.settings
    return settings.num_samples * (settings.seeds_per_trial if settings.searcher == "optuna" else 1)


def count_trials(sweep: SweepConfig) -> int:
    """The number of trials of a sweep."""
    grids = [len(drawn["grid_search"]) for drawn in make_space(sweep).values() if isinstance(drawn, dict)]
    return count_samples(sweep) * math.prod(grids)


def to_tune(domain: Domain) -> Any:
    """A domain as Tune's object."""
    args = list(domain.args)
    if domain.is_grid:
        return tune.grid_search(args)
    if domain.kind == "choice":
        return tune.choice(args)
    return getattr(tune, "randn" if domain.kind == "normal" else domain.kind)(*args)


def make_searcher(sweep: SweepConfig) -> Searcher | SearchAlgorithm:
    """The searcher that chooses values; seeded like the run, so that a repeated sweep chooses the same values."""
    settings = sweep.settings
    if settings.searcher != "optuna":
        # All seeds of a candidate get the same values.
        return BasicVariantGenerator(
            constant_grid_search=True, random_state=sweep.base.seed, max_concurrent=settings.max_concurrent or 0
        )
    from ray.tune.search.optuna import OptunaSearch

    names, modes = [goal.metric for goal in settings.goals], [goal.mode for goal in settings.goals]
    several = len(names) > 1
    space = {dotted(path): to_tune(domain) for path, domain in sweep.space.items()}
    search = OptunaSearch(space, names if several else names[0], modes if several else modes[0], seed=sweep.base.seed)
    return Repeater(search, settings.seeds_per_trial) if settings.seeds_per_trial > 1 else search


def candidate_values(sweep: SweepConfig, config: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """The searched settings and the seed of a trial, read from its Tune `config`."""
    values = {path: config[dotted(path)] for path in sweep.space if dotted(path) in config}
    if SEED in config:
        values[SEED,] = config[SEED]
    if TRIAL_INDEX in config:
        values[SEED,] = sweep.base.seed + int(config[TRIAL_INDEX])
    return values


def make_scheduler(sweep: SweepConfig) -> TrialScheduler:
    """The scheduler that stops trials early or lets them copy others. It counts agent steps."""
    settings, scheduler = sweep.settings, sweep.settings.scheduler
    if len(settings.goals) > 1:
        return FIFOScheduler()
    (goal,) = settings.goals
    judged: dict[str, Any] = {"time_attr": metrics.AGENT_STEPS, "metric": goal.metric, "mode": goal.mode}
    if isinstance(scheduler, AshaConfig):
        return ASHAScheduler(
            **judged,
            max_t=sweep.base.stop.agent_steps,
            grace_period=scheduler.grace_agent_steps,
            reduction_factor=scheduler.reduction_factor,
        )
    if isinstance(scheduler, PbtConfig):
        return PopulationBasedTraining(
            **judged,
            perturbation_interval=scheduler.interval_agent_steps,
            quantile_fraction=scheduler.quantile_fraction,
            resample_probability=scheduler.resample_probability,
            hyperparam_mutations={dotted(path): _mutation(domain) for path, domain in sweep.space.items()},
            custom_explore_fn=_inside(sweep),
            log_config=False,
            require_attrs=False,  # no success is known before the first episode has ended
        )
    if isinstance(scheduler, Pb2Config):
        from ray.tune.schedulers.pb2 import PB2  # imports scikit-learn, which takes seconds

        return PB2(
            **judged,
            perturbation_interval=scheduler.interval_agent_steps,
            quantile_fraction=scheduler.quantile_fraction,
            hyperparam_bounds={dotted(path): list(domain.args[:2]) for path, domain in sweep.space.items()},
            log_config=False,
            require_attrs=False,  # no success is known before the first episode has ended
        )
    return FIFOScheduler()


class Budget(Stopper):  # type: ignore[misc]  # ray has no types
    """Ends the whole sweep when all trials together have used up their agent steps.

    Also warns if trials are compared by a success rate that the game does not report.
    """

    def __init__(self, settings: SweepSettings) -> None:
        self._rates = [goal.metric for goal in settings.goals if metrics.is_success(goal.metric)]
        self._limit = settings.agent_steps or math.inf
        self._spent: dict[str, int] = {}

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Count a trial's agent steps; always False, because no single trial ends by this."""
        self._spent[trial_id] = int(result.get(metrics.AGENT_STEPS, 0))
        for metric in self._rates:
            if metric not in result and metrics.Result(result).episodes >= WINDOW_EPISODES:
                _log.warning(
                    "sweep: trials are compared by %s, and after %d episodes the game has not reported any success; %s",
                    *(metric, metrics.Result(result).episodes, ADVICE),
                    extra=ONCE,
                )
        return False

    def stop_all(self) -> bool:
        """Whether the agent steps are used up."""
        return sum(self._spent.values()) >= self._limit


def _mutation(domain: Domain) -> TuneDomain | list[Any]:
    return list(domain.args) if domain.kind == "choice" else to_tune(domain)


def _inside(sweep: SweepConfig) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Keeps PBT's values in range: it multiplies by 0.8 or 1.2, so a discount could exceed 1, or a size become 76.8."""
    ranges = {dotted(path): domain for path, domain in sweep.space.items() if domain.is_range}

    def clip(config: dict[str, Any]) -> dict[str, Any]:
        return {**config, **{key: ranges[key].nearest(config[key]) for key in ranges if key in config}}

    return clip


def choose_concurrent(config: SweepConfig, cpus: float) -> int:
    """The number of trials that train at the same time: PBT's and PB2's whole population, or one per two cores."""
    settings = config.settings
    wanted = settings.max_concurrent
    if wanted is None:
        wanted = int(cpus) if settings.scheduler.type in ("pbt", "pb2") else int(cpus / 2)
    return max(1, min(wanted, count_trials(config)))
