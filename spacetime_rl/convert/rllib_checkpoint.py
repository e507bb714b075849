"""Find and read a policy in a checkpoint of RLlib's new API stack, without running what is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from gymnasium.spaces import Space
from ray.rllib.core.models.catalog import Catalog
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.core.rl_module.rl_module import RLModule

from spacetime_rl.convert.pickles import read_pickle, read_trusted
from spacetime_rl.errors import UsageError

_MODULES = (Path("learner_group/learner/rl_module"), Path("learner/rl_module"), Path("rl_module"), Path())
_CLASS, _STATE, _METADATA = "class_and_ctor_args.pkl", "module_state.pkl", "metadata.json"
_CONNECTORS = Path("env_runner/env_to_module_connector")
_PACKAGES = ("gymnasium.spaces", "ray.rllib")
_NUMBERED = re.compile(r"checkpoint_(\d+)")


@dataclass(frozen=True, slots=True)
class SavedModule:
    """A policy's module: its class with arguments, its spaces and its weights."""

    folder: Path
    name: str  # of the policy in RLlib
    version: str  # of Ray, which wrote it
    module_class: type
    arguments: Mapping[str, Any]
    state: Mapping[str, Any]

    @property
    def observation_space(self) -> Space[Any]:
        """What the module observes, after RLlib's connectors."""
        return self.arguments["observation_space"]  # type: ignore[no-any-return]

    @property
    def action_space(self) -> Space[Any]:
        """What the module decides."""
        return self.arguments["action_space"]  # type: ignore[no-any-return]


def find_rllib_checkpoint(where: Path, number: int | None = None) -> Path:
    """The checkpoint in a folder: itself, or the one with the highest number below it, or with `number`.

    Raises UsageError if there is none, or if it is of the old API stack.
    """
    if not where.is_dir():
        raise UsageError(f"{where}: there is no such folder")
    if number is None and _module_folders(where):
        return where
    _refuse_old_stack(where)
    found = {
        int(match[1]): folder
        for folder in where.rglob("checkpoint_*")
        if (match := _NUMBERED.fullmatch(folder.name)) and folder.is_dir()
    }
    if number is not None and number not in found:
        there = ", ".join(map(str, sorted(found))) or "none"
        raise UsageError(f"{where}: no checkpoint {number}; there are {there}")
    if not found:
        raise UsageError(
            f"{where}: holds no checkpoint of RLlib: expected learner_group/learner/rl_module/POLICY/{_CLASS} in it, "
            "or in a folder checkpoint_N below it"
        )
    chosen = found[max(found) if number is None else number]
    _refuse_old_stack(chosen)
    return chosen


def read_modules(checkpoint: Path, policies: list[str] | None, trusted: bool = False) -> list[SavedModule]:
    """Read the policies of a checkpoint, or those in `policies`. Raises HoldsCode and UsageError."""
    folders = _module_folders(checkpoint)
    if not folders:
        raise UsageError(f"{checkpoint}: holds no policy: expected learner_group/learner/rl_module/POLICY/{_CLASS}")
    unknown = [name for name in policies or () if name not in folders]
    if unknown:
        raise UsageError(f"{checkpoint}: no policy {unknown[0]!r}; there are {', '.join(folders)}")
    _refuse_filters(checkpoint)
    return [_read(folders[name], name, trusted) for name in policies or folders]


def _module_folders(checkpoint: Path) -> dict[str, Path]:
    """The folders of a checkpoint's modules by policy; a checkpoint may be a single module."""
    for part in _MODULES:
        inner = {path.parent.name: path.parent for path in sorted((checkpoint / part).glob(f"*/{_STATE}"))}
        inner = {name: folder for name, folder in inner.items() if (folder / _CLASS).is_file()}
        if inner:
            return inner
    single = (checkpoint / _CLASS).is_file() and (checkpoint / _STATE).is_file()
    return {checkpoint.name: checkpoint} if single else {}


def _refuse_old_stack(checkpoint: Path) -> None:
    old = [*checkpoint.glob("policies/*/policy_state.*"), *checkpoint.glob("policy_state.*")]
    if old:
        raise UsageError(
            f"{checkpoint}: is a checkpoint of RLlib's old API stack ({old[0].relative_to(checkpoint)}), whose "
            "networks exist only as Python objects of the version that wrote it; train it on the new stack "
            "(enable_rl_module_and_learner, the default since Ray 2.40), or export it with the version that wrote it"
        )


def _refuse_filters(checkpoint: Path) -> None:
    """Refuse statistics of observations that lie beside the network: without them it decides otherwise."""
    filters = sorted(path.parent.name for path in (checkpoint / _CONNECTORS).glob(f"*/{_CLASS}"))
    if filters:
        raise UsageError(
            f"{checkpoint}: its observations pass {', '.join(filters)} before the network, which is not converted; "
            "train it without"
        )


def _read(folder: Path, name: str, trusted: bool) -> SavedModule:
    try:
        version = str(json.loads((folder / _METADATA).read_text(encoding="utf-8"))["ray_version"])
    except (OSError, ValueError, KeyError):
        version = "of an unknown version"
    described, state = _pickle(folder / _CLASS, trusted), _pickle(folder / _STATE, trusted)
    try:
        positional, arguments = described["ctor_args_and_kwargs"]
        module_class = described["class"]
        if positional or not {"observation_space", "action_space"} <= set(arguments):
            raise KeyError("ctor_args_and_kwargs")
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{folder / _CLASS}: describes no module of RLlib ({error}); Ray {version} wrote it"
        ) from error
    return SavedModule(folder, name, version, module_class, arguments, state)


def _pickle(file: Path, trusted: bool) -> Any:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    return read_trusted(raw, str(file)) if trusted else read_pickle(raw, str(file), _is_known, _PACKAGES)


def _is_known(found: type) -> bool:
    return issubclass(found, (Space, RLModule, Catalog, Enum, DefaultModelConfig))
