"""Compute ONNX models in the game engine: what the addon's runtime makes of them."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import GameError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.run_program import quote_errors

_DTYPES = (np.float32, np.int64, np.bool_)
_TIMEOUT_S = 240.0


@dataclass(frozen=True)
class Case:
    """A model file of the folder, or its whole path, and its inputs by name."""

    model: str
    inputs: Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Computed:
    """What the engine made of a case; `problem` is empty if nothing was wrong."""

    problem: str
    outputs: Mapping[str, NDArray[Any]]


def compute(folder: Path, cases: Sequence[Case], project: Path, godot: Path, runtime: str = "any") -> list[Computed]:
    """Compute all cases, whose models are in `folder`, in one start of the engine.

    `project` is an imported copy of this package's own. `runtime` is `gdscript`, `native` for the library, or `any`.
    Raises GameError if the engine fails or reports an error.
    """
    document = [
        {"model": case.model, "inputs": {name: _encode(array) for name, array in case.inputs.items()}} for case in cases
    ]
    (folder / "cases.json").write_text(to_json(document))
    command = [str(godot), "--headless", "--path", str(project), "--xr-mode", "off"]
    script = ["--script", "res://shared/compute_onnx.gd", "--", str(folder), runtime]
    try:
        done = subprocess.run(
            [*command, *script],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise GameError(f"{project}: the engine did not compute the policies within {_TIMEOUT_S:g} s") from error
    if done.returncode != 0 or "ERROR" in done.stderr:
        what = f"{project}: the engine could not compute the policies (exit code {done.returncode})"
        raise GameError(f"{what}; it says:\n{quote_errors(done.stdout + done.stderr)}")
    results = json.loads((folder / "results.json").read_text())["results"]
    return [
        Computed(result["problem"], {name: _decode(tensor) for name, tensor in result["outputs"].items()})
        for result in results
    ]


def known_operators(folder: Path) -> set[str]:
    """The names of the operators that the engine knows, after `compute` in this folder."""
    return set(json.loads((folder / "results.json").read_text())["operators"])


def largest_difference(found: Mapping[str, NDArray[Any]], right: Mapping[str, NDArray[Any]]) -> float:
    """The largest difference between outputs of the same names, relative where numbers are larger than 1."""
    return max(
        float(np.max(np.abs(found[name] - array) / np.maximum(np.abs(array), 1.0)))
        for name, array in right.items()
        if array.size
    )


def _encode(array: NDArray[Any]) -> dict[str, Any]:
    kind = 0 if array.dtype.kind == "f" else 2 if array.dtype.kind == "b" else 1
    data = np.ascontiguousarray(array, np.float32 if kind == 0 else np.int64).tobytes()
    return {"kind": kind, "shape": list(array.shape), "data": base64.b64encode(data).decode()}


def _decode(tensor: Mapping[str, Any]) -> NDArray[Any]:
    kind = int(tensor["kind"])
    flat = np.frombuffer(base64.b64decode(tensor["data"]), np.float32 if kind == 0 else np.int64)
    return flat.astype(_DTYPES[kind]).reshape([int(size) for size in tensor["shape"]])
