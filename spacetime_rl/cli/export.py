"""`spacetime-rl export`: a checkpoint as one ONNX file per policy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacetime_rl.cli.common import JsonOption, ResultsOption


def export(
    where: Annotated[
        str, typer.Argument(metavar="RUN|TRIAL|CHECKPOINT", help="A run's id or folder, a trial's, or a checkpoint.")
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Folder of the files; default: the run's onnx/.")
    ] = None,
    policy: Annotated[
        list[str] | None, typer.Option("--policy", metavar="P", help="Only this policy; may be repeated.")
    ] = None,
    checkpoint_number: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Which checkpoint; default: the latest.")
    ] = None,
    opset: Annotated[int, typer.Option(min=18, metavar="N", help="ONNX opset.")] = 18,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Write one self-contained ONNX file and its JSON schema per policy, checked against the trained network.

    [bold]Examples[/bold]
    $ spacetime-rl export my-run
    $ spacetime-rl export results/my-run -o models --policy giver --checkpoint-number 20
    """
    raise NotImplementedError  # the export and evaluation builder's
