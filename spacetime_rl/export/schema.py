"""The JSON document beside an exported policy: the meaning of its inputs and outputs, its origin and its parity."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import ExportError
from spacetime_rl.game.masks import MASKED, masks_of
from spacetime_rl.game.spec import STOCK_WIRE, GameSpec, ObservationField, PolicyLayout

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a policy: the game it was trained on and the checkpoint it was exported from."""

    scenario: str
    physics_hz: int | None  # None, like `action_repeat`, for a stock game, which does not declare it
    action_repeat: int | None
    params: Mapping[str, Any]
    wire: str = "spacetime/1"
    run_id: str = ""
    checkpoint: str = ""
    iteration: int = 0

    @classmethod
    def of_game(cls, spec: GameSpec) -> Origin:
        """The origin of a policy of this game that comes from no checkpoint."""
        return cls(spec.scenario, spec.physics_hz, spec.action_repeat, spec.params, spec.wire)


@dataclass(frozen=True, slots=True)
class Normalizer:
    """The normaliser's statistics, for information only: the ONNX file already applies them to `obs`."""

    mean: tuple[float, ...]
    var: tuple[float, ...]
    count: int
    clip: float
    variance_floor: float


@dataclass(frozen=True, slots=True)
class PolicySchema:
    """Everything a program needs to use one exported policy without this package."""

    policy: str
    layout: PolicyLayout
    state_size: int  # floats of recurrent state; 0 without recurrent state
    normalizer: Normalizer | None
    origin: Origin
    versions: Mapping[str, str]
    opset: int
    parity: float | None  # largest difference from the trained network over random and extreme batches; None: unknown
    squashed: bool = False  # whether an action is the tanh of a sample from `distribution`
    with_value: bool = False  # whether the file also computes the return that the policy expects

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "format": FORMAT,
            "policy": self.policy,
            "inputs": self._inputs(),
            "outputs": self._outputs(),
            "layout": self.layout.to_dict(),
            "state_size": self.state_size,
            "normalizer": self.normalizer and asdict(self.normalizer),
            "squashed": self.squashed,
            "origin": asdict(self.origin),
            "versions": dict(self.versions),
            "opset": self.opset,
            "parity": self.parity,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PolicySchema:
        """Build a schema from the data of `to_dict`. Raises KeyError or TypeError for a malformed document."""
        normalizer = data["normalizer"]
        return cls(
            policy=data["policy"],
            layout=PolicyLayout.from_dict(data["layout"]),
            state_size=int(data["state_size"]),
            normalizer=normalizer
            and Normalizer(**{**normalizer, "mean": tuple(normalizer["mean"]), "var": tuple(normalizer["var"])}),
            origin=Origin(**data["origin"]),
            versions=data["versions"],
            opset=int(data["opset"]),
            parity=None if data["parity"] is None else float(data["parity"]),
            squashed=bool(data.get("squashed", False)),
            with_value=any(output["name"] == "value" for output in data.get("outputs", ())),
        )

    @property
    def vectors(self) -> dict[str, tuple[ObservationField, ...]]:
        """The inputs that make up the observation vector, each with its fields."""
        return vector_inputs(self.layout, self.origin.wire)

    def feed(self, observations: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """The inputs of the ONNX file but the recurrent state, from observations f32[n, obs_dim]."""
        inputs = {}
        begin = 0
        for name, fields in self.vectors.items():
            end = begin + sum(field.size for field in fields)
            inputs[name] = observations[:, begin:end]
            begin = end
        for image in self.layout.images:
            end = begin + prod(image.shape)
            inputs[image.name] = np.rint(observations[:, begin:end] * 255.0)  # observations hold bytes / 255
            begin = end
        return inputs

    def _inputs(self) -> list[dict[str, Any]]:
        inputs: list[dict[str, Any]] = []
        for name, fields in self.vectors.items():
            size = sum(field.size for field in fields)
            inputs.append({"name": name, "shape": ["batch", size], "fields": _slices(fields)})
        for image in self.layout.images:
            shape = ["batch", prod(image.shape)]
            meaning = "bytes 0..255 as floats, row-major height, width, channel"
            inputs.append({"name": image.name, "shape": shape, "image": list(image.shape), "meaning": meaning})
        state = ["batch", self.state_size] if self.state_size else ["batch"]
        meaning = "zeros where an episode begins, then the last state_outs" if self.state_size else "any; not used"
        return [*inputs, {"name": "state_ins", "shape": state, "meaning": meaning}]

    def _outputs(self) -> list[dict[str, Any]]:
        output, distribution = self._action_parts()
        state = ["batch", self.state_size] if self.state_size else ["batch"]
        meaning = "the discounted return that the policy expects from here on"
        value = [{"name": "value", "shape": ["batch", 1], "meaning": meaning}] if self.with_value else []
        return [
            {"name": "output", "shape": ["batch", output[-1]["end"]], "parts": output},
            {"name": "state_outs", "shape": state},
            {"name": "distribution", "shape": ["batch", distribution[-1]["end"]], "parts": distribution},
            *value,
        ]

    def _action_parts(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The slices of `output`, ready to use, and of `distribution`, the unclipped parameters to sample from."""
        only_means = all(action.kind == "continuous" for action in self.layout.actions)
        masked_actions = {mask.action for mask in masks_of(self.layout)}
        output = _Parts()
        distribution = _Parts()
        for action in self.layout.actions:
            if action.kind == "discrete":
                largest = "the choice is the index of the largest"
                masked = action.name in masked_actions
                smallest = "0 for masked choices" if masked else "none negative"
                output.add(action.name, action.size, f"logits, {smallest}: {largest}")
                meaning = f"logits, {MASKED:g} for masked choices" if masked else "logits"
                distribution.add(action.name, action.size, meaning)
                continue
            mapped = "squashed by tanh" if self.squashed else "clipped to [-1, 1]"
            output.add(action.name, action.size, f"the action, {mapped}")
            distribution.add(action.name, action.size, f"means: samples are {mapped}")
            if not only_means:
                output.add(action.name, action.size, "log standard deviations: skip")
            distribution.add(action.name, action.size, "log standard deviations")
        return output.parts, distribution.parts


def vector_inputs(layout: PolicyLayout, wire: str) -> dict[str, tuple[ObservationField, ...]]:
    """Input names and their fields: one input `obs` for all fields, or one per observation key of a stock game."""
    if wire == STOCK_WIRE:
        return {field.name: (field,) for field in layout.fields}
    return {"obs": layout.fields} if layout.fields else {}


def _slices(fields: Sequence[ObservationField]) -> list[dict[str, Any]]:
    begin, slices = 0, []
    for field in fields:
        entities = {"columns": list(field.columns)} if field.columns else {}
        slices.append({"name": field.name, "begin": begin, "end": begin + field.size, "unit": field.unit, **entities})
        begin += field.size
    return slices


class _Parts:
    """Consecutive named slices of one vector."""

    def __init__(self) -> None:
        self.parts: list[dict[str, Any]] = []

    def add(self, action: str, size: int, meaning: str) -> None:
        begin = self.parts[-1]["end"] if self.parts else 0
        self.parts.append({"action": action, "begin": begin, "end": begin + size, "meaning": meaning})


def read_schema(path: Path) -> PolicySchema:
    """Read a schema file. Raises ExportError if it is malformed or of another format."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ExportError(
                f"{path}: schema format {document['format']!r}, this version reads {FORMAT}; export again"
            )
        return PolicySchema.from_dict(document)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportError(f"{path}: not a policy schema ({type(error).__name__}: {error}); export again") from error
