"""Read pickles that hold data, and refuse those that hold code: loading a pickle runs whatever is in it.

Libraries keep spaces, classes of layers and settings in pickles. Those that refer only to known classes of known
libraries are data. A class or function of the user is code, whether it is stored as such or imported by its name.
"""

from __future__ import annotations

import importlib
import io
import pickle
from collections.abc import Callable, Mapping
from typing import Any

from spacetime_rl.errors import UsageError

# What builds arrays, random generators and dictionaries, by module.
_BUILDERS: Mapping[str, frozenset[str]] = {
    "builtins": frozenset({"bool", "bytearray", "complex", "dict", "float", "frozenset", "int", "list", "set", "slice",
                           "str", "tuple"}),
    "collections": frozenset({"OrderedDict"}),
    "numpy": frozenset({"dtype", "ndarray"}),
    **dict.fromkeys(("numpy._core.numeric", "numpy.core.numeric"), frozenset({"_frombuffer"})),
    **dict.fromkeys(("numpy._core.multiarray", "numpy.core.multiarray"), frozenset({"_reconstruct", "scalar"})),
    "numpy.random._pickle": frozenset({"__bit_generator_ctor", "__generator_ctor", "__randomstate_ctor"}),
    "numpy.random._pcg64": frozenset({"PCG64"}),
    "numpy.random._mt19937": frozenset({"MT19937"}),
    "numpy.random.bit_generator": frozenset({"SeedSequence", "__pyx_unpickle_SeedSequence"}),
    "pathlib": frozenset({"Path", "PosixPath"}),
}  # fmt: skip


class HoldsCode(UsageError):
    """A pickle holds code, or refers to some that is none of the known classes."""


def read_pickle(raw: bytes, where: str, classes: Callable[[type], bool], packages: tuple[str, ...]) -> Any:
    """Read a pickle that holds data: builders of numpy, and those classes of `packages` that `classes` accepts.

    Nothing else is imported or called. `where` begins the messages. Raises HoldsCode, which names what it found, and
    UsageError for bytes that are no pickle.
    """
    return _load(_DataUnpickler(io.BytesIO(raw), where, classes, packages), where)


def read_trusted(raw: bytes, where: str) -> Any:
    """Read a pickle and run what is in it: for files whose maker the user trusts. Raises UsageError."""
    return _load(pickle.Unpickler(io.BytesIO(raw)), where)


def _load(unpickler: pickle.Unpickler, where: str) -> Any:
    try:
        return unpickler.load()
    except UsageError:
        raise
    except Exception as error:  # a damaged pickle can fail in any way
        raise UsageError(f"{where}: cannot be read ({type(error).__name__}: {error})") from error


class _DataUnpickler(pickle.Unpickler):
    def __init__(
        self, file: io.BytesIO, where: str, classes: Callable[[type], bool], packages: tuple[str, ...]
    ) -> None:
        super().__init__(file)
        self._where, self._classes, self._packages = where, classes, packages

    def find_class(self, module: str, name: str) -> Any:
        if name in _BUILDERS.get(module, ()):
            return getattr(importlib.import_module(module), name)
        if "." not in name and any(module == package or module.startswith(f"{package}.") for package in self._packages):
            try:
                found = getattr(importlib.import_module(module), name)
            except (ImportError, AttributeError) as error:
                raise UsageError(f"{self._where}: {module}.{name} is not in the installed version: {error}") from error
            if isinstance(found, type) and self._classes(found):
                return found
        what = "code of its own" if module.startswith("cloudpickle") else f"{module}.{name}"
        raise HoldsCode(
            f"{self._where}: holds {what}, which loading it would run; add --trust-code if you trust its author"
        )
