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

_DTYPES = (np.float32, np.int64, np.bool_)


@dataclass(frozen=True)
class Case:
    """A model file of the folder, and its inputs by name."""

    model: str
    inputs: Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Computed:
    """What the engine made of a case; `problem` is empty if nothing was wrong."""

    problem: str
    outputs: Mapping[str, NDArray[Any]]


def compute(folder: Path, cases: Sequence[Case], project: Path, godot: Path) -> list[Computed]:
    """Compute all cases, whose models are in `folder`, in one start of the engine. `project` is an imported copy."""
    document = [
        {"model": case.model, "inputs": {name: _encode(array) for name, array in case.inputs.items()}} for case in cases
    ]
    (folder / "cases.json").write_text(json.dumps(document))
    command = [str(godot), "--headless", "--path", str(project), "--xr-mode", "off"]
    script = ["--script", "res://tests/support/compute_onnx.gd", "--", str(folder)]
    done = subprocess.run([*command, *script], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ERROR" not in done.stderr, done.stderr
    results = json.loads((folder / "results.json").read_text())["results"]
    return [
        Computed(result["problem"], {name: _decode(tensor) for name, tensor in result["outputs"].items()})
        for result in results
    ]


def known_operators(folder: Path) -> set[str]:
    """The names of the operators that the engine knows, after `compute` in this folder."""
    return set(json.loads((folder / "results.json").read_text())["operators"])


def _encode(array: NDArray[Any]) -> dict[str, Any]:
    kind = 0 if array.dtype.kind == "f" else 2 if array.dtype.kind == "b" else 1
    data = np.ascontiguousarray(array, np.float32 if kind == 0 else np.int64).tobytes()
    return {"kind": kind, "shape": list(array.shape), "data": base64.b64encode(data).decode()}


def _decode(tensor: Mapping[str, Any]) -> NDArray[Any]:
    kind = int(tensor["kind"])
    flat = np.frombuffer(base64.b64decode(tensor["data"]), np.float32 if kind == 0 else np.int64)
    return flat.astype(_DTYPES[kind]).reshape([int(size) for size in tensor["shape"]])
