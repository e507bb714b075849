"""`spacetime-rl convert`: policies of other libraries as ONNX files that our addon and the stock plugin play."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import (
    CheckpointNumberOption,
    IrOption,
    JsonOption,
    OpsetOption,
    PoliciesOption,
    ResultsOption,
    print_json,
)
from spacetime_rl.cli.completion import complete_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacetime_rl.convert.write import Converted

app = typer.Typer(help="Convert policies of other libraries to ONNX files that games play.", no_args_is_help=True)


class Algo(StrEnum):
    """The algorithms of Stable-Baselines3."""

    ppo = "ppo"
    a2c = "a2c"
    dqn = "dqn"
    sac = "sac"
    td3 = "td3"
    ddpg = "ddpg"


_OutOption = Annotated[
    Path,
    typer.Option("-o", "--out", metavar="OUT", help="Folder of the files, or a file POLICY.onnx in it."),
]
_LayoutOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Names of the game's observations and actions: the POLICY.schema.json of another policy of the game, or "
        "the spec.json of a run.",
    ),
]
_NoVerifyOption = Annotated[
    bool, typer.Option("--no-verify", help="Leave out the comparison of the file with the policy it is made from.")
]
_TrustOption = Annotated[
    bool,
    typer.Option(
        "--trust-code", help="Run the code that the file holds, such as a network of one's own. Only for known makers."
    ),
]


@app.command("sb3")
def sb3(
    model: Annotated[Path, typer.Argument(metavar="MODEL.zip", help="A model that Stable-Baselines3 saved.")],
    out: _OutOption,
    policy: Annotated[
        str | None, typer.Option(metavar="NAME", help="The policy's name in the game; default: the file's.")
    ] = None,
    algo: Annotated[
        Algo | None, typer.Option(help="The algorithm, where the file does not show it.", show_choices=True)
    ] = None,
    layout: _LayoutOption = None,
    opset: OpsetOption = 18,
    ir_version: IrOption = None,
    no_verify: _NoVerifyOption = False,
    use_obs_array: Annotated[
        bool,
        typer.Option(
            "--use-obs-array",
            help="One input `obs` for all numbers, as earlier versions of the stock plugin read it; default: one for "
            "each key of a Dict.",
        ),
    ] = False,
    trust_code: _TrustOption = False,
    json_output: JsonOption = False,
) -> None:
    """Convert a model of Stable-Baselines3 (PPO, A2C, DQN, SAC, TD3, DDPG), checked against the model itself.

    Nothing in the file is run. A model with a network of one's own holds code, and is refused without --trust-code.

    [bold]Examples[/bold]

      spacetime-rl convert sb3 walker.zip -o policies

      spacetime-rl convert sb3 walker.zip -o policies/walker.onnx --opset 13 --ir-version 9

      spacetime-rl convert sb3 walker.zip -o policies --layout results/my-run/spec.json
    """
    from spacetime_rl.convert.sb3 import convert_sb3
    from spacetime_rl.export.versions import Versions

    folder, name = _place(out, policy, model.stem)
    read, converted = convert_sb3(
        model,
        folder,
        name,
        algorithm=algo.value if algo else None,
        layout=layout,
        versions=Versions(opset, ir_version),
        verify=not no_verify,
        use_obs_array=use_obs_array,
        trusted=trust_code,
    )
    source = {"file": str(model), "algorithm": read.algorithm, "stable_baselines3": read.version}
    if json_output:
        print_json({"source": source, "policies": [_described(converted)]})
        return
    _show(f"{model} ({read.algorithm.upper()}, Stable-Baselines3 {read.version})", [converted])


@app.command("rllib")
def rllib(
    where: Annotated[
        str,
        typer.Argument(
            metavar="CHECKPOINT",
            help="A checkpoint of RLlib, a folder with several, or a run of ours.",
            autocompletion=complete_run,
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder of the files.")],
    policy: PoliciesOption = None,
    checkpoint_number: CheckpointNumberOption = None,
    layout: _LayoutOption = None,
    opset: OpsetOption = 18,
    ir_version: IrOption = None,
    no_verify: _NoVerifyOption = False,
    trust_code: _TrustOption = False,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Convert the policies of any checkpoint of RLlib's new API stack, checked against RLlib itself.

    Nothing in the checkpoint is run. A module of one's own is code, and is refused without --trust-code. A checkpoint
    of ours is exported as by `export`.

    [bold]Examples[/bold]

      spacetime-rl convert rllib ray_results/PPO_walker -o policies

      spacetime-rl convert rllib ray_results/PPO_walker/checkpoint_000010 -o policies --policy walker --opset 13
    """
    from spacetime_rl.convert.checkpoint import convert_checkpoint
    from spacetime_rl.export.versions import Versions
    from spacetime_rl.runs.layout import RESULTS
    from spacetime_rl.runs.locate import find_folder

    checkpoint, converted = convert_checkpoint(
        find_folder(where, results or RESULTS),
        out,
        policy,
        number=checkpoint_number,
        layout=layout,
        versions=Versions(opset, ir_version),
        verify=not no_verify,
        trusted=trust_code,
    )
    if json_output:
        print_json({"checkpoint": str(checkpoint), "policies": [_described(one) for one in converted]})
        return
    _show(str(checkpoint), converted)


def _place(out: Path, policy: str | None, default: str) -> tuple[Path, str]:
    """The folder of the files and the policy's name."""
    if out.suffix == ".onnx":
        return out.parent, policy or out.stem
    return out, policy or default


def _described(converted: Converted) -> dict[str, object]:
    return {
        "name": converted.name,
        "onnx": str(converted.onnx),
        "schema": str(converted.schema),
        "difference": converted.difference,
    }


def _show(source: str, policies: Sequence[Converted]) -> None:
    typer.echo(f"from {source}")
    for one in policies:
        checked = "not compared" if one.difference is None else f"greatest difference {one.difference:.1e}"
        typer.echo(f"{one.onnx}  ({checked}; described in {one.schema.name})")
