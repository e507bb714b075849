"""The checks of networks on this machine: an exported policy must agree with torch, and the game with onnxruntime."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import SpacetimeError
from spacetime_rl.game.compute_onnx import Case, compute, largest_difference
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.project import OWN_PROJECT, import_project
from spacetime_rl.game.spec import ActionField, ObservationField, PolicyLayout
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.runs.layout import onnx_file
from spacetime_rl.runs.shipped import read_baseline

LAYOUT = PolicyLayout(
    (ObservationField("pose", 12),), (), (ActionField("move", "continuous", 3), ActionField("grip", "discrete", 2))
)
IN_GAME = "vr_locomotion"  # small, and with memory: recurrent layers are checked, too
ROWS = 16  # agents that decide together
TOLERANCE = 1e-5  # between the game's runtime and onnxruntime


def onnx() -> str:
    """Check that an untrained policy with both kinds of actions gives the same outputs in ONNX as in torch."""
    from spacetime_rl.config import ModelConfig
    from spacetime_rl.export.onnx import export_module
    from spacetime_rl.export.schema import Origin
    from spacetime_rl.export.versions import DEFAULT_OPSET
    from spacetime_rl.modules.spec import make_module_spec

    module = make_module_spec(LAYOUT, ModelConfig(hiddens=(32, 32))).build()
    with scratch_folder("doctor") as folder:
        exported = export_module(module, "doctor", Path(folder), Origin("doctor", 90, 1, {}))
    return f"an untrained policy, opset {DEFAULT_OPSET}: differs from torch by {exported.parity:.1e}"


def gpu() -> str:
    """Name the GPUs that learners can use. To have none is no fault."""
    from spacetime_rl.modules.devices import gpus

    found = "; ".join(gpus())
    return found or f"none that torch {metadata.version('torch')} can use: networks learn on the processor"


def in_game() -> str:
    """Check that the game computes a baseline's policy as onnxruntime does."""
    from spacetime_rl.export.session import make_session

    baseline = read_baseline(IN_GAME)
    policy = baseline.policies[0]
    file = onnx_file(baseline.folder, policy)
    session = make_session(file)
    random = np.random.default_rng(0)
    inputs: dict[str, NDArray[Any]] = {
        given.name: random.normal(size=(ROWS, *given.shape[1:])).astype(np.float32) for given in session.get_inputs()
    }
    outputs = [output.name for output in session.get_outputs()]
    right = dict(zip(outputs, session.run(outputs, inputs), strict=True))
    godot = find_godot()
    with scratch_folder("doctor") as folder:
        (found,) = compute(folder, [Case(str(file), inputs)], import_project(OWN_PROJECT, godot), godot.path)
    if found.problem:
        raise SpacetimeError(f"{IN_GAME}, {policy}: the game cannot compute it: {found.problem}")
    difference = largest_difference(found.outputs, right)
    if not difference <= TOLERANCE:
        what = f"{IN_GAME}, {policy}: the game's numbers differ from onnxruntime's by {difference:.1e}"
        raise SpacetimeError(f"{what}, more than {TOLERANCE:g} is not accepted")
    return f"{IN_GAME}, {policy}, for {ROWS} agents: differs from onnxruntime by {difference:.1e}"
