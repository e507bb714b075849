"""`train_vr_navigation.py`: train, resume and evaluate policies of the scenario `vr_navigation`."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from spacetime_rl.compat import script
from spacetime_rl.compat.translate import Translation
from spacetime_rl.compat.vr_config import PRESETS, SCENARIO, read_vr_config, vr_run
from spacetime_rl.errors import UsageError
from spacetime_rl.host import signals

if TYPE_CHECKING:
    from spacetime_rl.evaluation.report import EvalReport

NAME = "train_vr_navigation.py"
RESULTS = Path("ml_training")
_USER = "user://"  # their results are in the engine's user folder, ours in the folder where the script is started
# Names of their files, which stand for the latest run: its best checkpoint, and the run itself.
_BEST, _NUMBERED = "best_model.zip", "vr_nav_model_*_steps.zip"
_LATEST = "latest"
_POLICY = "navigator"
_EPISODES = 20


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = script.parser(NAME, "Trains policies that walk to a goal in VR.", "--preset quick_test --verbose")
    add = parser.add_argument
    add("--preset", choices=PRESETS, help="a preset; default: the configuration of vr_navigation")
    add("--config", metavar="FILE", type=Path, help="a JSON file as rl_config.py writes it, laid over the preset")
    add("--resume", metavar="RUN", help=f"continue a run: its id or folder; default folder: {RESULTS}")
    add("--eval", metavar="MODEL", help="evaluate a run, an ONNX folder, `baseline` or a model.zip; train nothing")
    add("--episodes", metavar="N", type=script.whole(1), default=_EPISODES, help=f"of --eval; default: {_EPISODES}")
    add("--timesteps", metavar="N", type=script.whole(1), help="agent steps of the training")
    add("--verbose", action="store_true", help="log everything")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Train, resume or evaluate as the arguments say; returns the exit code."""
    parser = make_parser()
    options = parser.parse_args(argv)
    if options.resume is not None and (options.preset or options.config or options.timesteps):
        parser.error("--resume continues a run with the settings that it began with; leave the others out")
    if options.eval is not None and (options.resume or options.timesteps):
        parser.error("--eval trains nothing; leave --resume and --timesteps out")
    return script.run(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    if options.verbose:
        logging.getLogger().setLevel(logging.INFO)
    said = read_vr_config(options.config) if options.config else Translation()
    if options.eval is not None:
        _evaluate(options, said)
        return 0
    if options.resume is not None:
        from spacetime_rl.training.resume import resume

        return _end(resume(_existing(options.resume), RESULTS).stopped)
    from spacetime_rl.training.run import train

    summary = train(vr_run(options.preset, said, RESULTS, options.timesteps))
    print(f"Results: {summary.folder}")
    print(f"Evaluate: python {NAME} --eval {summary.run_id}")
    return _end(summary.stopped)


def _end(stopped: bool) -> int:
    return signals.exit_code() if stopped else 0


def _existing(named: str) -> str:
    """What a run, a folder or a file is called here; a file that only their script makes stands for the latest run."""
    name = named.removeprefix(_USER)
    path = Path(name)
    if path.exists() or not (path.match(_BEST) or path.match(_NUMBERED)):
        return name
    from spacetime_rl.runs.best import find_best
    from spacetime_rl.runs.locate import find_folder

    latest = find_folder(_LATEST, RESULTS)
    if path.match(_BEST):
        with suppress(UsageError):  # it was not evaluated while it trained
            best = find_best(latest, RESULTS)
            print(f"{named}: not here; taking the best checkpoint of {latest}")
            return str(best)
    print(f"{named}: not here; taking the latest run, {latest}")
    return str(latest)


def _evaluate(options: argparse.Namespace, said: Translation) -> None:
    from spacetime_rl import api

    config = vr_run(options.preset, said, RESULTS, None)
    with _player(_existing(options.eval)) as player:
        report = api.evaluate(config, player, episodes=options.episodes, results=RESULTS)
    _show(report)


@contextmanager
def _player(named: str) -> Iterator[str]:
    """The player that a name stands for; a model of Stable-Baselines3 is converted first."""
    if not named.endswith(".zip"):
        yield named
        return
    from spacetime_rl.convert.sb3 import convert_sb3
    from spacetime_rl.runs.layout import schema_file
    from spacetime_rl.runs.shipped import read_baseline

    if not Path(named).is_file():
        raise UsageError(f"--eval {named}: there is no such file")
    layout = schema_file(read_baseline(SCENARIO).folder, _POLICY)
    with TemporaryDirectory() as folder:
        convert_sb3(Path(named), Path(folder), _POLICY, layout=layout)
        yield folder


def _show(report: EvalReport) -> None:
    overall = report.overall
    print(f"Episodes: {overall.episodes}")
    for name, value, interval in (
        ("Success rate", overall.success_rate, overall.success_ci),
        ("Mean reward", overall.return_mean, overall.return_ci),
        ("Mean length", overall.length_mean, overall.length_ci),
    ):
        if value is not None:
            print(f"{name}: {value:.4g}" + (f" (95 %: {interval[0]:.4g} to {interval[1]:.4g})" if interval else ""))
    for name, value in overall.metrics.items():
        print(f"{name}: {value:.4g}")
