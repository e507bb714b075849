"""`convert_sb3_to_onnx.py`: a model of Stable-Baselines3 as an ONNX file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from spacetime_rl.compat import script

_ALGORITHMS = ("ppo", "a2c", "dqn", "sac", "td3", "ddpg")


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = script.parser(
        "convert_sb3_to_onnx.py", "Converts a model of Stable-Baselines3 to ONNX.", "model.zip -o model.onnx"
    )
    parser.add_argument("model_path", metavar="MODEL_PATH", type=Path, help="the model's .zip file")
    parser.add_argument(
        "-o", "--output", metavar="PATH", type=Path, help="the .onnx file; default: MODEL_PATH with that ending"
    )
    parser.add_argument("--algo", choices=_ALGORITHMS, help="the algorithm; default: what the file shows")
    add_versions(parser)
    parser.add_argument("--no-verify", action="store_true", help="leave out the comparison with the model")
    parser.add_argument("--use-obs-array", action="store_true", help="one input for all numbers of an observation")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Convert the model that the arguments name; returns the exit code."""
    options = make_parser().parse_args(argv)
    return script.run(lambda: _convert(options))


def add_versions(parser: argparse.ArgumentParser) -> None:
    """Add the options for the versions of an ONNX file."""
    parser.add_argument("--opset", metavar="VERSION", type=script.whole(9, 17), default=13, help="default: 13")
    parser.add_argument("--ir-version", metavar="VERSION", type=script.whole(4), default=9, help="default: 9")


def _convert(options: argparse.Namespace) -> None:
    from spacetime_rl.convert.sb3 import convert_sb3
    from spacetime_rl.export.versions import Versions

    output: Path = options.output or options.model_path.with_suffix(".onnx")
    read, converted = convert_sb3(
        options.model_path,
        output.parent,
        output.stem,
        algorithm=options.algo,
        versions=Versions(options.opset, options.ir_version),
        verify=not options.no_verify,
        use_obs_array=options.use_obs_array,
    )
    if converted.onnx != output:  # the package's own files always end in .onnx
        converted.onnx.replace(output)
    print(f"Algorithm: {read.algorithm}")
    print(f"Exported: {output}")
