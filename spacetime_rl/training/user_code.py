"""A user's own classes, named in a configuration by `module.Class`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from spacetime_rl.errors import ConfigError


def load_classes(setting: str, paths: Sequence[str], base: type) -> list[type]:
    """The classes at these dotted paths, from the working directory too.

    Raises ConfigError listing all that cannot be loaded or are no subclasses of `base`.
    """
    here = str(Path.cwd())
    if paths and here not in sys.path:
        sys.path.insert(0, here)
    classes, problems = [], []
    for index, path in enumerate(paths):
        try:
            classes.append(_load(path, base))
        except Exception as error:  # whatever the user's module raises
            problems.append(f"{setting}.{index}: {path!r} cannot be loaded: {error}")
    if problems:
        raise ConfigError(problems)
    return classes


def _load(path: str, base: type) -> type:
    module, _, name = path.rpartition(".")
    if not module:
        raise ValueError("expected a module and a class, such as 'my_callbacks.LogWind'")
    found = getattr(importlib.import_module(module), name)
    if not (isinstance(found, type) and issubclass(found, base)):
        raise TypeError(f"expected a subclass of {base.__module__}.{base.__name__}")
    return found
