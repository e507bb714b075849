"""`spacetime-rl export`: export a checkpoint as one ONNX file per policy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import (
    BestOption,
    CheckpointNumberOption,
    IrOption,
    JsonOption,
    OpsetOption,
    PoliciesOption,
    ResultsOption,
    as_overrides,
    print_json,
)
from spacetime_rl.cli.completion import complete_run
from spacetime_rl.cli.eval import show_progress
from spacetime_rl.cli.numbers import whole_number
from spacetime_rl.cli.smaller import show_judged
from spacetime_rl.errors import UsageError
from spacetime_rl.runs.layout import RESULTS

if TYPE_CHECKING:
    from spacetime_rl.smaller.judge import Judged


def export(
    where: Annotated[
        str,
        typer.Argument(
            metavar="RUN|TRIAL|CHECKPOINT",
            help="A run's id or folder, a trial's, or a checkpoint.",
            autocompletion=complete_run,
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Folder of the files; default: the run's onnx/.")
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="PROJECT", help="Put the policies into a game: PROJECT/policies/."),
    ] = None,
    policy: PoliciesOption = None,
    checkpoint_number: CheckpointNumberOption = None,
    best: BestOption = False,
    opset: OpsetOption = 18,
    ir_version: IrOption = None,
    int8: Annotated[
        bool,
        typer.Option(
            "--int8", help="Also write files with 8-bit weights, in int8/ beside the folder, and compare by episodes."
        ),
    ] = False,
    value: Annotated[
        bool,
        typer.Option("--value", help="The files also compute the return that a policy expects; F3 shows it in a game."),
    ] = False,
    episodes: Annotated[
        int | None,
        typer.Option(
            metavar="N", **whole_number("Episodes of the comparison of --int8; default: the configuration's.", 2)
        ),
    ] = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Write one self-contained ONNX file and its JSON schema per policy, checked against the trained network.

    [bold]Examples[/bold]

      spacetime-rl export my-run

      spacetime-rl export my-run --best -o models

      spacetime-rl export my-run --into ../my-game --value

      spacetime-rl export my-run --int8

      spacetime-rl export results/my-run -o models --policy giver --checkpoint-number 20
    """
    from spacetime_rl.export.into import policies_folder, resource_path, what_is_missing
    from spacetime_rl.runs.best import find_best
    from spacetime_rl.runs.locate import find_checkpoint, onnx_folder

    if into and out:
        raise UsageError(f"export {where}: --out and --into both name a place for the files; leave one of them out")
    if int8 and (into or policy):
        why = "the addon's runtime has no operators for 8-bit weights" if into else "the comparison plays all policies"
        raise UsageError(f"export {where}: --int8 and {'--into' if into else '--policy'}: {why}")
    folder = out or (policies_folder(into) if into else None)
    if best and checkpoint_number is not None:
        raise UsageError(
            f"export {where}: --best and --checkpoint-number both name a checkpoint; leave one of them out"
        )
    choose = find_best(where, results or RESULTS) if best else where
    checkpoint = find_checkpoint(choose, results or RESULTS, checkpoint_number)
    from spacetime_rl.export.onnx import export_checkpoint  # torch takes seconds to import

    exported = export_checkpoint(checkpoint, folder or onnx_folder(checkpoint), policy, opset, ir_version, value)
    agents = _agents_of(checkpoint) if into else {}
    missing = what_is_missing(into) if into else ""
    judged = _quantise(checkpoint, exported[0].onnx.parent, episodes, json_output) if int8 else None
    if json_output:
        policies = [
            {"name": e.name, "onnx": str(e.onnx), "schema": str(e.schema), "parity": e.parity}
            | ({"resource": resource_path(e.onnx), "agents": agents.get(e.name, [])} if into else {})
            for e in exported
        ]
        print_json(
            {"checkpoint": str(checkpoint), "policies": policies}
            | ({"missing": missing or None} if into else {})
            | ({"int8": judged.to_dict()} if judged else {})
        )
        return
    typer.echo(f"from {checkpoint}")
    for one in exported:
        typer.echo(f"{one.onnx}  (within {one.parity:.0e} of the network; described in {one.schema.name})")
        if into:
            fits = ", ".join(agents.get(one.name, [])) or "none of the game that it was trained on"
            typer.echo(f"  {resource_path(one.onnx)}: the policy of the RLAgents {fits}")
    if missing:
        typer.echo(f"spacetime-rl: {missing}", err=True)
    if judged:
        show_judged(judged)


def _quantise(checkpoint: Path, exported: Path, episodes: int | None, json_output: bool) -> Judged:
    """Write the policies with 8-bit weights beside the folder of the exported ones, and compare both."""
    from spacetime_rl.smaller.story import quantise_run

    return quantise_run(
        checkpoint,
        exported,
        exported.parent / "int8",
        as_overrides({"evaluation.episodes": episodes}),
        lambda played: show_progress(played.evaluation.max_time_s, lines=json_output),
    )


def _agents_of(checkpoint: Path) -> dict[str, list[str]]:
    """By policy the names of the agents that it played in training."""
    from spacetime_rl.contract import assign_policies
    from spacetime_rl.export.checkpoint import read_checkpoint

    source = read_checkpoint(checkpoint)
    names = replace(source.spec, arenas=1).agent_ids  # the same in every arena
    plans = assign_policies(replace(source.spec, arenas=1), source.config)
    return {plan.name: [names[i] for i in plan.agents] for plan in plans}
