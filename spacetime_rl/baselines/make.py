"""Make a baseline from finished trainings: their policies, scripted and random policy play the same episodes."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacetime_rl.baselines.document import make_document
from spacetime_rl.baselines.judge import (
    DRAWN,
    TEST_SEED,
    Episodes,
    JudgedSeed,
    Rows,
    Say,
    choose_median,
    play_others,
    play_rows,
    validate,
)
from spacetime_rl.baselines.trained import TrainedRun
from spacetime_rl.config import RunConfig
from spacetime_rl.config.compare import overrides_for, settle_like
from spacetime_rl.errors import ContractError, UsageError
from spacetime_rl.evaluation.comparison import compare_reports
from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.evaluation.sources import HeuristicSource, OnnxSource
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.pictures.paths import anybody_moves, draw_paths
from spacetime_rl.runs.layout import RESULTS, policy_of, schemas_in
from spacetime_rl.runs.shipped import BASELINES, FILE, OVERALL, TRAINED, baseline_names, read_baseline

OLD = "old baseline"
VALIDATION_EPISODES = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result: the reports of all players, whether the baseline was written, and the reason."""

    name: str
    folder: Path
    reports: Sequence[EvalReport]
    written: bool
    reason: str


@dataclass(frozen=True, slots=True)
class OldBaseline:
    """An earlier baseline: what it reached on the test episodes, and of how many seeds it is the chosen one."""

    rows: Rows
    seeds: int


def make_baseline(
    name: str,
    config: RunConfig,
    runs: Sequence[TrainedRun],
    command: Sequence[str],
    force: bool = False,
    adversarial: bool = False,
    root: Path = BASELINES,
    say: Say = lambda _: None,
    validation_episodes: int | None = None,
) -> Outcome:
    """Choose one of several trainings and write its policies to `root/name`, with what all of them reached.

    The median training is chosen (`choose_median`) on `validation_episodes` episodes of `config.evaluation.seed`. All
    trainings, the scripted and the random policy are reported on `config.evaluation.episodes` others, of TEST_SEED.
    `adversarial` policies are each judged against the scripts of the others. An earlier baseline plays the same
    episodes; `_decide` says when it is replaced. `command` are the words of the command that makes the baseline anew,
    to which the chosen run's own settings are added. Raises UsageError, ContractError or GameError.
    """
    _check(config, runs)
    count = config.evaluation.episodes
    validation = Episodes(validation_episodes or min(VALIDATION_EPISODES, count), config.evaluation.seed)
    test = Episodes(count, TEST_SEED)
    with scratch_folder("baseline") as workspace:
        folders = {run.seed: run.export(workspace / f"seed-{run.seed}") for run in runs}
        adversaries = _policies(folders[runs[0].seed]) if adversarial else ()
        judged = {run.seed: _judged(config, run.config) for run in runs}
        scores = {
            seed: validate(validation.of(judged[seed]), onnx, f"seed {seed}", adversaries, say)
            for seed, onnx in (folders.items() if len(runs) > 1 else ())
        }
        chosen = choose_median(scores) if scores else runs[0].seed
        tested = test.of(judged[chosen])
        seeds = {
            run.seed: JudgedSeed(
                run,
                folders[run.seed],
                scores.get(run.seed),
                play_rows(tested, _player(folders, run.seed, chosen), adversaries, say, traced=DRAWN),
            )
            for run in runs
        }
        ours = seeds[chosen]
        theirs = play_rows(tested, HeuristicSource(), adversaries, say)
        reports = play_others(tested, OnnxSource(ours.onnx, name=TRAINED), ours.rows, theirs, adversaries, say)
        old = _play_old(name, root, tested, adversaries, say)
        written, reason = _decide(ours.rows, len(runs), old, force)
        if written:
            first = judged[chosen].model_copy(update={"seed": min(judged)})  # seeds are counted from the lowest one
            words = [*command, *(f"--set {shlex.quote(change)}" for change in overrides_for(config, first))]
            document = make_document(
                name, tested, chosen, list(seeds.values()), theirs, reports, " ".join(words), validation, adversaries
            )
            write_baseline(root / name, document, ours.onnx, reports[0])
    return Outcome(
        name, root / name, [*reports, *(old.rows.values() if isinstance(old, OldBaseline) else ())], written, reason
    )


