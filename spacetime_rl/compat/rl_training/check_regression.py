"""`check_regression.py`: compare the figures of two evaluations; exit code 1 where one dropped by too much."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from spacetime_rl.compat import script
from spacetime_rl.errors import UsageError

METRICS = ("mean_reward", "mean_episode_length", "success_rate")


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = script.parser(
        "rl_training/check_regression.py",
        "Compares the figures of two evaluations.",
        "--current report.json --baseline rl_training/baselines/vr_locomotion_baseline.json",
    )
    parser.add_argument("--current", required=True, type=Path, help="figures of the present model")
    parser.add_argument("--baseline", required=True, type=Path, help="figures to compare with")
    parser.add_argument("--tolerance", type=_share, default=0.1, help="a drop by this share is allowed; default: 0.1")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Compare the files that the arguments name. Returns 0 if nothing got worse, otherwise 1."""
    options = make_parser().parse_args(argv)
    return script.run(lambda: _compare(options))


def change_of(current: float, baseline: float) -> float:
    """The change as a share of the baseline's size; 0 where that is 0.

    Over the size, so that a negative reward that gets smaller is a drop.
    """
    return (current - baseline) / abs(baseline) if baseline else 0.0


def _compare(options: argparse.Namespace) -> int:
    current, baseline = read_figures(options.current), read_figures(options.baseline)
    regressions = []
    for metric in METRICS:
        now, before = current.get(metric, 0.0), baseline.get(metric, 0.0)
        change = change_of(now, before)
        print(f"[Regression Check] {metric}:")
        print(f"  Baseline: {before:.4f}\n  Current:  {now:.4f}\n  Change:   {change:+.2%}")
        if change < -options.tolerance:
            print(f"  [REGRESSION DETECTED] Performance dropped by {-change:.2%}")
            regressions.append(metric)
        else:
            print("  [OK]")
    if regressions:
        print(f"\n[FAIL] Regressions detected in: {', '.join(regressions)}")
        return script.FAILED
    print("\n[PASS] No regressions detected")
    return 0


def read_figures(file: Path) -> Mapping[str, float]:
    """The finite numbers of a JSON object, by name. Raises UsageError for a file that is none."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{file}: not JSON: {error}") from None
    if not isinstance(data, dict):
        raise UsageError(f"{file}: expected a JSON object such as evaluate_model.py writes")
    figures = {name: float(value) for name, value in data.items() if type(value) in (int, float)}
    if not any(metric in figures for metric in METRICS):
        raise UsageError(f"{file}: none of {', '.join(METRICS)} is in it; evaluate_model.py writes them")
    if wrong := [name for name in METRICS if not math.isfinite(figures.get(name, 0.0))]:
        raise UsageError(f"{file}: {', '.join(wrong)}: expected a finite number")
    return figures


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share < math.inf:
        raise argparse.ArgumentTypeError(f"expected a share of at least 0, such as 0.1, found {text!r}")
    return share
