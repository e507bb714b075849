"""The versions of the ONNX format in which a file can be written: its operators' (opset) and its own (IR)."""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from spacetime_rl.errors import UsageError

DEFAULT_OPSET = 18  # the lowest of torch's present exporter
LEAST_OPSET = 9  # the lowest that the addon's runtime reads


@dataclass(frozen=True, slots=True)
class Versions:
    """The opset, and the version of the file format (IR); None takes the one that torch writes for the opset."""

    opset: int = DEFAULT_OPSET
    ir: int | None = None

    def check(self) -> None:
        """Raise UsageError, with what is valid, for versions that do not exist or do not go together."""
        newest = onnx.defs.onnx_opset_version()
        if not LEAST_OPSET <= self.opset <= newest:
            raise UsageError(
                f"opset {self.opset}: expected {LEAST_OPSET} to {newest}: the addon's runtime reads {LEAST_OPSET} and "
                f"later, and onnx {onnx.__version__} knows no later one than {newest}"
            )
        least = least_ir(self.opset)
        if self.ir is not None and not least <= self.ir <= onnx.IR_VERSION:
            raise UsageError(
                f"IR version {self.ir}: expected {least} to {onnx.IR_VERSION}: opset {self.opset} came with "
                f"version {least}, and onnx {onnx.__version__} knows no later one than {onnx.IR_VERSION}"
            )


def least_ir(opset: int) -> int:
    """The first version of the file format that has an opset."""
    return int(onnx.helper.find_min_ir_version_for([onnx.helper.make_opsetid("", opset)]))
