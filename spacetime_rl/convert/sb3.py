"""From a model that Stable-Baselines3 saved to an ONNX file and its schema."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from spacetime_rl.convert.names import Named, read_names
from spacetime_rl.convert.sb3_file import Algorithm, SavedModel, read_model
from spacetime_rl.convert.spaces import ForeignSpaces
from spacetime_rl.convert.write import Converted, write_policy
from spacetime_rl.errors import UsageError
from spacetime_rl.export.schema import Origin
from spacetime_rl.export.versions import Versions
from spacetime_rl.game.spec import STOCK_WIRE


def convert_sb3(
    file: Path,
    out: Path,
    policy: str,
    *,
    algorithm: Algorithm | None = None,
    layout: Path | None = None,
    versions: Versions | None = None,
    verify: bool = True,
    use_obs_array: bool = False,
    trusted: bool = False,
) -> tuple[SavedModel, Converted]:
    """Convert a model into the folder `out`, as the policy `policy`.

    `layout` is a file with the game's names. An observation of several boxes has an input for each, as the stock plugin
    reads them; with `use_obs_array` all are one input, `obs`, as the plugin's earlier versions want it. With `trusted`
    the code in the file may run. Raises UsageError and ExportError.
    """
    if find_spec("stable_baselines3") is None:
        raise UsageError("convert sb3: Stable-Baselines3 is not installed: pip install 'spacetime-rl[sb3]'")
    versions = versions or Versions()
    versions.check()
    from spacetime_rl.convert.sb3_policy import make_policy

    model = read_model(file, algorithm, trusted)
    spaces = ForeignSpaces.of(model.observation_space, model.action_space, str(file))
    named = read_names(layout, policy) if layout else Named(spaces.layout, Origin("", None, None, {}, _wire(spaces)))
    spaces = spaces.named_by(named.layout, f"{file} and {layout}") if layout else spaces
    wire = "spacetime/1" if use_obs_array else named.origin.wire
    origin = Origin(
        named.origin.scenario, named.origin.physics_hz, named.origin.action_repeat, named.origin.params, wire
    )
    made_with = {"stable_baselines3": model.version, "stable_baselines3 here": version("stable_baselines3")}
    return model, write_policy(make_policy(model, spaces), policy, out, origin, versions, made_with, verify)


def _wire(spaces: ForeignSpaces) -> str:
    """How the file is fed: an input for each key of a Dict, or a single one."""
    return STOCK_WIRE if any(part.key for part in spaces.parts) else "spacetime/1"
