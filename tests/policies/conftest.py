"""Policies are computed by GDScript, and by the native library where one can be built."""

from __future__ import annotations

import pytest
from support.native_project import GDSCRIPT, NATIVE, RUNTIMES, Runtime, make_runtime

from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.native import NativeFailed, find_compiler


@pytest.fixture(scope="session")
def gdscript(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    """The runtime that every game has."""
    return make_runtime(GDSCRIPT, find_godot(), tmp_path_factory.mktemp(GDSCRIPT))


@pytest.fixture(scope="session")
def native(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    """The native library; without a C compiler the test is skipped."""
    try:
        find_compiler()
    except NativeFailed as error:
        pytest.skip(str(error))
    return make_runtime(NATIVE, find_godot(), tmp_path_factory.mktemp(NATIVE))


@pytest.fixture(scope="module", params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> Runtime:
    """One runtime after the other."""
    chosen: Runtime = request.getfixturevalue(request.param)
    return chosen
