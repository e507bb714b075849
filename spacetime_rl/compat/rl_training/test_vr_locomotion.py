"""`test_vr_locomotion.py`: watch the trained policies of vr_locomotion play in a window."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from spacetime_rl.compat import script
from spacetime_rl.compat.rl_training.places import LOGS, SCENARIO, final_model, model_folder


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = script.parser(
        "rl_training/test_vr_locomotion.py", "Shows trained policies of vr_locomotion in a window.", "--episodes 5"
    )
    parser.add_argument("--episodes", type=script.whole(1), default=10, help="episodes; default: 10")
    parser.add_argument(
        "--model",
        type=Path,
        default=final_model("vr_locomotion_v1"),
        help="a folder of ONNX files; default: %(default)s",
    )
    parser.add_argument("--speed", default="1", help="times real time, or max; default: 1")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Play as the arguments say; returns the exit code."""
    options = make_parser().parse_args(argv)
    return script.run(lambda: _play(options))


def _play(options: argparse.Namespace) -> None:
    from spacetime_rl.evaluation.watch import Wanted, play_in_window

    model = str(model_folder(options.model))
    speed = (f"game.speed={options.speed}",)
    wanted = Wanted(SCENARIO, speed, model, agent=None, task=None, seed=0, episodes=options.episodes)
    for number, episode in enumerate(play_in_window(wanted, LOGS), 1):
        for found in episode.agents.values():
            print(f"[Episode {number}] Finished: Reward={found['return']:.2f}, Steps={found['length']:.0f}", flush=True)
    print("[Test] Complete.")
