"""From any checkpoint of RLlib, ours or others', to ONNX files and their schemas."""

from __future__ import annotations

from pathlib import Path

from spacetime_rl.convert.write import Converted
from spacetime_rl.export.onnx import export_checkpoint
from spacetime_rl.export.versions import Versions
from spacetime_rl.runs.layout import CHECKPOINT, checkpoints_in
from spacetime_rl.runs.locate import find_checkpoint


def convert_checkpoint(
    folder: Path,
    out: Path,
    policies: list[str] | None = None,
    *,
    number: int | None = None,
    layout: Path | None = None,
    versions: Versions | None = None,
    verify: bool = True,
    trusted: bool = False,
) -> tuple[Path, list[Converted]]:
    """Convert a checkpoint, or one of a folder's, into the folder `out`; returns the checkpoint's folder as well.

    Checkpoints of ours are exported as by `export`, the others as by `convert_rllib`, whose arguments these are. Raises
    UsageError and ExportError.
    """
    if (folder / CHECKPOINT).is_file() or any(checkpoints_in(folder)):
        versions = versions or Versions()
        checkpoint = find_checkpoint(folder.absolute(), folder, number)
        ours = export_checkpoint(checkpoint, out, policies, versions.opset, versions.ir)
        return checkpoint, [Converted(one.name, one.onnx, one.schema, one.parity) for one in ours]
    from spacetime_rl.convert.rllib import convert_rllib

    return convert_rllib(
        folder, out, policies, number=number, layout=layout, versions=versions, verify=verify, trusted=trusted
    )
