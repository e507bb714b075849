"""Measure the difference between an exported file, run by onnxruntime, and the network it was exported from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns

from spacetime_rl.export.network import PIXEL_MAX, VALUE, ExportNetwork
from spacetime_rl.export.session import make_session
from spacetime_rl.game.masks import MASKED
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.actions import plan_actions
from spacetime_rl.modules.masked import masked_logits

TOLERANCE = 1e-5
"""The largest difference that passes; see `measure_parity` for what it is relative to."""

_BATCHES = (1, 2, 7, 64)
_SCALES = (0.0, 1.0, 10.0, 1e4)  # of the observation: usual values, and values far outside their range

Arrays = dict[str, NDArray[np.float32]]


def measure_parity(network: ExportNetwork, path: Path) -> float:
    """The largest difference between the file and the trained module, over random and extreme batches.

    The module receives one flat observation, as in training. The measurement therefore also covers the export's own
    normalisation, image scaling, recurrent state and decoding. A difference is divided by the largest number of its row
    if that exceeds 1, because float32 has relative precision. The row is that of the distribution, of the value if the
    file has one, and of the observation if the policy does not normalise it. NaN anywhere gives NaN.
    """
    session = make_session(path)
    worst = 0.0
    for inputs in random_inputs(network):
        found = dict(zip(network.outputs, session.run(list(network.outputs), inputs), strict=True))
        expected = _expect(network, inputs)
        size = _row_sizes(network, inputs, expected)
        errors = (np.abs(found[name] - value).reshape(len(size), -1).max(-1) / size for name, value in expected.items())
        worst = float(np.max([worst, *np.ravel(list(errors))]))
    return worst


def random_inputs(network: ExportNetwork) -> Iterator[Arrays]:
    """Inputs by name for batches of several sizes: usual values, and values far outside their range."""
    rng = np.random.default_rng(0)
    images = {image.name for image in network.layout.images}
    for batch in _BATCHES:
        for scale in _SCALES:
            inputs: Arrays = {}
            for name, example in zip(network.inputs, network.example(batch), strict=True):
                shape = tuple(example.shape)
                if name in images:
                    inputs[name] = rng.integers(0, 256, shape).astype(np.float32)
                else:
                    spread = min(scale, 1.0) if name == "state_ins" else scale
                    inputs[name] = rng.normal(0.0, spread, shape).astype(np.float32)
            if network.layout.entity_lists:
                (name,) = network.vectors  # only our own games have lists of entities
                use_some_rows(network.layout, inputs[name], rng)
            yield inputs


def use_some_rows(layout: PolicyLayout, seen: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Let any number of entities be in every list of vectors [b, n]: a row is used or all zeros, as games send it."""
    for begin, field in layout.entity_lists.items():
        rows = seen[:, begin : begin + field.size].reshape(len(seen), field.rows, -1)
        rows[..., 0] = rng.random(rows.shape[:2]) < rng.random((len(seen), 1))
        rows *= rows[..., :1]
        seen[:, begin : begin + field.size] = rows.reshape(len(seen), -1)


def flat_observations(network: ExportNetwork, inputs: Arrays) -> NDArray[np.float32]:
    """The observations [b, obs_dim] that the inputs of a file stand for."""
    seen = [inputs[name] for name in network.vectors]
    seen += [inputs[image.name] / np.float32(PIXEL_MAX) for image in network.layout.images]
    return np.concatenate(seen, -1)


def _row_sizes(network: ExportNetwork, inputs: Arrays, expected: Arrays) -> NDArray[np.float32]:
    distribution = expected["distribution"]
    computed = np.where(distribution > MASKED, np.abs(distribution), np.float32(0.0))
    sizes: NDArray[np.float32] = computed.max(-1).clip(min=1.0)
    if network.layout.vector_dim and network.module.normalizer is None:
        sizes = np.max([sizes, *(np.abs(inputs[name]).max(-1) for name in network.vectors)], axis=0)
    return np.maximum(sizes, np.abs(expected[VALUE])[:, 0]) if network.with_value else sizes


def _expect(network: ExportNetwork, inputs: Arrays) -> Arrays:
    state = inputs["state_ins"]
    batch: dict[str, Any] = {Columns.OBS: torch.from_numpy(flat_observations(network, inputs))}
    if network.cell_size:
        h, c = np.split(state, 2, -1)
        batch[Columns.STATE_IN] = {"h": torch.from_numpy(h.copy()), "c": torch.from_numpy(c.copy())}
    found = network.module.forward_inference(batch)
    distribution = found[Columns.ACTION_DIST_INPUTS].numpy()
    if network.cell_size:
        state = np.concatenate([found[Columns.STATE_OUT][key].numpy() for key in ("h", "c")], -1)
    expected = {"output": _decode(network, distribution), "state_outs": state, "distribution": distribution}
    return expected | ({VALUE: _expect_value(network, batch)} if network.with_value else {})


@torch.no_grad()
def _expect_value(network: ExportNetwork, batch: Mapping[str, Any]) -> NDArray[np.float32]:
    vector, images = network.module.split(batch)
    acted = network.module.act(vector, images, batch.get(Columns.STATE_IN))
    value: NDArray[np.float32] = network.module.expected_return(vector, images, acted).numpy()
    return value[:, None]


def _decode(network: ExportNetwork, distribution: NDArray[np.float32]) -> NDArray[np.float32]:
    plan = plan_actions(network.layout.actions)
    output = distribution.copy()
    means = output[:, plan.means]
    output[:, plan.means] = np.tanh(means) if network.module.squashed else means.clip(-1.0, 1.0)
    masked = [logits for logits, _ in masked_logits(network.layout)]
    for choice in plan.choices:
        logits = output[:, choice.logits]
        if choice.logits in masked:
            lowest = np.where(logits > MASKED, logits, np.inf).min(-1, keepdims=True)
            output[:, choice.logits] = np.where(logits > MASKED, logits - lowest + 1.0, 0.0)
        else:
            logits -= logits.min(-1, keepdims=True)
    return output if plan.choices else output[:, plan.means]
