"""Policies in the game's own runtime: they compute what onnxruntime computes, within 1e-5.

The native library computes what GDScript computes, within 1e-6.
"""

from __future__ import annotations

import functools
import itertools
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
from support.foreign_policies import RLLIB, STABLE_BASELINES, export, export_module_of_rllib, observations
from support.made_policies import (
    CAMERA,
    FIELDS,
    GRAB,
    JUMP,
    LSTM,
    MASKED_FIELDS,
    MOVE,
    OTHERS,
    TURN,
    make_layout,
    make_policy,
)
from support.native_project import Runtime

import spacetime_rl.baselines
from spacetime_rl.export.onnx import export_module
from spacetime_rl.export.parity import use_some_rows
from spacetime_rl.export.schema import Origin
from spacetime_rl.game.compute_onnx import Case, Computed, compute, largest_difference
from spacetime_rl.game.spec import PolicyLayout

TOLERANCE = 1e-5
NATIVE_TOLERANCE = 1e-6
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
    "entities, attention": (make_layout(MOVE, GRAB, fields=(OTHERS, *FIELDS)), {"entities": "attention"}),
    "entities, attention, relu": (make_layout(MOVE, fields=(OTHERS,)), {"activation": "relu", "symlog": 9.0}),
    "entities, pool, elu": (make_layout(MOVE, fields=(*FIELDS, OTHERS)), {"entities": "pool", "activation": "elu"}),
    "masked": (make_layout(JUMP, MOVE, GRAB, fields=MASKED_FIELDS), {}),
}
BASELINES = sorted(Path(spacetime_rl.baselines.__file__).parent.glob("*/*.onnx"))
# What torch exports of RLlib's modules: with an LSTM or free deviations, it fixes the number of rows.
WITHOUT_MEMORY = [name for name in RLLIB if name not in ("PPO, LSTM", "PPO, free deviation")]
ROWS = (1, 5, 5)  # twice: what follows from shapes alone is kept for the next run
SEEDS = itertools.count()


@dataclass(frozen=True)
class Asked:
    """What is computed: by policy one case for each number of rows."""

    folder: Path
    cases: dict[str, list[Case]]

    def compute_by(self, runtime: Runtime) -> dict[str, list[Computed]]:
        """By policy what a runtime makes of its cases; the engine is started once for all of them."""
        cases = [case for cases in self.cases.values() for case in cases]
        found = iter(compute(self.folder, cases, runtime.project, runtime.godot, runtime.name))
        return {name: [next(found) for _ in cases] for name, cases in self.cases.items()}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder = tmp_path_factory.mktemp("policies")
    return Asked(
        folder,
        {name: [Case(str(file), make(rows)) for rows in ROWS] for name, file, make in policies(folder)},
    )


@pytest.fixture(scope="module")
def computed_by(asked: Asked) -> Callable[[Runtime], dict[str, list[Computed]]]:
    """What a runtime computes; asked again, it is not computed again."""
    return functools.cache(asked.compute_by)


def policies(folder: Path) -> Iterator[tuple[str, Path, Callable[[int], dict[str, NDArray[Any]]]]]:
    """Names, files and inputs by the number of rows."""
    for name, (layout, model) in OURS.items():
        exported = export_module(make_policy(layout, **model), name.replace(" ", "_"), folder, ORIGIN, with_value=True)
        inputs = partial(entity_inputs, layout) if layout.entity_lists else random_inputs
        yield name, exported.onnx, partial(inputs, exported.onnx)
    for file in BASELINES:
        yield f"{file.parent.name}/{file.stem}", file, partial(seen_inputs, file)
    for name, make in STABLE_BASELINES.items():
        file = export(name, make(), folder / f"sb3_{name.replace(' ', '_')}.onnx")
        yield f"SB3 {name}", file, partial(foreign_inputs, name)
    for name in WITHOUT_MEMORY:
        file = export_module_of_rllib(name, folder / f"rllib {name.replace(' ', '_')}.onnx")
        yield f"RLlib {name}", file, partial(random_inputs, file)


def session(file: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])


def run(file: Path, inputs: Any) -> dict[str, NDArray[Any]]:
    opened = session(file)
    names = [output.name for output in opened.get_outputs()]
    return dict(zip(names, opened.run(names, dict(inputs)), strict=True))


def random_inputs(file: Path, rows: int) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(next(SEEDS))
    return {
        given.name: rng.uniform(-1, 1, [rows, *given.shape[1:]]).astype(np.float32)
        * (100 if "cam" in given.name else 1)
        for given in session(file).get_inputs()
    }


def entity_inputs(layout: PolicyLayout, file: Path, rows: int) -> dict[str, NDArray[Any]]:
    """The first agent sees no entities, the others any number."""
    inputs = random_inputs(file, rows)
    use_some_rows(layout, inputs["obs"], np.random.default_rng(next(SEEDS)))
    for begin, field in layout.entity_lists.items():
        inputs["obs"][0, begin : begin + field.size] = 0.0
    return inputs


def foreign_inputs(name: str, rows: int) -> dict[str, NDArray[Any]]:
    return {"input": observations(name, rows)}


def seen_inputs(file: Path, rows: int) -> dict[str, NDArray[Any]]:
    """Observations spread as those of the policy's training were, and beyond."""
    inputs = random_inputs(file, rows)
    normalizer = json.loads(file.with_suffix("").with_suffix(".schema.json").read_text())["normalizer"]
    deviation = np.sqrt(np.array(normalizer["var"]))
    rng = np.random.default_rng(next(SEEDS))
    seen = normalizer["mean"] + 2.0 * deviation * rng.normal(size=(rows, len(deviation)))
    return {**inputs, "obs": seen.astype(np.float32)}


NAMES = [
    *OURS,
    *(f"{file.parent.name}/{file.stem}" for file in BASELINES),
    *(f"SB3 {name}" for name in STABLE_BASELINES),
    *(f"RLlib {name}" for name in WITHOUT_MEMORY),
]
ComputedBy = Callable[[Runtime], dict[str, list[Computed]]]


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_computes_the_same_in_the_game(
    name: str, runtime: Runtime, asked: Asked, computed_by: ComputedBy
) -> None:
    for case, found in zip(asked.cases[name], computed_by(runtime)[name], strict=True):
        assert found.problem == ""
        assert largest_difference(found.outputs, run(Path(case.model), case.inputs)) <= TOLERANCE


@pytest.mark.parametrize("name", NAMES)
def test_the_native_library_computes_what_gdscript_does(
    name: str, gdscript: Runtime, native: Runtime, computed_by: ComputedBy
) -> None:
    for slow, fast in zip(computed_by(gdscript)[name], computed_by(native)[name], strict=True):
        assert largest_difference(fast.outputs, slow.outputs) <= NATIVE_TOLERANCE
