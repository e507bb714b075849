"""Write policies as self-contained ONNX files with schemas, and check their outputs against the network's."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import onnx

from spacetime_rl import __version__
from spacetime_rl.errors import ExportError, UsageError
from spacetime_rl.export.checkpoint import Checkpoint, read_checkpoint
from spacetime_rl.export.model import make_model
from spacetime_rl.export.network import ExportNetwork
from spacetime_rl.export.parity import TOLERANCE, measure_parity
from spacetime_rl.export.schema import Normalizer, Origin, PolicySchema
from spacetime_rl.export.versions import DEFAULT_OPSET, Versions
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.normalizer import VARIANCE_FLOOR
from spacetime_rl.runs.layout import onnx_file, schema_file

_LIBRARIES = ("torch", "ray", "onnx", "onnxscript", "onnxruntime", "numpy")


@dataclass(frozen=True, slots=True)
class ExportedPolicy:
    """The files of one policy; `parity` is the largest difference between the ONNX file and the network."""

    name: str
    onnx: Path
    schema: Path
    parity: float


def export_checkpoint(
    checkpoint: str | Path,
    out: str | Path,
    policies: Sequence[str] | None = None,
    opset: int = DEFAULT_OPSET,
    ir: int | None = None,
    with_value: bool = False,
) -> list[ExportedPolicy]:
    """Export the policies of a checkpoint folder, or only those in `policies`, into the folder `out`.

    Files `with_value` also compute the return that a policy expects. Existing files are replaced only after every
    policy has passed its check. Raises CheckpointError, UsageError or ExportError.
    """
    versions = Versions(opset, ir)
    versions.check()
    source = read_checkpoint(Path(checkpoint))
    names = source.choose(policies)
    for name in names if with_value else ():
        scope = source.config.policy_training(name).critic
        if scope != "own":
            raise UsageError(
                f"{source.path}: the value function of {name!r} sees other agents (training.critic: {scope}), and a "
                "file only the agent's own observation: export without the value"
            )
    out = Path(out)
    with staging_folder(out) as folder:
        origin = origin_of(source)
        exported = [
            export_module(source.load_module(name), name, folder, origin, versions, with_value) for name in names
        ]
        return [ExportedPolicy(one.name, *put_in_place(one.name, folder, out), one.parity) for one in exported]


def export_module(
    module: ActingModule,
    name: str,
    out: Path,
    origin: Origin,
    versions: Versions | None = None,
    with_value: bool = False,
) -> ExportedPolicy:
    """Write `<name>.onnx` and `<name>.schema.json` into the folder `out`. Raises ExportError."""
    versions = versions or Versions()
    model_path, schema_path = onnx_file(out, name), schema_file(out, name)
    network = ExportNetwork(module.eval(), origin.wire, with_value).eval()
    onnx.save(make_model(network, name, versions), model_path)
    parity = _measure(network, model_path, name, versions)
    if not parity <= TOLERANCE:
        raise ExportError(
            f"policy {name!r}: the exported file differs from the network by {parity:.2e}, more than {TOLERANCE:g} is "
            "not accepted; try another --opset, or look for weights that have grown very large"
        )
    schema = _describe(network, name, origin, versions.opset, parity)
    schema_path.write_text(to_json(schema.to_dict(), indent=2) + "\n", encoding="utf-8")
    return ExportedPolicy(name, model_path, schema_path, parity)


def _measure(network: ExportNetwork, path: Path, name: str, versions: Versions) -> float:
    try:
        return measure_parity(network, path)
    except Exception as error:  # onnxruntime's exception types have no common base
        raise ExportError(cannot_run(name, versions, error)) from error


def cannot_run(name: str, versions: Versions, error: Exception) -> str:
    """What to say where onnxruntime does not run a policy's file."""
    form = f"opset {versions.opset}" + (f" and IR version {versions.ir}" if versions.ir else "")
    what = f"policy {name!r}: onnxruntime {version('onnxruntime')} cannot run a file of {form}"
    if versions.opset < DEFAULT_OPSET and not versions.ir:
        what += f"; try --opset {DEFAULT_OPSET}"
    lower = [] if versions.opset <= DEFAULT_OPSET else [f"--opset, such as {DEFAULT_OPSET}"]
    lower += ["--ir-version"] if versions.ir else []
    hint = f"; use a lower {' or a lower '.join(lower)}" if lower else ""
    return f"{what}{hint}: {str(error).splitlines()[0][:200]}"


def _describe(network: ExportNetwork, name: str, origin: Origin, opset: int, parity: float) -> PolicySchema:
    return PolicySchema(
        policy=name,
        layout=network.layout,
        state_size=2 * network.cell_size,
        normalizer=_statistics(network.module),
        squashed=network.module.squashed,
        with_value=network.with_value,
        origin=origin,
        versions=versions_here(),
        opset=opset,
        parity=parity,
    )


def versions_here(*libraries: str) -> dict[str, str]:
    """The versions that a file is made with: this package's, Python's, and those of libraries, with `libraries`."""
    return {
        "spacetime_rl": __version__,
        "python": platform.python_version(),
        **{library: version(library) for library in (*_LIBRARIES, *libraries)},
    }


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


def origin_of(source: Checkpoint) -> Origin:
    """The origin of the policies of a checkpoint."""
    game = Origin.of_game(source.spec)
    return replace(game, run_id=source.run_id, checkpoint=source.path.name, iteration=source.iteration)


@contextmanager
def staging_folder(out: Path) -> Iterator[Path]:
    """A temporary folder inside `out`: on the same file system, so that moving files into place is atomic."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix=".export-", dir=out)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written: {error.strerror}; choose another folder with -o") from error
    with folder as path:
        yield Path(path)


def put_in_place(policy: str, staged: Path, out: Path) -> tuple[Path, Path]:
    """Move a policy's files from a staging folder, each whole; returns the ONNX file and its schema.

    The schema comes first: Godot imports both when the ONNX file changes.
    """
    schema = _replace(schema_file(staged, policy), schema_file(out, policy))
    return _replace(onnx_file(staged, policy), onnx_file(out, policy)), schema


def _replace(file: Path, place: Path) -> Path:
    with file.open("rb+") as written:
        os.fsync(written.fileno())  # otherwise a power failure may leave an empty file in the place of the old one
    return file.replace(place)