def _check(config: RunConfig, runs: Sequence[TrainedRun]) -> None:
    for run in runs:
        if run.config.scenario.name != config.scenario.name:
            raise UsageError(
                f"{run.folder}: was trained on {run.config.scenario.name}, "
                f"the configuration plays {config.scenario.name}"
            )
    seeds = [run.seed for run in runs]
    twice = sorted({seed for seed in seeds if seeds.count(seed) > 1})
    if twice:
        raise UsageError(f"baseline: two of the runs were trained with seed {twice[0]}; each needs a seed of its own")
    if config.evaluation.seed == TEST_SEED:
        raise UsageError(f"evaluation.seed: {TEST_SEED} is kept for what baselines are reported on; take another one")


def _player(folders: Mapping[int, Path], seed: int, chosen: int) -> OnnxSource:
    return OnnxSource(folders[seed], name=TRAINED if seed == chosen else f"seed {seed}")


def _judged(config: RunConfig, trained: RunConfig) -> RunConfig:
    """The run's training configuration with `config`'s scenario and evaluation, without paths of this machine."""
    ours = {key: getattr(config, key) for key in ("name", "scenario", "game", "evaluation", "results", "tracking")}
    game = settle_like(config, trained).game
    return trained.model_copy(update=ours | {"game": game, "results": RESULTS})


def _policies(onnx: Path) -> tuple[str, ...]:
    return tuple(policy_of(file) for file in schemas_in(onnx))


def _play_old(
    name: str, root: Path, config: RunConfig, adversaries: Sequence[str], say: Say
) -> OldBaseline | str | None:
    """An earlier baseline on these episodes, or the reason why it cannot play; None if there is none."""
    if name not in baseline_names(root):
        return None
    old = read_baseline(name, root)
    try:
        rows = play_rows(config, OnnxSource(old.folder, name=OLD), adversaries, say)
    except ContractError as error:
        return str(error)
    return OldBaseline(rows, len(old.seeds))


def _decide(new: Rows, seeds: int, old: OldBaseline | str | None, force: bool) -> tuple[bool, str]:
    """Whether the new baseline replaces the old one, and why.

    It does if a row is proven better and none is proven worse. One of more seeds also replaces one of fewer seeds,
    unless a row is proven worse: the single seed that was shipped may have been a lucky one.
    """
    if old is None:
        return True, "the first one"
    if isinstance(old, str):
        return True, f"the old one does not fit the game any more: {old}"
    found = {row: compare_reports(new[row], old.rows[row], None if row == OVERALL else row) for row in new}
    compared = {row: comparison for row, comparison in found.items() if comparison is not None}
    if len(compared) < len(new):
        return force, "kept the old one; there are too few finished episodes to compare"
    shown = (f"{'' if row == OVERALL else f'{row} '}{one.figures}" for row, one in compared.items())
    figures = f"{', '.join(shown)} on the same episodes"
    worst, best = min(one.sign for one in compared.values()), max(one.sign for one in compared.values())
    if worst >= 0 and best > 0:
        return True, f"better: {figures}"
    if worst >= 0 and seeds > old.seeds:
        return True, f"the median of {seeds} seeds in place of {old.seeds}, and not proven worse: {figures}"
    how = "worse" if worst < 0 else "not proven better"
    told = "replaced as told, though" if force else "kept the old one;"
    return force, f"{told} {how}: {figures}"


def write_baseline(folder: Path, document: Mapping[str, Any], onnx: Path, report: EvalReport) -> None:
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
