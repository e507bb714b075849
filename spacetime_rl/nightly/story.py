"""The story of a night: each stage in turn, whatever became of the others, and a report after each of them.

Read `run_night` first. A stage is a function of the night that returns its result; what it needs of an earlier stage it
takes from the night's folder.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

from spacetime_rl import api
from spacetime_rl.config import RunConfig
from spacetime_rl.errors import ContractError, SpacetimeError
from spacetime_rl.evaluation.comparison import by_episode
from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.evaluation.sources import is_onnx_folder
from spacetime_rl.evaluation.story import evaluate_player
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.host.system import cores
from spacetime_rl.nightly.record import POLICIES, Night, Stage, write_night
from spacetime_rl.nightly.report import write_report
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.runs.layout import RunPaths, schemas_in
from spacetime_rl.statistics.independent import compare_independent_means
from spacetime_rl.statistics.paired import Difference, compare_means

logger = logging.getLogger(__name__)

OURS, LAST = "tonight", "last night"
Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a night is kept: `folder` receives the report and all that it shows, `findings` what the playtest finds.

    The run is in `results`. `show` receives a line when something begins or ends.
    """

    folder: Path
    findings: Path
    results: Path
    show: Show = lambda _: None

    @property
    def policies(self) -> Path:
        """The policies of this night."""
        return self.folder / POLICIES


@dataclass(frozen=True, slots=True)
class Found:
    """What a stage found out."""

    message: str
    figures: Mapping[str, Any]
    files: tuple[Path, ...] = ()
    worse: bool = False


StageFunction = Callable[[Night, Place], Found]


class Skipped(Exception):
    """A stage has nothing to do; the message says why."""


def run_night(night: Night, place: Place, stages: Mapping[str, StageFunction] | None = None) -> Night:
    """Do every stage of a night that is not over yet. A stage that fails does not keep the others from being done.

    The record and the report are written after each stage. Raises KeyboardInterrupt, when they are written, if the user
    stops it.
    """
    for name, stage in (STAGES if stages is None else stages).items():
        earlier = night.stage(name)
        if earlier is not None and earlier.is_over:
            continue
        place.show(f"{name}: begins")
        began_s = time.monotonic()
        try:
            result = _run_stage(name, stage, night, place)
        except KeyboardInterrupt:
            result = Stage(name, "stopped", "the user stopped it")
        result = replace(result, seconds=time.monotonic() - began_s)
        night = night.with_stage(result)
        write_night(night, place.folder)
        write_report(night, place.folder)
        place.show(f"{name}: {result.status}: {result.message}")
        if result.status == "stopped":
            raise KeyboardInterrupt
    return night


def _run_stage(name: str, stage: StageFunction, night: Night, place: Place) -> Stage:
    try:
        found = stage(night, place)
    except Skipped as reason:
        return Stage(name, "skipped", str(reason))
    except SpacetimeError as error:
        return Stage(name, "failed", str(error))
    except Exception as error:  # a mistake of our own in one stage must not lose the others
        logger.exception("%s", name)
        return Stage(name, "failed", f"{type(error).__name__}: {error}")
    files = tuple(str(file.relative_to(place.folder)) for file in found.files if file.is_relative_to(place.folder))
    return Stage(name, "worse" if found.worse else "done", found.message, 0.0, found.figures, files)


def train(night: Night, place: Place) -> Found:
    """Train new policies, or go on with a training that was interrupted."""
    runners = min(night.plan.games, cores())
    sizes = {"runners": runners, "games_per_runner": ceil(night.plan.games / runners)}
    paths = RunPaths(place.results / night.run_id)
    if paths.state.is_file() and not schemas_in(paths.onnx):
        from spacetime_rl.training.resume import resume

        summary = resume(paths.path, place.results, evaluate=False)
    else:
        # The user's own settings win, as those of `train`.
        given = [f"stop.agent_steps={night.plan.agent_steps}", *(f"rollout.{key}={n}" for key, n in sizes.items())]
        config = api.load_config(night.config, [*given, *night.of_the_run, f"results={place.results}"])
        summary = api.train(config, run_id=night.run_id, force=True, evaluate=False).summary
    if summary.stopped:
        raise KeyboardInterrupt
    shutil.copytree(paths.onnx, place.policies, dirs_exist_ok=True)
    curves = [shutil.copy2(file, place.folder / file.name) for file in sorted(paths.report.glob("learning_*.png"))]
    speed = summary.agent_steps / max(summary.training_s, 1e-9)
    return Found(
        f"{summary.agent_steps:,} agent steps in {summary.training_s / 60.0:.1f} minutes, {speed:,.0f} a second",
        {
            "run": str(paths.path),
            "agent_steps": summary.agent_steps,
            "training_s": summary.training_s,
            "notices": [notice.line for notice in summary.notices if notice.is_warning],
        },
        tuple(map(Path, curves)),
    )


