"""`generate_report.py`: the figures of an evaluation as a page of Markdown."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from spacetime_rl.compat import script
from spacetime_rl.compat.rl_training.check_regression import read_figures
from spacetime_rl.formats.markdown import plain, table


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = script.parser(
        "rl_training/generate_report.py",
        "Writes the figures of an evaluation as a page of Markdown.",
        "--metrics nightly_report.json --output RL_NIGHTLY_REPORT.md",
    )
    parser.add_argument("--metrics", required=True, type=Path, help="what evaluate_model.py wrote")
    parser.add_argument("--output", required=True, type=Path, help="the page to write")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write the page that the arguments name; returns the exit code."""
    options = make_parser().parse_args(argv)
    return script.run(lambda: _write(options.metrics, options.output))


def _write(metrics: Path, output: Path) -> None:
    figures = read_figures(metrics)
    rows = [(plain(name), f"{value:.4g}") for name, value in figures.items()]
    page = f"# Evaluation\n\n{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {plain(metrics.name)}\n\n"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(f"{page}{table(['figure', 'value'], rows)}\n", encoding="utf-8")
    print(f"[Report] {output}")
