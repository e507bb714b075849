"""The players of a run that meet in a round robin: snapshots or checkpoints of its policies, and fixed opponents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from spacetime_rl import metrics
from spacetime_rl.config import RunConfig
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.sources import HeuristicSource, OnnxSource, RandomSource, Source, read_schemas
from spacetime_rl.export.schema import Origin
from spacetime_rl.game.spec import GameSpec, PolicyLayout
from spacetime_rl.league.lineage import read_lineage
from spacetime_rl.league.matrix import spread
from spacetime_rl.league.player import RANDOM, SCRIPTED, Player, kind_of, qualified
from spacetime_rl.runs.layout import RunPaths, checkpoints_in, snapshots_of, trials_of
from spacetime_rl.runs.result_log import read_progress
from spacetime_rl.runs.shipped import read_baseline

_OPSET = 17  # torch's older exporter writes these files ten times as fast, and nobody else reads them


@dataclass(frozen=True, slots=True)
class Entrant:
    """A player of one policy: its id, and what makes it act."""

    player: str
    policy: str
    source: Source


def find_entrants(
    run: Path, config: RunConfig, spec: GameSpec, layouts: Mapping[str, PolicyLayout], count: int, workspace: Path
) -> dict[str, list[Entrant]]:
    """By policy the random and the scripted player, the league's fixed opponents, and `count` snapshots of each trial.

    Snapshots are spread evenly over the training, with the first and the last among them. A run without a league has
    its checkpoints instead. They are exported into `workspace`. Raises UsageError if a policy has none.
    """
    trials = trials_of(run)
    entrants: dict[str, list[Entrant]] = {}
    for policy, layout in layouts.items():
        found = []
        for trial in trials:
            lineage = read_lineage(trials[trial])
            for steps, source in _snapshots(run, trial, policy, config, spec, layout, count, workspace):
                player = Player.snapshot(policy, steps).id
                name = qualified(player, lineage.owner_of(steps)) if len(trials) > 1 else player
                found.append(Entrant(name, policy, source))
        if not found:
            raise UsageError(
                f"{run.name}: policy {policy!r} has neither snapshots of a league nor checkpoints, so there is "
                "nobody to play; training writes a checkpoint every checkpoint.every_iterations"
            )
        entrants[policy] = [*_fixed(policy, config, spec), *found]
    return entrants


def _fixed(policy: str, config: RunConfig, spec: GameSpec) -> Iterator[Entrant]:
    """The fixed opponents of a policy: the random and the scripted one, and those of the league that have it."""
    yield Entrant(RANDOM, policy, RandomSource())
    if not spec.is_stock:
        yield Entrant(SCRIPTED, policy, HeuristicSource())
    for name in config.league.fixed if config.league else ():
        kind, _, place = name.partition(":")
        if kind_of(name) != RANDOM:
            folder = Path(place) if kind == "onnx" else read_baseline(place).folder
            if policy in read_schemas(folder):
                yield Entrant(name, policy, OnnxSource(folder, name))


def _snapshots(
    run: Path, trial: str, policy: str, config: RunConfig, spec: GameSpec, layout: PolicyLayout, count: int, out: Path
) -> Iterator[tuple[int, OnnxSource]]:
    """At most `count` snapshots of a trial's policy, exported, with the agent steps at which they were taken."""
    from spacetime_rl.export.checkpoint import read_checkpoint  # torch takes seconds to import
    from spacetime_rl.export.onnx import export_checkpoint, export_module
    from spacetime_rl.export.versions import Versions
    from spacetime_rl.export.weights import load_weights

    folder = trials_of(run)[trial]
    lineage = read_lineage(folder)  # others are copies of another trial's, which has them, too
    weights, checkpoints = (
        {steps: file for steps, file in found.items() if lineage.has_taken(steps)}
        for found in (snapshots_of(folder, policy), _checkpoints(run, trial))
    )
    last = max(checkpoints, default=None)
    taken = sorted({*weights, *([] if last is None else [last])} if weights else checkpoints)
    if last is not None:
        config = read_checkpoint(checkpoints[last]).config  # a sweep's trials have networks of their own
    for steps in spread(taken, count):
        folder = out / f"{trial}-{policy}-{steps}"
        folder.mkdir()
        if steps in weights:
            origin = _origin(spec, run.name, weights[steps].name)
            module = load_weights(weights[steps], policy, layout, config)
            export_module(module, policy, folder, origin, Versions(_OPSET))
        else:
            export_checkpoint(checkpoints[steps], folder, [policy], _OPSET)
        yield steps, OnnxSource(folder, Player.snapshot(policy, steps).id)


def _origin(spec: GameSpec, run_id: str, snapshot: str) -> Origin:
    return replace(Origin.of_game(spec), run_id=run_id, checkpoint=snapshot)


def _checkpoints(run: Path, trial: str) -> dict[int, Path]:
    """The checkpoints of a trial by the agent steps at which they were written."""
    from spacetime_rl.export.checkpoint import read_checkpoint

    steps = {
        result.iteration: result.agent_steps
        for result in map(metrics.Result, read_progress(RunPaths(run).results, trial))
    }
    found = {}
    for checkpoint in checkpoints_in(trials_of(run)[trial]):
        iteration = read_checkpoint(checkpoint).iteration
        if iteration in steps:
            found[steps[iteration]] = checkpoint
    return found
