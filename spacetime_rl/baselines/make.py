"""Make a baseline from a finished run: its policies, scripted and random policy play the same episodes."""

from __future__ import annotations

import json
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spacetime_rl.config import RunConfig, load
from spacetime_rl.config.compare import diff, overrides_for, settle_like
from spacetime_rl.contract import make_launch
from spacetime_rl.errors import ContractError, GateError, UsageError
from spacetime_rl.evaluation.comparison import compare_reports
from spacetime_rl.evaluation.evaluate import evaluate
from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.evaluation.sources import HeuristicSource, MixedSource, OnnxSource, RandomSource, Source
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.host.system import cores
from spacetime_rl.pictures.paths import anybody_moves, draw_paths
from spacetime_rl.runs.layout import RESULTS, RunPaths, onnx_file, schema_file
from spacetime_rl.runs.locate import find_checkpoint
from spacetime_rl.runs.shipped import (
    BASELINES,
    FILE,
    SCHEMA_VERSION,
    TRAINED,
    WEIGHTS,
    Baseline,
    baseline_names,
    read_baseline,
)

OLD = "old baseline"

_DRAWN = 3  # episodes in the picture
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result: the reports of all players, whether the baseline was written, and the reason."""

    name: str
    folder: Path
    reports: Sequence[EvalReport]
    written: bool
    reason: str


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """A finished run: its folder, its configuration with all sizes settled, its summary and its versions."""

    folder: Path
    config: RunConfig
    summary: Mapping[str, Any]
    versions: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> TrainedRun:
        """Read a run's folder. Raises UsageError if the run is not finished."""
        paths = RunPaths(folder)
        summary, versions = paths.summary, paths.versions
        if not summary.is_file():
            raise UsageError(f"{folder}: has no report/summary.json: name a run that came to its end")
        found = json.loads(summary.read_text(encoding="utf-8"))
        if found["interrupted"]:
            raise UsageError(f"{folder}: was interrupted; continue it first: spacetime-rl train --resume {folder}")
        made_with = json.loads(versions.read_text(encoding="utf-8")) if versions.is_file() else {}
        return cls(folder, load(paths.config), found, made_with)

    def policies(self, workspace: Path) -> Path:
        """Export the latest checkpoint's policies to `workspace`, as ONNX files and weights; returns the folder."""
        from spacetime_rl.export.checkpoint import read_checkpoint  # torch takes seconds to import
        from spacetime_rl.export.onnx import export_checkpoint
        from spacetime_rl.export.weights import save_weights

        latest = find_checkpoint(self.folder, self.folder.parent)
        export_checkpoint(latest, workspace)
        checkpoint = read_checkpoint(latest)
        for policy in checkpoint.policies:
            save_weights(checkpoint.load_module(policy), workspace / f"{policy}{WEIGHTS}")
        return workspace


def make_baseline(
    name: str,
    config: RunConfig,
    run: TrainedRun,
    command: Sequence[str],
    force: bool = False,
    adversarial: bool = False,
    root: Path = BASELINES,
    say: Say = lambda _: None,
) -> Outcome:
    """Evaluate a run's policies on `config`'s scenario, with scripted and random policy, and write them to `root/name`.

    An earlier baseline of that name plays the same episodes. It is replaced if it is proven worse, if it does not fit
    the game any more, or with `force`. `adversarial` policies also play against the heuristics of the others. `command`
    are the words of the command that makes the baseline anew, to which the run's own settings are added. Raises
    UsageError, ContractError or GameError.
    """
    if run.config.scenario.name != config.scenario.name:
        raise UsageError(
            f"{run.folder}: was trained on {run.config.scenario.name}, the configuration plays {config.scenario.name}"
        )
    judged = _judged(config, run.config)
    with scratch_folder("baseline") as workspace:
        onnx = run.policies(Path(workspace))
        trained = _play(judged, OnnxSource(onnx, name=TRAINED), say, traced=_DRAWN)
        others: list[Source] = [HeuristicSource(), RandomSource()]
        if adversarial:
            others += _against_heuristics(trained, onnx)
        reports = [trained, *(_play(judged, source, say) for source in others)]
        written, reason, old = _decide(trained, _play_old(name, root, judged, say), force)
        if written:
            words = [*command, *(f"--set {shlex.quote(change)}" for change in overrides_for(config, judged))]
            _write(root / name, _document(name, judged, run, reports, " ".join(words)), onnx, trained)
    return Outcome(name, root / name, [*reports, *([old] if old else [])], written, reason)


