"""Settings of a sweep that are valid each by itself and contradict each other, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator

from spacetime_rl import metrics
from spacetime_rl.config.rules import Contradiction
from spacetime_rl.config.sweep import AshaConfig, FifoConfig, Pb2Config, PbtConfig, SweepConfig, dotted

CHECKPOINTS_OF_A_POPULATION = 4  # with fewer a trial may be copied from a checkpoint that is gone already


def sweep_contradictions(sweep: SweepConfig) -> Iterator[Contradiction]:
    """All conflicts between settings."""
    yield from _grids(sweep)
    yield from _populations(sweep)
    yield from _ends(sweep)
    yield from _goals(sweep)
    yield from _seeds(sweep)
    yield from _demonstrations(sweep)
    yield from _attached(sweep)


def _attached(sweep: SweepConfig) -> Iterator[Contradiction]:
    if sweep.is_search and sweep.base.game.attach is not None:
        message = "a sweep plays many games at once, and you would start one; leave it out, or take `train`"
        yield Contradiction(("game", "attach"), message)


def _grids(sweep: SweepConfig) -> Iterator[Contradiction]:
    grids = [dotted(path) for path, domain in sweep.space.items() if domain.is_grid]
    drawn = [dotted(path) for path, domain in sweep.space.items() if not domain.is_grid]
    searcher = sweep.settings.searcher
    if searcher == "optuna" and grids:
        yield _at(
            "searcher",
            f"optuna draws values and tries no grid ({grids[0]}); write choice in place of grid_search, "
            "or take searcher: grid",
        )
    if searcher == "grid" and not grids:
        yield _at("searcher", f"grid tries every value of a grid_search, and there is none; {drawn[0]} could be one")


def _populations(sweep: SweepConfig) -> Iterator[Contradiction]:
    settings, scheduler = sweep.settings, sweep.settings.scheduler
    if not isinstance(scheduler, (PbtConfig, Pb2Config)):
        return
    name = scheduler.type
    if settings.searcher != "random":
        yield _at("searcher", f"{name} chooses values itself; take searcher: random")
    if settings.num_samples < 2:
        yield _at("num_samples", f"{name} needs a population of at least 2")
    keep = sweep.base.checkpoint.keep
    if keep < CHECKPOINTS_OF_A_POPULATION:
        yield Contradiction(
            ("checkpoint", "keep"),
            f"{name} copies trials from checkpoints; keep at least {CHECKPOINTS_OF_A_POPULATION}, found {keep}",
        )
    for path, domain in sweep.space.items():
        if path[0] == "model" or (path[0] == "policies" and "model" in path):
            yield _of(
                path, f"{name} copies weights from trial to trial, so all need the same networks; use fifo or asha"
            )
        elif path[0] in ("algorithm", "seed"):
            yield _of(path, f"{name} would change it while a trial runs, and it cannot change then; use fifo or asha")
        if domain.is_grid:
            yield _of(path, f"{name} changes values and tries no grid; write choice in place of grid_search")
        elif name == "pb2" and not domain.is_range:
            yield _of(path, "pb2 moves inside a range of numbers; give uniform or loguniform, or take pbt")


def _ends(sweep: SweepConfig) -> Iterator[Contradiction]:
    scheduler, last = sweep.settings.scheduler, sweep.base.stop.agent_steps
    if isinstance(scheduler, FifoConfig):
        return
    if last is None:
        yield Contradiction(
            ("stop", "agent_steps"), f"{scheduler.type} compares trials by agent steps; set their maximum"
        )
        return
    first = scheduler.grace_agent_steps if isinstance(scheduler, AshaConfig) else scheduler.interval_agent_steps
    name = "grace_agent_steps" if isinstance(scheduler, AshaConfig) else "interval_agent_steps"
    if first >= last:
        yield _at(f"scheduler.{name}", f"{first} is not less than stop.agent_steps, {last}")


def _goals(sweep: SweepConfig) -> Iterator[Contradiction]:
    settings = sweep.settings
    for index, goal in enumerate(settings.goals):
        if not goal.metric.startswith(metrics.GROUPS):
            at = "metric" if not settings.objectives else f"objectives.{index}.metric"
            yield _at(at, f"no metric is called {goal.metric!r}; names begin with {', '.join(metrics.GROUPS)}")
        elif metrics.is_of_evaluation(goal.metric):
            yield _at(
                "metric" if not settings.objectives else f"objectives.{index}.metric",
                "trials end before their last evaluation, so these cannot rank them; take a metric of scenario/ or "
                "policy/. `--best` takes the best checkpoint of all trials",
            )
    if len(settings.goals) > 1 and settings.searcher != "optuna":
        yield _at("objectives", "only optuna searches for several objectives at once; take searcher: optuna")
    if len(settings.goals) > 1 and not isinstance(settings.scheduler, FifoConfig):
        name = settings.scheduler.type
        yield _at("objectives", f"{name} compares trials by one metric; take scheduler: {{type: fifo}}")


def _seeds(sweep: SweepConfig) -> Iterator[Contradiction]:
    settings = sweep.settings
    if settings.seeds_per_trial == 1:
        return
    if not isinstance(settings.scheduler, FifoConfig):
        name = settings.scheduler.type
        yield _at(
            "seeds_per_trial",
            f"{name} would stop or change single seeds of a configuration; take scheduler: {{type: fifo}}",
        )
    if ("seed",) in sweep.space:
        yield _at("seeds_per_trial", "the seed is searched already")


def _demonstrations(sweep: SweepConfig) -> Iterator[Contradiction]:
    """What is read and settled before the first trial."""
    settled = {("imitation", key) for key in ("from", "episodes", "agents", "successes_only", "offline")}
    for path in sweep.space:
        if path in settled:
            yield _of(path, "is the same for all trials: the demonstrations are read once; search imitation.epochs")


def _at(key: str, message: str) -> Contradiction:
    return Contradiction(("sweep", *key.split(".")), message)


def _of(path: tuple[str, ...], message: str) -> Contradiction:
    return Contradiction(("sweep", "space", dotted(path)), message)
