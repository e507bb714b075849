"""From a checkpoint of RLlib, not of ours, to ONNX files and their schemas."""

from __future__ import annotations

import logging
from importlib.metadata import version
from pathlib import Path

from spacetime_rl.convert.names import Named, read_names
from spacetime_rl.convert.rllib_checkpoint import find_rllib_checkpoint, read_modules
from spacetime_rl.convert.rllib_policy import make_policy
from spacetime_rl.convert.spaces import ForeignSpaces
from spacetime_rl.convert.write import Converted, write_policy
from spacetime_rl.export.schema import Origin
from spacetime_rl.export.versions import Versions

# RLModule's own constructor uses a class that RLlib has deprecated, and logs a warning.
logging.getLogger("ray._common.deprecation").addFilter(lambda record: "RLModuleConfig" not in record.getMessage())


def convert_rllib(
    where: Path,
    out: Path,
    policies: list[str] | None = None,
    *,
    number: int | None = None,
    layout: Path | None = None,
    versions: Versions | None = None,
    verify: bool = True,
    trusted: bool = False,
) -> tuple[Path, list[Converted]]:
    """Convert the policies of a checkpoint into the folder `out`, and return the checkpoint's folder with them.

    `layout` is a file with the game's names. With `trusted` the code in the checkpoint may run. Raises UsageError and
    ExportError.
    """
    versions = versions or Versions()
    versions.check()
    checkpoint = find_rllib_checkpoint(where, number)
    converted = []
    for saved in read_modules(checkpoint, policies, trusted):
        spaces = ForeignSpaces.of(saved.observation_space, saved.action_space, str(saved.folder))
        named = read_names(layout, saved.name) if layout else Named(spaces.layout, Origin("", None, None, {}))
        spaces = spaces.named_by(named.layout, f"{saved.folder} and {layout}") if layout else spaces
        made_with = {"ray of the checkpoint": saved.version, "ray": version("ray")}
        policy = make_policy(saved, spaces)
        converted.append(write_policy(policy, saved.name, out, named.origin, versions, made_with, verify))
    return checkpoint, converted
