"""Policies in the game's own runtime: they compute what onnxruntime computes, within 1e-5."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from support.foreign_policies import STABLE_BASELINES, export, observations
from support.made_policies import CAMERA, GRAB, JUMP, LSTM, MOVE, TURN, make_layout, make_policy

import spacetime_rl.baselines
from spacetime_rl.export.onnx import export_module
from spacetime_rl.export.schema import Origin
from spacetime_rl.game.compute_onnx import Case, Computed, compute, largest_difference
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.project import OWN_PROJECT, import_project

TOLERANCE = 1e-5
ORIGIN = Origin("touch", 90, 8, {})
OURS: dict[str, tuple[Any, dict[str, Any]]] = {
    "continuous": (make_layout(MOVE, TURN), {}),
    "mixed, elu": (make_layout(MOVE, GRAB, TURN), {"activation": "elu"}),
    "multi-discrete, silu": (make_layout(GRAB, JUMP), {"activation": "silu"}),
    "lstm": (make_layout(MOVE, JUMP), {"lstm": LSTM}),
    "camera, relu": (make_layout(MOVE, images=[CAMERA]), {"activation": "relu"}),
    "only a camera, with lstm": (make_layout(JUMP, images=[CAMERA], fields=()), {"lstm": LSTM}),
    "SAC on a logarithmic scale": (make_layout(MOVE), {"algorithm": "SAC", "symlog": 1000.0}),
    "DQN": (make_layout(GRAB), {"algorithm": "DQN"}),
}
BASELINES = sorted(Path(spacetime_rl.baselines.__file__).parent.glob("*/*.onnx"))
ROWS = (1, 5)


@dataclass(frozen=True)
class Compared:
    """The outputs of a policy by the game's runtime and by onnxruntime, for each number of rows."""

    found: list[Computed]
    right: list[dict[str, NDArray[Any]]]

    @property
    def difference(self) -> float:
        """The largest difference, relative where numbers are larger than 1."""
        return max(
            largest_difference(computed.outputs, outputs)
            for computed, outputs in zip(self.found, self.right, strict=True)
        )


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Compared]:
    """By policy what both runtimes compute; the engine is started once for all of them."""
    folder = tmp_path_factory.mktemp("policies")
    godot = find_godot()
    project = import_project(OWN_PROJECT, godot)
    files = {name: (file, make) for name, file, make in policies(folder)}
    cases = [Case(str(file), make(rows)) for file, make in files.values() for rows in ROWS]
    found = iter(compute(folder, cases, project, godot.path))
    asked = iter(cases)
    return {
        name: Compared([next(found) for _ in ROWS], [run(file, next(asked).inputs) for _ in ROWS])
        for name, (file, _) in files.items()
    }


def policies(folder: Path) -> Iterator[tuple[str, Path, Callable[[int], dict[str, NDArray[Any]]]]]:
    """Names, files and inputs by the number of rows."""
    for name, (layout, model) in OURS.items():
        exported = export_module(make_policy(layout, **model), name.replace(" ", "_"), folder, ORIGIN)
        yield name, exported.onnx, partial(random_inputs, exported.onnx)
    for file in BASELINES:
        yield f"{file.parent.name}/{file.stem}", file, partial(seen_inputs, file)
    for name, make in STABLE_BASELINES.items():
        file = export(name, make(), folder / f"{name.replace(' ', '_')}.onnx")
        yield f"SB3 {name}", file, partial(foreign_inputs, name)


def session(file: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])


def run(file: Path, inputs: Any) -> dict[str, NDArray[Any]]:
    opened = session(file)
    names = [output.name for output in opened.get_outputs()]
    return dict(zip(names, opened.run(names, dict(inputs)), strict=True))


def random_inputs(file: Path, rows: int) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(rows)
    return {
        given.name: rng.uniform(-1, 1, [rows, *given.shape[1:]]).astype(np.float32)
        * (100 if "cam" in given.name else 1)
        for given in session(file).get_inputs()
    }


def foreign_inputs(name: str, rows: int) -> dict[str, NDArray[Any]]:
    return {"input": observations(name, rows)}


def seen_inputs(file: Path, rows: int) -> dict[str, NDArray[Any]]:
    """Observations spread as those of the policy's training were, and beyond."""
    inputs = random_inputs(file, rows)
    normalizer = json.loads(file.with_suffix("").with_suffix(".schema.json").read_text())["normalizer"]
    deviation = np.sqrt(np.array(normalizer["var"]))
    rng = np.random.default_rng(rows)
    seen = normalizer["mean"] + 2.0 * deviation * rng.normal(size=(rows, len(deviation)))
    return {**inputs, "obs": seen.astype(np.float32)}


@pytest.mark.parametrize(
    "name",
    [*OURS, *(f"{file.parent.name}/{file.stem}" for file in BASELINES), *(f"SB3 {name}" for name in STABLE_BASELINES)],
)
def test_a_policy_computes_the_same_in_the_game(name: str, compared: dict[str, Compared]) -> None:
    assert [computed.problem for computed in compared[name].found] == [""] * len(ROWS)
    assert compared[name].difference <= TOLERANCE