def _judged(config: RunConfig, trained: RunConfig) -> RunConfig:
    """The run's training configuration with `config`'s scenario and evaluation, without paths of this machine."""
    ours = {key: getattr(config, key) for key in ("name", "scenario", "game", "evaluation", "results", "tracking")}
    game = settle_like(config, trained).game
    return trained.model_copy(update=ours | {"game": game, "results": RESULTS})


def _play(config: RunConfig, source: Source, say: Say, traced: int = 0) -> EvalReport:
    say(f"playing: {source.name}")
    plan = config.evaluation
    launch = replace(make_launch(config), arenas=plan.arenas)
    report = evaluate(launch, config, source, plan.episodes, plan.seed, plan.games, traced=traced)
    if report.bounded:
        raise GateError(f"{source.name}: a baseline plays all of its episodes, but {report.bounded.note}")
    return report


def _against_heuristics(trained: EvalReport, onnx: Path) -> list[Source]:
    """Players in which one policy is trained and the others are heuristics, one player for each policy.

    The success of adversaries depends on their opponents, so that each is evaluated against the same scripted ones.
    """
    policies = [report.policy for report in trained.policies]
    return [
        MixedSource(OnnxSource(onnx, name=TRAINED), {other: HeuristicSource() for other in policies if other != policy})
        for policy in policies
    ]


def _play_old(name: str, root: Path, config: RunConfig, say: Say) -> EvalReport | str | None:
    """The report of an earlier baseline on these episodes, or the reason why it cannot play; None if there is none."""
    if name not in baseline_names(root):
        return None
    old: Baseline = read_baseline(name, root)
    try:
        return _play(config, OnnxSource(old.folder, name=OLD), say)
    except ContractError as error:
        return str(error)


def _decide(new: EvalReport, old: EvalReport | str | None, force: bool) -> tuple[bool, str, EvalReport | None]:
    if old is None:
        return True, "the first one", None
    if isinstance(old, str):
        return True, f"the old one does not fit the game any more: {old}", None
    compared = compare_reports(new, old)
    if compared is None:
        return force, "kept the old one; there are too few finished episodes to compare", old
    if compared.sign > 0:
        return True, f"better: {compared.figures} on the same episodes", old
    how = "worse" if compared.sign < 0 else "not proven better"
    told = "replaced as told, though" if force else "kept the old one;"
    return force, f"{told} {how}: {compared.figures} on the same episodes", old


def _document(
    name: str, config: RunConfig, run: TrainedRun, reports: Sequence[EvalReport], command: str
) -> dict[str, Any]:
    policies = [report.policy for report in reports[0].policies]
    return {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "scenario": reports[0].scenario,
        "command": command,
        "date": time.strftime("%Y-%m-%d"),
        "episodes": reports[0].episodes,
        "seed": reports[0].seed,
        "policies": {
            policy: {
                "onnx": onnx_file(Path(), policy).name,
                "schema": schema_file(Path(), policy).name,
                "weights": f"{policy}{WEIGHTS}",
            }
            for policy in policies
        },
        "training": {
            "algorithm": config.algorithm,
            "agent_steps": run.summary["agent_steps"],
            "wall_time_s": round(run.summary["training_s"], 1),
            "cores": cores(),
            "differs": [
                line
                for line in diff(settle_like(config, run.config), run.config)
                if line.startswith(("scenario.", "game."))
            ],
        },
        "reports": {report.source: report.to_dict() for report in reports},
        "versions": dict(run.versions),
        "config": config.to_dict(),
    }


def _write(folder: Path, document: Mapping[str, Any], onnx: Path, report: EvalReport) -> None:
    """Write the baseline into a temporary folder beside its place, then rename it, so that it is never incomplete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    for files in document["policies"].values():
        for file in files.values():
            shutil.copyfile(onnx / file, partial / file)
    (partial / FILE).write_text(to_json(document, indent=1) + "\n", encoding="utf-8")
    if anybody_moves(report.traces):
        draw_paths(report.traces, f"{document['name']}: the trained policies", partial / "paths.png")
    partial.chmod(0o755)  # a temporary folder is readable by its owner alone
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)
