"""Write policies as self-contained ONNX files with schemas, and check their outputs against the network's."""

from __future__ import annotations

import logging
import os
import platform
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import onnx
import torch

from spacetime_rl import __version__
from spacetime_rl.errors import ExportError, UsageError
from spacetime_rl.export.checkpoint import Checkpoint, read_checkpoint
from spacetime_rl.export.network import OUTPUTS, ExportNetwork
from spacetime_rl.export.parity import TOLERANCE, measure_parity
from spacetime_rl.export.schema import Normalizer, Origin, PolicySchema
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.normalizer import VARIANCE_FLOOR
from spacetime_rl.runs.layout import onnx_file, schema_file

DEFAULT_OPSET = 18  # the lowest for which torch's dynamo exporter writes valid files
_LIBRARIES = ("torch", "ray", "onnx", "onnxscript", "onnxruntime", "numpy")


@dataclass(frozen=True, slots=True)
class ExportedPolicy:
    """The files of one policy; `parity` is the largest difference between the ONNX file and the network."""

    name: str
    onnx: Path
    schema: Path
    parity: float


def export_checkpoint(
    checkpoint: str | Path, out: str | Path, policies: Sequence[str] | None = None, opset: int = DEFAULT_OPSET
) -> list[ExportedPolicy]:
    """Export the policies of a checkpoint folder, or only those in `policies`, into the folder `out`.

    Existing files are replaced only after every policy has passed its check. Raises CheckpointError, UsageError or
    ExportError.
    """
    if not DEFAULT_OPSET <= opset <= onnx.defs.onnx_opset_version():
        newest = onnx.defs.onnx_opset_version()
        raise UsageError(f"opset {opset}: expected {DEFAULT_OPSET} to {newest}, what onnx {onnx.__version__} knows")
    source = read_checkpoint(Path(checkpoint))
    names = source.choose(policies)
    out = Path(out)
    with _staging(out) as folder:
        origin = _origin(source)
        exported = [export_module(source.load_module(name), name, folder, origin, opset) for name in names]
        return [_move(policy, out) for policy in exported]


def export_module(
    module: ActingModule, name: str, out: Path, origin: Origin, opset: int = DEFAULT_OPSET
) -> ExportedPolicy:
    """Write `<name>.onnx` and `<name>.schema.json` into the folder `out`. Raises ExportError."""
    model_path, schema_path = onnx_file(out, name), schema_file(out, name)
    network = ExportNetwork(module.eval(), origin.wire).eval()
    model = _convert(network, name, opset)
    onnx.save(model, model_path)
    parity = _measure(network, model_path, name, opset)
    if not parity <= TOLERANCE:
        raise ExportError(
            f"policy {name!r}: the exported file differs from the network by {parity:.2e}, more than {TOLERANCE:g} is "
            "not accepted; try another --opset, or look for weights that have grown very large"
        )
    schema = _describe(network, name, origin, opset, parity)
    schema_path.write_text(to_json(schema.to_dict(), indent=2) + "\n", encoding="utf-8")
    return ExportedPolicy(name, model_path, schema_path, parity)


def _measure(network: ExportNetwork, path: Path, name: str, opset: int) -> float:
    try:
        return measure_parity(network, path)
    except Exception as error:  # onnxruntime's exception types have no common base
        what = f"policy {name!r}: onnxruntime {version('onnxruntime')} cannot run a file of opset {opset}"
        hint = "" if opset == DEFAULT_OPSET else f"; use a lower --opset, such as {DEFAULT_OPSET}"
        raise ExportError(f"{what}{hint}: {str(error).splitlines()[0][:200]}") from error


def _convert(network: ExportNetwork, name: str, opset: int) -> onnx.ModelProto:
    batch = torch.export.Dim("batch")
    try:
        with _quiet(), torch.no_grad():
            program = torch.onnx.export(
                network,
                network.example(batch=2),
                dynamo=True,  # gives outputs static sizes, which the stock Godot plugin reads
                opset_version=opset,
                input_names=network.inputs,
                output_names=OUTPUTS,
                dynamic_shapes={"tensors": tuple({0: batch} for _ in network.inputs)},
                external_data=False,
                verbose=False,
            )
    except Exception as error:  # the exception types of torch's export stages have no common base
        raise ExportError(f"policy {name!r}: torch cannot export it to opset {opset}: {error}") from error
    if program is None:
        raise ExportError(f"policy {name!r}: torch gave no ONNX program for opset {opset}")
    model = program.model_proto
    _strip(model, name)
    found = model.opset_import[0].version
    if found != opset:
        raise ExportError(f"policy {name!r}: opset {opset} was asked for, torch wrote {found}; use --opset {found}")
    onnx.checker.check_model(model, full_check=True)
    return model


def _strip(model: onnx.ModelProto, name: str) -> None:
    """Remove the exporter's traces, which contain paths of this machine, and name this package as the producer."""
    model.producer_name, model.producer_version = "spacetime-rl", __version__
    model.graph.name = name
    for part in (model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    model.ClearField("metadata_props")


def _describe(network: ExportNetwork, name: str, origin: Origin, opset: int, parity: float) -> PolicySchema:
    return PolicySchema(
        policy=name,
        layout=network.layout,
        state_size=2 * network.cell_size,
        normalizer=_statistics(network.module),
        squashed=network.module.squashed,
        origin=origin,
        versions={
            "spacetime_rl": __version__,
            "python": platform.python_version(),
            **{library: version(library) for library in _LIBRARIES},
        },
        opset=opset,
        parity=parity,
    )


def _statistics(module: ActingModule) -> Normalizer | None:
    normalizer = module.normalizer
    if normalizer is None:
        return None
    return Normalizer(
        mean=tuple(normalizer.mean.tolist()),
        var=tuple(normalizer.var.tolist()),
        count=int(normalizer.count),
        clip=normalizer.clip,
        variance_floor=VARIANCE_FLOOR,
    )


def _origin(source: Checkpoint) -> Origin:
    return Origin(
        scenario=source.spec.scenario,
        physics_hz=source.spec.physics_hz,
        action_repeat=source.spec.action_repeat,
        params=source.spec.params,
        wire=source.spec.wire,
        run_id=source.run_id,
        checkpoint=source.path.name,
        iteration=source.iteration,
    )


@contextmanager
def _staging(out: Path) -> Iterator[Path]:
    """A temporary folder inside `out`: on the same file system, so that moving files into place is atomic."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix=".export-", dir=out)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written: {error.strerror}; choose another folder with -o") from error
    with folder as path:
        yield Path(path)


def _move(policy: ExportedPolicy, out: Path) -> ExportedPolicy:
    """Replace the files in `out`, each whole. The schema comes first: Godot imports both when the ONNX file changes."""
    schema, model = (_replace(path, out / path.name) for path in (policy.schema, policy.onnx))
    return ExportedPolicy(policy.name, model, schema, policy.parity)


def _replace(file: Path, place: Path) -> Path:
    with file.open("rb+") as written:
        os.fsync(written.fileno())  # otherwise a power failure may leave an empty file in the place of the old one
    return file.replace(place)


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
