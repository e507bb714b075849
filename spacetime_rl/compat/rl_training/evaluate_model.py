"""`evaluate_model.py`: play seeded episodes with a model, and write what came of it as JSON."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from spacetime_rl.compat import script
from spacetime_rl.compat.rl_training.places import SCENARIO, model_folder
from spacetime_rl.formats.plain_json import to_json


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = script.parser(
        "rl_training/evaluate_model.py",
        "Plays seeded episodes with a model and writes their figures.",
        "--model rl_training/models/vr_locomotion_v1_final.zip --episodes 10 --output report.json",
    )
    parser.add_argument("--model", required=True, type=Path, help="a folder of ONNX files, or a run")
    parser.add_argument("--episodes", type=script.whole(1), default=10, help="episodes; default: 10")
    parser.add_argument("--output", required=True, type=Path, help="the JSON file to write")
    parser.add_argument("--config", default=SCENARIO, help="what to play; default: %(default)s")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Evaluate the model that the arguments name; returns the exit code."""
    options = make_parser().parse_args(argv)
    return script.run(lambda: _evaluate(options))


def _evaluate(options: argparse.Namespace) -> None:
    from spacetime_rl import api

    overall = api.evaluate(options.config, model_folder(options.model), episodes=options.episodes).overall
    figures = {
        "mean_reward": overall.return_mean,
        "mean_episode_length": overall.length_mean,
        "success_rate": overall.success_rate,
        "episodes": overall.episodes,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(to_json(figures, indent=1) + "\n", encoding="utf-8")
    print(f"[Evaluation] {options.episodes} episodes: {options.output}")