def evaluate(night: Night, place: Place) -> Found:
    """Let tonight's policies, last night's, the scripted and the random policy play the same episodes."""
    from spacetime_rl.evaluation.learned import compare_players
    from spacetime_rl.pictures.write import TRACED, write_pictures

    if not is_onnx_folder(place.policies):
        raise Skipped("there are no policies of tonight")
    last = Path(night.last, POLICIES)
    is_stock = _is_stock_game(night, place)
    players = {OURS: str(place.policies), **({} if is_stock else {"heuristic": "heuristic"}), "random": "random"}
    if night.last and is_onnx_folder(last):
        players[LAST] = str(last)
    reports: dict[str, EvalReport] = {}
    notes = ["a stock game has no scripted policy, and its players play episodes of their own"] if is_stock else []
    for name, player in players.items():
        place.show(f"evaluate: {name}")
        settings = [f"evaluation.episodes={night.plan.episodes}"]
        try:
            reports[name] = evaluate_player(
                player, _load(night, *settings), results=place.results, traced=TRACED if name == OURS else 0
            ).report
        except ContractError as error:  # other spaces than last night's, or a game without a scripted policy
            notes.append(f"{name} cannot play: {error.headline}")
    folder = place.folder / "evaluation"
    files = write_pictures(reports[OURS], folder, f"{OURS}, {night.name}")
    files.append(folder / "players.json")
    files[-1].write_text(to_json({name: report.to_dict() for name, report in reports.items()}, indent=2) + "\n")
    beside = compare_nights(reports[OURS], reports[LAST], night.plan.margin) if LAST in reports else None
    as_trained = {"trained" if name == OURS else name: report for name, report in reports.items()}
    learned = compare_players(as_trained, [report.policy for report in reports[OURS].policies], adversarial=False)
    return Found(
        f"{_headline(reports[OURS])}; {beside.sentence if beside else 'there is no last night to compare with'}",
        {
            "players": {name: report.to_dict() for name, report in reports.items()},
            "learned": learned.learned,
            "learned_reason": learned.reason,
            "last_night": beside.to_dict() if beside else None,
            "notes": notes,
            "same_episodes": reports[OURS].paired,
        },
        tuple(files),
        worse=beside is not None and beside.worse,
    )


def _headline(report: EvalReport) -> str:
    found = report.overall
    if found.success_rate is not None:
        return f"success {found.success_rate:.1%}"
    return "no episode was finished" if found.return_mean is None else f"return {found.return_mean:.4g}"


@dataclass(frozen=True, slots=True)
class BesideLast:
    """Tonight's policies beside last night's, by success or, without it, by return.

    It is on the same episodes, unless the game is one of the stock plugin.
    """

    measure: str
    difference: Difference
    margin: float  # in the units of the measure

    @property
    def worse(self) -> bool:
        """Whether the whole interval is below the margin."""
        return self.difference.high < -self.margin

    @property
    def sentence(self) -> str:
        """For people."""
        found, form = self.difference, "+.1%" if self.measure == "success" else "+.4g"
        what = "worse than" if self.worse else "not shown to be worse than"
        figures = f"{found.value:{form}} ({found.low:{form}} to {found.high:{form}})"
        return f"{what} last night's by more than the margin: {self.measure} {figures} on {found.episodes} episodes"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        found = self.difference
        figures = {"difference": found.value, "difference_ci": [found.low, found.high], "episodes": found.episodes}
        return {"measure": self.measure, "margin": self.margin, "worse": self.worse, **figures}


def compare_nights(ours: EvalReport, theirs: EvalReport, margin: float) -> BesideLast | None:
    """Compare two nights' policies; `margin` is a share of all episodes, or of the size of last night's return.

    None if they finished no episode in common. Those of a stock game have none in common, and are compared as they are:
    None if there are fewer than two.
    """
    paired = ours.paired and theirs.paired
    measure = "success" if by_episode(ours, None, "success") and by_episode(theirs, None, "success") else "return"
    mine, last = by_episode(ours, None, measure), by_episode(theirs, None, measure)
    both = sorted(mine.keys() & last.keys())
    if len(both) < (1 if paired else 2):
        return None
    scale = 1.0 if measure == "success" else abs(sum(last.values()) / len(last))
    if paired:
        difference = compare_means([mine[number] for number in both], [last[number] for number in both])
    else:
        difference = compare_independent_means(list(mine.values()), list(last.values()))
    return BesideLast(measure, difference, margin * scale)


