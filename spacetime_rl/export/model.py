"""A torch network as an ONNX model, in the opset and the file format that are asked for."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Protocol

import onnx
import torch
from torch import Tensor

from spacetime_rl import __version__
from spacetime_rl.errors import ExportError
from spacetime_rl.export.versions import DEFAULT_OPSET, Versions, least_ir


class Network(Protocol):
    """A network with named inputs and outputs; every tensor's first dimension is the batch."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, in order."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs, in order."""

    def example(self, batch: int) -> tuple[Tensor, ...]:
        """Inputs for `batch` agents, in the order of `inputs`."""

    def __call__(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """The tensors of `outputs`."""


def make_model(network: Network, name: str, versions: Versions) -> onnx.ModelProto:
    """The model of a network in evaluation mode; `name` is the policy's. Raises ExportError."""
    opset = versions.opset
    try:
        with _quiet(), torch.no_grad():
            model = _exported(network, opset) if opset >= DEFAULT_OPSET else _traced(network, opset)
    except Exception as error:  # the exception types of torch's export stages have no common base
        other = DEFAULT_OPSET if opset < DEFAULT_OPSET else DEFAULT_OPSET - 1  # torch's other exporter may be able to
        what = f"policy {name!r}: torch cannot export it to opset {opset}; try --opset {other}"
        raise ExportError(f"{what}: {str(error).splitlines()[0][:300] if str(error) else repr(error)}") from error
    _strip(model, name)
    found = model.opset_import[0].version
    if found != opset:
        raise ExportError(f"policy {name!r}: opset {opset} was asked for, torch wrote {found}; use --opset {found}")
    model.ir_version = versions.ir or max(model.ir_version, least_ir(opset))
    onnx.checker.check_model(model, full_check=True)
    return model


def _exported(network: Network, opset: int) -> onnx.ModelProto:
    """By torch's present exporter, which gives outputs static sizes: the stock Godot plugin reads them."""
    batch = torch.export.Dim("batch")
    program = torch.onnx.export(
        network,  # type: ignore[arg-type]  # a module
        network.example(batch=2),
        dynamo=True,
        opset_version=opset,
        input_names=network.inputs,
        output_names=network.outputs,
        dynamic_shapes={"tensors": tuple({0: batch} for _ in network.inputs)},
        external_data=False,
        verbose=False,
    )
    if program is None:
        raise ValueError("it gave no ONNX program")
    return program.model_proto


def _traced(network: Network, opset: int) -> onnx.ModelProto:
    """By TorchScript, for opsets that the present exporter does not write. The outputs' sizes are added."""
    example, file = network.example(batch=2), io.BytesIO()
    with redirect_stdout(io.StringIO()):  # it prints the graph that it does not like
        torch.onnx.export(
            network,  # type: ignore[arg-type]  # a module
            example,
            file,  # type: ignore[arg-type]  # only the present exporter insists on a path
            dynamo=False,
            opset_version=opset,
            input_names=network.inputs,
            output_names=network.outputs,
            dynamic_axes={value: {0: "batch"} for value in (*network.inputs, *network.outputs)},
        )
    model = onnx.load_from_string(file.getvalue())
    for output, tensor in zip(model.graph.output, network(*example), strict=True):
        for size, dimension in zip(tensor.shape[1:], output.type.tensor_type.shape.dim[1:], strict=True):
            dimension.dim_value = size
    return model


def _strip(model: onnx.ModelProto, name: str) -> None:
    """Remove the exporter's traces, which contain paths of this machine, and name this package as the producer."""
    model.producer_name, model.producer_version = "spacetime-rl", __version__
    model.graph.name = name
    for part in (model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    model.ClearField("metadata_props")


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporters, which log warnings and tracebacks about their own internals."""
    loggers = [logging.getLogger(name) for name in ("torch", "torch.__trace", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
