"""A user's own classes and functions, named in a configuration by `module.name`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spacetime_rl.errors import ConfigError


def load_classes(setting: str, paths: Sequence[str], base: type, folder: Path) -> list[type]:
    """The classes at these dotted paths, from a folder too.

    Raises ConfigError listing all that cannot be loaded or are no subclasses of `base`.
    """
    classes, problems = [], []
    for index, path in enumerate(paths):
        try:
            found = _load(path, folder, "class, such as 'my_callbacks.LogWind'")
            if not (isinstance(found, type) and issubclass(found, base)):
                raise TypeError(f"expected a subclass of {base.__module__}.{base.__name__}")
            classes.append(found)
        except Exception as error:  # whatever the user's module raises
            problems.append(f"{setting}.{index}: {path!r} cannot be loaded: {error}")
    if problems:
        raise ConfigError(problems)
    return classes


def load_function(setting: str, path: str, folder: Path) -> Callable[..., Any]:
    """The function at a dotted path, from a folder too. Raises ConfigError where it cannot be loaded."""
    try:
        found = _load(path, folder, "function, such as 'my_rewards.far_sighted'")
        if not callable(found):
            raise TypeError(f"expected a function, found {found!r}")
    except Exception as error:  # whatever the user's module raises
        raise ConfigError([f"{setting}: {path!r} cannot be loaded: {error}"]) from error
    function: Callable[..., Any] = found
    return function


def _load(path: str, folder: Path, what: str) -> Any:
    module, _, name = path.rpartition(".")
    if not module:
        raise ValueError(f"expected a module and a {what}")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return getattr(importlib.import_module(module), name)