def gate(night: Night, place: Place) -> Found:
    """Play tonight's build beside the base build, if one is given."""
    from spacetime_rl.playtest.gate import Build, find_build, run_gate
    from spacetime_rl.playtest.load import load_gate

    if night.base is None:
        raise Skipped("no --base, so that only policies are compared")
    last = Path(night.last, POLICIES)
    scripts = "random" if _is_stock_game(night, place) else "heuristic"  # a stock game has none
    player = str(last) if night.last and is_onnx_folder(last) else scripts
    plan = load_gate(night.config, night.overrides)
    sizes = {"episodes": 20 * night.plan.episodes, "round": min(plan.settings.round, night.plan.episodes)}
    plan = replace(plan, settings=plan.settings.model_copy(update={"player": player, **sizes}))
    base = find_build("base", night.base, plan.scenario)
    report = run_gate(plan, Build("build"), base, results=place.results, show=place.show)
    return Found(report.sentence, {**report.to_dict(), "player": player}, worse=report.outcome == "regression")


def playtest(night: Night, place: Place) -> Found:
    """Look for what is broken, with tonight's policies among the players."""
    from spacetime_rl.pictures.playtest_outputs import play_and_report
    from spacetime_rl.playtest.load import load_plan
    from spacetime_rl.playtest.report import to_dict

    plan = load_plan(night.config, night.overrides, [f"minutes={night.plan.minutes}"])
    players = dict(plan.settings.players)
    if is_onnx_folder(place.policies):
        players[str(place.policies)] = 1.0
    plan = replace(plan, settings=plan.settings.model_copy(update={"players": players}))
    report, files = play_and_report(
        plan, place.findings, place.folder / "playtest", place.results, place.show, night.config
    )
    if report.interrupted:
        raise KeyboardInterrupt
    if report.problems:
        raise SpacetimeError("; ".join(report.problems))
    severe = sum(finding.counts for finding in report.seen)
    return Found(
        f"{severe} new errors among {len(report.seen)} findings",
        {**to_dict(report), "store": str(place.findings)},
        tuple(files),
        worse=report.failed,
    )


def film(night: Night, place: Place) -> Found:
    """Film episodes of tonight's policies, from the best to the worst."""
    from spacetime_rl.episodes.video import find_ffmpeg
    from spacetime_rl.evaluation.films import film_episodes, film_first
    from spacetime_rl.host.scratch import scratch_folder

    if not night.plan.videos:
        raise Skipped("no --videos")
    if not is_onnx_folder(place.policies):
        raise Skipped("there are no policies of tonight")
    find_ffmpeg()
    if _is_stock_game(night, place):
        few = _load(night, f"evaluation.episodes={night.plan.videos}", "evaluation.games=1")
        play = partial(evaluate_player, str(place.policies), few, results=place.results)
        one = film_first(lambda prepare: play(prepare=prepare), night.plan.videos, place.folder / "videos")
        return Found(f"the first {night.plan.videos} episodes in one film", {}, (one,))
    with scratch_folder("films") as recordings:
        report = evaluate_player(
            str(place.policies),
            _load(night, f"evaluation.episodes={min(night.plan.episodes, 20)}"),
            results=place.results,
            record_to=recordings,
        ).report
        files = film_episodes(report, recordings, night.plan.videos, place.folder / "videos")
    return Found(f"{len(files)} of {report.episodes} episodes", {}, tuple(files))


STAGES: Mapping[str, StageFunction] = {
    "train": train,
    "evaluate": evaluate,
    "gate": gate,
    "playtest": playtest,
    "film": film,
}


def _is_stock_game(night: Night, place: Place) -> bool:
    """Whether the game that was trained is one with the stock plugin."""
    spec = RunFolder(place.results / night.run_id).spec()
    return spec is not None and spec.is_stock


def _load(night: Night, *more: str) -> RunConfig:
    """The configuration, with further settings. Raises ConfigError."""
    return api.load_config(night.config, [*night.of_the_run, *more])


def missing(night: Night) -> Sequence[str]:
    """The stages for which a night is to go on."""
    over = {stage.name for stage in night.stages if stage.is_over or stage.status == "skipped"}
    return [name for name in STAGES if name not in over]
