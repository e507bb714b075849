"""The check of networks on this machine: an exported policy must agree with torch."""

from __future__ import annotations

from pathlib import Path

from spacetime_rl.game.spec import ActionField, ObservationField, PolicyLayout
from spacetime_rl.host.scratch import scratch_folder

LAYOUT = PolicyLayout(
    (ObservationField("pose", 12),), (), (ActionField("move", "continuous", 3), ActionField("grip", "discrete", 2))
)


def onnx() -> str:
    """Check that an untrained policy with both kinds of actions gives the same outputs in ONNX as in torch."""
    from spacetime_rl.config import ModelConfig
    from spacetime_rl.export.onnx import DEFAULT_OPSET, export_module
    from spacetime_rl.export.schema import Origin
    from spacetime_rl.modules.spec import make_module_spec

    module = make_module_spec(LAYOUT, ModelConfig(hiddens=(32, 32))).build()
    with scratch_folder("doctor") as folder:
        exported = export_module(module, "doctor", Path(folder), Origin("doctor", 90, 1, {}))
    return f"an untrained policy, opset {DEFAULT_OPSET}: differs from torch by {exported.parity:.1e}"
