"""Find the player that a user names for an evaluation, and the configuration to play."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spacetime_rl.config import RunConfig, load
from spacetime_rl.config.packaged import CONFIGS
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.sources import (
    HeuristicSource,
    InGameSource,
    MixedSource,
    OnnxSource,
    RandomSource,
    Source,
    is_onnx_folder,
    read_schemas,
)
from spacetime_rl.game.project import scenario_names
from spacetime_rl.runs.layout import RunPaths, run_around
from spacetime_rl.runs.locate import find_checkpoint
from spacetime_rl.runs.shipped import read_baseline

BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A player, the configuration it was trained with and the folder of its run, each None if unknown."""

    source: Source
    config: RunConfig | None
    run: Path | None = None


def resolve_source(
    name: str,
    results: Path,
    workspace: Path,
    number: int | None = None,
    baseline: str | None = None,
) -> Resolved:
    """Find the player `name`: `random`, `heuristic`, a folder of ONNX files, or a run, a trial or a checkpoint.

    The name `baseline` stands for the package's baseline `baseline`, with the configuration it was evaluated on. A
    checkpoint (the latest of a run, or the one with `number`) is first exported into the folder `workspace`, so that
    the evaluation plays the same ONNX files as a game would load. What a script played in training, it plays again.
    Raises UsageError, CheckpointError or ExportError.
    """
    if number is not None and (name in ("random", "heuristic", BASELINE) or is_onnx_folder(Path(name))):
        raise UsageError(f"eval {name}: --checkpoint-number {number}: has no checkpoints; name a run or a trial")
    if name in ("random", "heuristic"):
        return Resolved(RandomSource() if name == "random" else HeuristicSource(), None)
    if name == BASELINE:
        if baseline is None:
            raise UsageError("eval baseline: --config is required, for example --config vr_interaction")
        shipped = read_baseline(baseline.removeprefix(f"{CONFIGS.name}/").removesuffix(".yaml"))
        return Resolved(OnnxSource(shipped.folder, BASELINE), shipped.config)
    if is_onnx_folder(Path(name)):
        config = _config_of_folder(Path(name))
        scripted = config.scripted if config else ()
        return Resolved(OnnxSource(Path(name), Path(name).name, scripted=scripted), config, run_around(Path(name)))
    found = find_checkpoint(name, results, number)
    from spacetime_rl.export.checkpoint import read_checkpoint  # torch takes seconds to import
    from spacetime_rl.export.onnx import export_checkpoint

    checkpoint = read_checkpoint(found)
    export_checkpoint(checkpoint.path, workspace)
    named = f"{checkpoint.run_id} {checkpoint.path.name}"
    source = OnnxSource(workspace, named, scripted=checkpoint.config.scripted)
    return Resolved(source, checkpoint.config, run_around(checkpoint.path))


def mix_sources(
    found: Resolved,
    others: Sequence[str],
    results: Path,
    workspace: Path,
    baseline: str | None = None,
) -> Resolved:
    """Give single policies other players: `others` are POLICY=PLAYER.

    Raises UsageError for a malformed entry, and the errors of `resolve_source`.
    """
    own: dict[str, Source] = {}
    for other in others:
        policy, separator, name = other.partition("=")
        if not (policy and separator and name):
            raise UsageError(f"--with {other}: expected POLICY=PLAYER, as in --with runner=heuristic")
        folder = workspace / f"with-{policy}"
        folder.mkdir()
        own[policy] = resolve_source(name, results, folder, baseline=baseline).source
    if found.source.control == "heuristic" and own:
        raise UsageError("eval heuristic: name the other player first: eval RUN --with POLICY=heuristic")
    return replace(found, source=MixedSource(found.source, own)) if own else found


def play_in_game(found: Resolved, command: str) -> Resolved:
    """The same policies, computed by the game itself. Raises UsageError for a player that is no trained policy.

    `command` is what the user typed so far, such as `eval my-run`.
    """
    if not isinstance(found.source, OnnxSource):
        raise UsageError(f"{command} --in-game: expected a trained policy alone: a run, `baseline` or an ONNX folder")
    if found.source.every > 1:
        raise UsageError(f"{command} --in-game: the game asks its policies on every decision; no --decision-every")
    own = InGameSource(found.source.folder, f"{found.source.name}, in the game", scripted=found.source.scripted)
    return replace(found, source=own)


def hold_actions(found: Resolved, every: int, name: str) -> Resolved:
    """The same policies, asked on every `every`-th decision. Raises UsageError for a player that is no trained policy.

    It comes before `mix_sources`: other players of single policies decide as often as before.
    """
    if not isinstance(found.source, OnnxSource):
        raise UsageError(f"eval {name} --decision-every: expected a trained policy: a run, `baseline`, an ONNX folder")
    return replace(found, source=replace(found.source, every=every, name=f"{found.source.name}, every {every}"))


def _config_of_folder(folder: Path) -> RunConfig | None:
    """The configuration for a folder of ONNX files: that of the run around it, or one of the scenario in its schemas.

    None if the folder is in no run and the scenario is not one of the package's.
    """
    of_run = RunPaths(folder.resolve().parent).config
    if of_run.is_file():
        return load(of_run)
    origin = next(iter(read_schemas(folder).values())).origin
    if origin.scenario not in scenario_names():
        return None
    return RunConfig.model_validate(
        {
            "scenario": {"name": origin.scenario, "params": origin.params},
            "game": {"action_repeat": origin.action_repeat, "physics_hz": origin.physics_hz},
        }
    )


def require_config(resolved: Resolved, name: str) -> RunConfig:
    """The configuration that the player was trained with. Raises UsageError if it is unknown."""
    if resolved.config is None:
        raise UsageError(f"eval {name}: --config is required, for example --config vr_interaction")
    return resolved.config
