"""`convert_rllib_to_onnx.py`: the policies of an RLlib checkpoint as ONNX files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from spacetime_rl.compat import script
from spacetime_rl.compat.convert_sb3 import add_versions
from spacetime_rl.errors import UsageError


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = script.parser(
        "convert_rllib_to_onnx.py",
        "Converts the policies of an RLlib checkpoint to ONNX: POLICY.onnx each.",
        "./logs/rllib/PPO_godot --policy left_policy",
    )
    parser.add_argument(
        "checkpoint_path", metavar="CHECKPOINT_PATH", type=Path, help="a checkpoint, or a folder with several"
    )
    parser.add_argument(
        "-o", "--output-dir", metavar="PATH", type=Path, default=Path("onnx_exports"), help="default: ./onnx_exports"
    )
    parser.add_argument("--policy", metavar="POLICY_ID", help="only this policy; default: all")
    parser.add_argument("--checkpoint-number", metavar="N", type=script.whole(0), help="default: the latest")
    add_versions(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Convert the checkpoint that the arguments name; returns the exit code."""
    options = make_parser().parse_args(argv)
    return script.run(lambda: _convert(options))


def _convert(options: argparse.Namespace) -> None:
    where: Path = options.checkpoint_path
    if not where.is_dir():
        raise UsageError(f"No checkpoints found: there is no folder {where}")
    if not any(where.iterdir()):
        raise UsageError(f"No checkpoints found: the folder {where} is empty")
    from spacetime_rl.convert.checkpoint import convert_checkpoint
    from spacetime_rl.export.versions import Versions

    checkpoint, converted = convert_checkpoint(
        where,
        options.output_dir,
        None if options.policy is None else [options.policy],
        number=options.checkpoint_number,
        versions=Versions(options.opset, options.ir_version),
    )
    print(f"Checkpoint: {checkpoint}")
    for one in converted:
        print(f"Exported: {one.onnx}")
