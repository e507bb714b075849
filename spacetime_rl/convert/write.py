"""Write a policy of another library as our export writes its own: an ONNX file, a schema, and a check of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from spacetime_rl.convert.foreign import ForeignPolicy
from spacetime_rl.errors import ExportError
from spacetime_rl.export.model import make_model
from spacetime_rl.export.network import OUTPUTS, ExportNetwork
from spacetime_rl.export.onnx import cannot_run, put_in_place, staging_folder, versions_here
from spacetime_rl.export.parity import TOLERANCE, Arrays, flat_observations, random_inputs
from spacetime_rl.export.schema import Origin, PolicySchema
from spacetime_rl.export.session import make_session
from spacetime_rl.export.versions import Versions
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.masks import MASKED
from spacetime_rl.modules.actions import mode_numpy, plan_actions
from spacetime_rl.runs.layout import onnx_file, schema_file


@dataclass(frozen=True, slots=True)
class Converted:
    """The files of a policy; `difference` is the largest from the source policy, None if it was not measured."""

    name: str
    onnx: Path
    schema: Path
    difference: float | None


def write_policy(
    policy: ForeignPolicy,
    name: str,
    out: Path,
    origin: Origin,
    versions: Versions,
    made_with: Mapping[str, str],
    verify: bool = True,
) -> Converted:
    """Write `<name>.onnx` and `<name>.schema.json` into the folder `out`, replaced only after the check.

    `made_with` are versions of the source's libraries. Raises ExportError, also if the file decides otherwise than the
    source.
    """
    network = ExportNetwork(policy.eval(), origin.wire).eval()
    with staging_folder(out) as folder:
        file = onnx_file(folder, name)
        onnx.save(make_model(network, name, versions), file)
        difference = _check(network, policy, file, name, versions) if verify else None
        schema = PolicySchema(
            policy=name,
            layout=policy.layout,
            state_size=2 * network.cell_size,
            normalizer=None,
            squashed=policy.squashed,
            origin=origin,
            versions={**versions_here(), **made_with},
            opset=versions.opset,
            parity=difference,
        )
        schema_file(folder, name).write_text(to_json(schema.to_dict(), indent=2) + "\n", encoding="utf-8")
        return Converted(name, *put_in_place(name, folder, out), difference)


def _check(network: ExportNetwork, policy: ForeignPolicy, file: Path, name: str, versions: Versions) -> float:
    try:
        difference = measure(network, policy, file)
    except Exception as error:  # onnxruntime's exception types have no common base
        raise ExportError(cannot_run(name, versions, error)) from error
    if not difference <= TOLERANCE:
        raise ExportError(
            f"policy {name!r}: the file differs from the policy that it was made from by {difference:.2e}, more than "
            f"{TOLERANCE:g} is not accepted; try another --opset"
        )
    return difference


def measure(network: ExportNetwork, policy: ForeignPolicy, file: Path) -> float:
    """The largest difference between a file, run by onnxruntime, and its source, over random and extreme batches.

    It is that of the outputs from torch's, divided by the largest number of a row where that exceeds 1, and that of the
    actions from those that the library itself takes. A choice differs by how far the library's lies below the best; one
    that the library, which knows no masks, takes although it is masked is not compared.
    """
    session = make_session(file)
    worst = [0.0]
    for inputs in random_inputs(network):
        found = dict(zip(OUTPUTS, session.run(list(OUTPUTS), inputs), strict=True))
        seen = _observed(network, inputs)
        with torch.no_grad():
            expected = network(*(torch.from_numpy(inputs[name]) for name in network.inputs))
        for name, tensor in zip(OUTPUTS, expected, strict=True):
            rows = found[name].reshape(len(tensor), -1), tensor.numpy().reshape(len(tensor), -1)
            worst.append(float((np.abs(rows[0] - rows[1]) / _sizes(rows[1], seen)).max()))
        theirs = policy.decide_as_library(flat_observations(network, inputs), inputs["state_ins"])
        worst.append(_difference_of_actions(policy, found["distribution"], theirs, seen))
    return float(np.max(worst))


def _observed(network: ExportNetwork, inputs: Arrays) -> NDArray[np.float32]:
    """The largest number that each row observes, at least 1, [b]."""
    largest = [np.abs(inputs[name]).max(-1) for name in network.vectors]
    found: NDArray[np.float32] = np.max([np.ones(len(inputs["state_ins"]), np.float32), *largest], axis=0)
    return found


def _sizes(values: NDArray[np.float32], seen: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a difference is divided by, [b, 1]: float32 has relative precision, in what is observed as well."""
    computed = np.where(values > MASKED, np.abs(values), np.float32(0.0))
    sizes: NDArray[np.float32] = np.maximum(computed.max(-1), seen)[:, None]
    return sizes


def _difference_of_actions(
    policy: ForeignPolicy,
    distribution: NDArray[np.float32],
    theirs: NDArray[np.float32],
    seen: NDArray[np.float32],
) -> float:
    plan = plan_actions(policy.layout.actions)
    ours = mode_numpy(distribution, policy.layout.actions, policy.squashed)
    worst = 0.0
    if len(plan.columns):
        numbers = np.abs(ours[:, plan.columns].clip(-1.0, 1.0) - theirs[:, plan.columns]).max(-1)
        worst = float(np.max(numbers / seen))
    for choice in plan.choices:
        logits = distribution[:, choice.logits]
        taken = np.take_along_axis(logits, theirs[:, choice.column, None].astype(int), -1)[:, 0]
        best = logits.max(-1)
        taken = np.where(taken > MASKED, taken, best)
        largest = np.maximum(np.where(logits > MASKED, np.abs(logits), np.float32(0.0)).max(-1), seen)
        worst = max(worst, float(np.max((best - taken) / largest)))
    return worst
