"""`spacetime-rl bundle`: collect what is needed to find a fault of a run, without secrets."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import JsonOption, ResultsOption, print_json
from spacetime_rl.cli.completion import complete_run
from spacetime_rl.errors import SpacetimeError
from spacetime_rl.formats.shell import short
from spacetime_rl.runs.layout import RESULTS, checkpoints_in, schemas_in

if TYPE_CHECKING:
    from spacetime_rl.runs.read import RunRecord


def bundle(
    run: Annotated[
        str, typer.Argument(metavar="RUN", autocompletion=complete_run, help="A run or a sweep, as for `runs show`.")
    ] = "latest",
    destination: Annotated[
        Path | None,
        typer.Argument(metavar="DEST", help="A folder, or a new .zip or .tar.gz; default: debug/<time>/."),
    ] = None,
    server_log: Annotated[
        list[Path] | None, typer.Option("--server-log", metavar="FILE", help="Another server's log; may be repeated.")
    ] = None,
    godot_log: Annotated[
        list[Path] | None, typer.Option("--godot-log", metavar="FILE", help="Another game's log; may be repeated.")
    ] = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Collect a run's logs, metrics, policies, pictures, configuration and versions for a report of a fault.

    Tokens, passwords and the values of secret environment variables are taken out of all texts; checkpoints, recorded
    episodes and the environment are left out. metadata.txt has the git revision, all versions and the list of files.
    Where a run has no exported policies yet, its latest checkpoint is exported into the bundle.

    [bold]Examples[/bold]

      spacetime-rl bundle my-run

      spacetime-rl bundle latest report.tar.gz --godot-log editor.log
    """
    from spacetime_rl.host.scratch import scratch_folder
    from spacetime_rl.runs.bundle import bundle_path, write_bundle
    from spacetime_rl.runs.read import find_record

    found = find_record(run, results or RESULTS)
    path = bundle_path(destination, datetime.now())
    logs = {"server": server_log or [], "godot": godot_log or []}
    with ExitStack() as stack:
        policies, notes = None, []
        if not schemas_in(found.paths.onnx):
            policies = Path(stack.enter_context(scratch_folder("bundle")))
            notes = [_export(found, policies)]
        made = write_bundle(found, path, policies, logs, notes)
    if json_output:
        return print_json(
            {"path": str(made.path), "files": sorted(map(str, made.files)), "left_out": made.left_out, "notes": notes}
        )
    for note in [*notes, *(f"left out: {what}" for what in made.left_out)]:
        typer.echo(f"spacetime-rl: {note}", err=True)
    typer.echo(
        f"{short(made.path)}  ({len(made.files)} files; secrets are hidden, look through it before you share it)"
    )
    return None


def _export(run: RunRecord, folder: Path) -> str:
    """Export the latest checkpoint of a run that has no exported policies; says what the bundle has instead."""
    if not any(checkpoints_in(run.folder)):
        return "no policies: the run has no checkpoint yet"
    from spacetime_rl.runs.locate import find_checkpoint

    try:
        from spacetime_rl.export.onnx import export_checkpoint  # torch takes seconds to import

        checkpoint = find_checkpoint(run.folder, run.folder.parent)
        export_checkpoint(checkpoint, folder)
    except SpacetimeError as error:  # the rest of the bundle is worth having
        return f"no policies: {error.headline}"
    return f"the policies are those of {checkpoint.parent.name}/{checkpoint.name}"
