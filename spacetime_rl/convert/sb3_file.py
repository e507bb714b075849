"""Read a model that Stable-Baselines3 saved, without running what is in it.

The file is a zip: `data`, a JSON document whose values are plain or base64 of a pickle, and the weights in
`policy.pth`. Of the pickles only the four that describe the network are read.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args
from zipfile import BadZipFile, ZipFile

import torch
from gymnasium.spaces import Space
from torch import nn

from spacetime_rl.convert.pickles import read_pickle, read_trusted
from spacetime_rl.errors import UsageError

Algorithm = Literal["ppo", "a2c", "dqn", "sac", "td3", "ddpg"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
_PICKLED = ":serialized:"
_PACKAGES = ("gymnasium.spaces", "torch.nn", "torch.optim", "stable_baselines3")


@dataclass(frozen=True, slots=True)
class SavedModel:
    """The network of a saved model: its class with arguments, its spaces and its weights."""

    file: Path
    algorithm: Algorithm
    version: str  # of Stable-Baselines3, which wrote it
    policy_class: type
    arguments: Mapping[str, Any]
    observation_space: Space[Any]
    action_space: Space[Any]
    weights: Mapping[str, torch.Tensor]


def read_model(file: Path, algorithm: Algorithm | None = None, trusted: bool = False) -> SavedModel:
    """Read a model; `algorithm` names it where the file does not show it, and `trusted` lets its code run.

    Raises HoldsCode for a policy that consists of code, and UsageError.
    """
    data, version, raw = _read_zip(file)
    found = _find_algorithm(data)
    if algorithm and found and algorithm != found:
        raise UsageError(f"{file}: --algo {algorithm}: its settings are those of {found.upper()}; leave out --algo")
    chosen = algorithm or found
    if chosen is None:
        raise UsageError(f"{file}: does not show which algorithm made it; add --algo, one of {', '.join(ALGORITHMS)}")
    values = {
        name: _value(data, name, file, trusted)
        for name in ("policy_class", "policy_kwargs", "observation_space", "action_space")
    }
    try:
        weights = torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can fail in any way
        raise UsageError(f"{file}: policy.pth cannot be read: {error}") from error
    arguments = dict(values["policy_kwargs"] or {})
    if chosen in ("ppo", "a2c", "sac"):
        arguments.setdefault("use_sde", bool(data.get("use_sde", False)))
    return SavedModel(
        file,
        chosen,
        version,
        values["policy_class"],
        arguments,
        values["observation_space"],
        values["action_space"],
        weights,
    )


def _read_zip(file: Path) -> tuple[dict[str, Any], str, bytes]:
    try:
        with ZipFile(file) as archive:
            names = set(archive.namelist())
            if not {"data", "policy.pth"} <= names:
                raise UsageError(f"{file}: is no model of Stable-Baselines3: it has no `data` and no `policy.pth`")
            version = (
                archive.read("_stable_baselines3_version").decode() if "_stable_baselines3_version" in names else ""
            )
            data = json.loads(archive.read("data"))
            return data, version.strip() or "unknown", archive.read("policy.pth")
    except FileNotFoundError:
        raise UsageError(f"{file}: there is no such file") from None
    except (BadZipFile, OSError, ValueError) as error:
        raise UsageError(f"{file}: is no model of Stable-Baselines3, or damaged: {error}") from error


def _find_algorithm(data: Mapping[str, Any]) -> Algorithm | None:
    """The algorithm by the settings that it alone has."""
    if "clip_range" in data:
        return "ppo"
    if "exploration_fraction" in data:
        return "dqn"
    if "policy_delay" in data:
        return "ddpg" if data.get("target_noise_clip") == 0 else "td3"
    if "target_entropy" in data:
        return "sac"
    return "a2c" if "gae_lambda" in data else None


def _value(data: Mapping[str, Any], name: str, file: Path, trusted: bool) -> Any:
    value = data.get(name)
    if not isinstance(value, dict) or _PICKLED not in value:
        return value
    where = f"{file}: {name}"
    raw = base64.b64decode(value[_PICKLED])
    return read_trusted(raw, where) if trusted else read_pickle(raw, where, _is_known, _PACKAGES)


def _is_known(found: type) -> bool:
    return issubclass(found, (Space, nn.Module, torch.optim.Optimizer))
