"""`validate_training_metrics.py`: compare a training's return and frame time with bounds; exit code 1 beyond them."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.compat import script
from spacetime_rl.compat.rl_training.places import LOGS
from spacetime_rl.errors import UsageError
from spacetime_rl.runs.layout import RunPaths
from spacetime_rl.runs.result_log import read_all_progress

FRAME_MS = 11.11  # of VR at 90 frames a second
_RATIO = metrics.of_performance("physics_frame_time_ratio")  # the monitor reports it


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = script.parser(
        "rl_training/validate_training_metrics.py",
        "Compares the last return and the longest frame time of a training with bounds.",
        "--experiment vr_locomotion_v1 --min_reward -10.0",
    )
    parser.add_argument("--experiment", required=True, help="the --experiment_name of train_vr_locomotion.py")
    parser.add_argument("--min_reward", type=float, default=-10.0, help="least mean return; default: -10")
    parser.add_argument("--max_physics_time", type=float, default=15.0, help="most ms of a frame; default: 15")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Compare the run that the arguments name. Returns 0 if all bounds hold, otherwise 1."""
    options = make_parser().parse_args(argv)
    return script.run(lambda: _validate(options))


def _validate(options: argparse.Namespace) -> int:
    folder = LOGS / options.experiment
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such training; train_vr_locomotion.py --experiment_name makes it")
    results = RunPaths(folder).results
    rows = [row for trial in read_all_progress(results).values() for row in trial]
    if not rows:
        raise UsageError(f"{results}: no result yet")
    print(f"[Validation] Reading: {results}")
    passed = _is_rewarded(rows, options.min_reward) and _is_fast(rows, options.max_physics_time)
    if passed:
        print("[PASS] All validation checks passed")
    return 0 if passed else script.FAILED


def _is_rewarded(rows: Sequence[Mapping[str, Any]], least: float) -> bool:
    """Whether the last mean return is high enough; without an episode that ended it is not."""
    found = metrics.series(rows, metrics.SCENARIO_RETURN)
    last = found[-1] if found else -math.inf
    print(f"[Validation] Final reward: {last:.2f} (threshold: {least:.2f})")
    if last < least:
        print("[FAIL] Reward below threshold!")
    return last >= least


def _is_fast(rows: Sequence[Mapping[str, Any]], most_ms: float) -> bool:
    """Whether the longest mean frame is short enough, where the monitor was on."""
    found = [ratio * FRAME_MS for ratio in metrics.series(rows, _RATIO)]
    if not found:
        return True
    print(f"[Validation] Max physics time: {max(found):.2f} ms (threshold: {most_ms:.2f} ms)")
    if max(found) > most_ms:
        print("[FAIL] Physics time exceeded threshold!")
    return max(found) <= most_ms
