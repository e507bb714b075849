"""Trained policies as functions from observations to actions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.policies import OnnxActor
from spacetime_rl.evaluation.sources import is_onnx_folder, read_schemas
from spacetime_rl.export.schema import PolicySchema
from spacetime_rl.runs.layout import RunPaths, onnx_file
from spacetime_rl.runs.locate import find_folder
from spacetime_rl.runs.shipped import PREFIX, read_baseline

Floats = NDArray[np.float32]


class Policy:
    """An exported policy, which takes its most probable actions.

    `observation_size` and `action_size` count floats; `schema` describes them field by field. A policy with an LSTM
    keeps a recurrent state for each row of the observations until `reset`.
    """

    def __init__(self, folder: Path, schema: PolicySchema) -> None:
        self.name = schema.policy
        self.schema = schema
        self.observation_size = schema.layout.obs_dim
        self.action_size = schema.layout.action_size
        self._file = onnx_file(folder, schema.policy)
        self._actor: OnnxActor | None = None
        self._rows = 0

    def act(self, observations: Any) -> Floats:
        """Actions float32 [n, action_size] for observations [n, observation_size], or both without n for one agent.

        A discrete choice is a float that holds its index. Raises UsageError for observations of another size.
        """
        rows = np.asarray(observations, np.float32)
        if rows.ndim not in (1, 2) or rows.shape[-1] != self.observation_size:
            raise UsageError(
                f"policy {self.name}: expected observations [n, {self.observation_size}], found {list(rows.shape)}"
            )
        batch = np.atleast_2d(rows)
        if self._actor is None or len(batch) != self._rows:
            self._actor, self._rows = OnnxActor(self._file, self.schema, len(batch)), len(batch)
        actions = self._actor.act(batch)
        return actions if rows.ndim == 2 else actions[0]

    def reset(self, rows: Any = None) -> None:
        """Set the recurrent state of these rows to zeros; None for all. Does nothing without recurrent state."""
        if self._actor is not None:
            chosen = np.arange(self._rows) if rows is None else np.atleast_1d(np.asarray(rows, np.int64))
            self._actor.begin(chosen, np.zeros(len(chosen), np.int64))


def load_policy(source: Any, policy: str | None = None, *, results: str | Path = "results") -> Policy:
    """The trained policy of a run, of a folder of ONNX files, or of a baseline (`baseline:vr_navigation`).

    `source` is the result of `train`, the id of a run in `results`, or a folder; `policy` names one of several
    policies. Raises UsageError if there is no such policy, or if there are several and `policy` is None.
    """
    folder = find_policies(source, Path(results))
    found = read_schemas(folder)
    if policy is None and len(found) == 1:
        (policy,) = found
    if policy not in found:
        what = f"no policy {policy!r}" if policy else "several policies; name one"
        raise UsageError(f"{folder}: {what}; it has {', '.join(found)}")
    return Policy(folder, found[policy])


def find_policies(source: Any, results: Path) -> Path:
    """The folder of ONNX files that `source` names. Raises UsageError if there is none."""
    if isinstance(source, str) and source.startswith(PREFIX):
        return read_baseline(source.removeprefix(PREFIX)).folder
    path = Path(getattr(source, "folder", source))
    if is_onnx_folder(path):
        return path
    folder = RunPaths(path if path.is_dir() else find_folder(str(source), results)).onnx
    if not is_onnx_folder(folder):
        raise UsageError(
            f"{source}: has no exported policies, in {folder}; a run exports them when it ends, and "
            "`spacetime-rl export` at any time"
        )
    return folder
