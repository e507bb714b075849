"""Policies with weights of 8 bits, by onnxruntime's dynamic quantisation."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import onnx

from spacetime_rl.errors import ExportError
from spacetime_rl.export.schema import read_schema
from spacetime_rl.runs.layout import onnx_file, schema_file, schemas_in


def quantise(folder: Path, out: Path) -> list[Path]:
    """Write the policies of a folder with 8-bit weights, and their schemas, into the folder `out`.

    Raises ExportError.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    out.mkdir(parents=True, exist_ok=True)
    written = []
    for schema in schemas_in(folder):
        name = read_schema(schema).policy
        logger = logging.getLogger()
        level = logger.level
        logger.setLevel(logging.ERROR)  # it recommends a preprocessing that brings nothing for these networks
        try:
            model = onnx.load(onnx_file(folder, name))
            del model.graph.value_info[:]  # shapes between the nodes, which it mixes up with those of its own
            quantize_dynamic(model, onnx_file(out, name), weight_type=QuantType.QInt8)
        except Exception as error:  # its exceptions have no common base
            raise ExportError(f"policy {name!r}: onnxruntime cannot quantise it: {error}") from error
        finally:
            logger.setLevel(level)
        shutil.copy(schema, schema_file(out, name))
        written.append(onnx_file(out, name))
    return written
