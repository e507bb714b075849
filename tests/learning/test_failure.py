"""What a user is told of an error that comes wrapped by Ray, out of another process."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest
from ray import cloudpickle
from ray.exceptions import ActorDiedError, OutOfMemoryError, RayTaskError

from spacetime_rl.errors import (
    ConfigError,
    GodotNotFound,
    ImportFailed,
    RestartsExhausted,
    SpacetimeError,
    UsageError,
    UserCodeError,
)
from spacetime_rl.learning.failure import LostRunners, describe, find_error, is_of_constructor
from spacetime_rl.notices import Notices


def raised(error: Exception, function: str = "ray::GameEnvRunner.__init__()") -> RayTaskError:
    """The error as Ray hands it on from a task of another process."""
    try:
        raise error
    except Exception as caught:
        trace = "".join(traceback.format_exception(caught))
    return RayTaskError(function, trace, error, proctitle="ray::GameEnvRunner", pid=1, ip="127.0.0.1")


def of_constructor(error: Exception) -> ActorDiedError:
    """The error as Ray hands it on from the constructor of an actor: as text."""
    return ActorDiedError(raised(error))


@pytest.mark.parametrize(
    "error",
    [
        UsageError("game.env_path: /games/x.x86_64 is not a file"),
        ConfigError(["model.cnn.filters: too large", "callbacks.0: cannot be loaded"]),
        GodotNotFound("no Godot of version 4.5 or newer"),
        RestartsExhausted("a game failed again"),
    ],
)
def test_an_error_of_ours_comes_back_as_what_it_was_whoever_raised_it(error: SpacetimeError) -> None:
    constructor = of_constructor(error)
    assert is_of_constructor(constructor)
    for wrapped in (error, raised(error), constructor, raised(constructor), of_constructor(constructor)):
        found = find_error(wrapped)
        assert (type(found), str(found)) == (type(error), str(error))


def call_users_code(folder: Path) -> RayTaskError:
    file = folder / "my_callbacks.py"
    file.write_text("def on_episode_end():\n    return {}['wind']\n")
    code: dict[str, object] = {}
    exec(compile(file.read_text(), str(file), "exec"), code)
    try:
        code["on_episode_end"]()  # type: ignore[operator]
    except Exception as caught:
        return RayTaskError("ray::play", "".join(traceback.format_exception(caught)), caught, "ray", 1, "127.0.0.1")
    raise AssertionError


def test_an_exception_of_the_users_code_is_told_by_its_line_and_keeps_the_users_lines(tmp_path: Path) -> None:
    wrapped = call_users_code(tmp_path)
    as_raised = wrapped.as_instanceof_cause()
    for error in (wrapped, as_raised, cloudpickle.loads(cloudpickle.dumps(as_raised))):  # Tune stores it pickled
        found = find_error(error)
        assert isinstance(found, UserCodeError)
        assert str(found) == f"{tmp_path}/my_callbacks.py:2: KeyError: 'wind'"
        assert f'File "{tmp_path}/my_callbacks.py", line 2, in on_episode_end' in found.trace
        assert "spacetime_rl" not in found.trace


def test_a_process_that_is_gone_is_no_error_of_its_own() -> None:
    assert find_error(ActorDiedError()) is None


def test_memory_that_ran_out_is_told_with_what_helps() -> None:
    for error in (OutOfMemoryError("killed"), raised(MemoryError("")), MemoryError()):
        assert "memory ran out" in str(find_error(error))


@pytest.mark.parametrize(
    ("error", "passes"), [(ImportFailed("x"), False), (GodotNotFound("x"), False), (UsageError("x"), False)]
)
def test_an_error_that_cannot_pass_is_known_by_its_class(error: SpacetimeError, passes: bool) -> None:
    assert error.can_pass is passes
    assert describe(error) is error


def test_a_runner_that_is_lost_is_noticed_and_memory_that_ran_out_is_named() -> None:
    notices = Notices()
    logger = logging.getLogger("ray.rllib.utils.actor_manager")
    handler = LostRunners(notices)
    logger.error("Ray error (The actor died unexpectedly.\n\tpid: 7), taking actor 2 out of service.")
    logger.error("Ray error (the node was running low on memory), taking actor 1 out of service.")
    logger.removeHandler(handler)
    first, second = (notice.line for notice in notices)
    assert first == "an env runner was lost and is started again"
    assert second.startswith(f"{first}: memory ran out, and Ray or the kernel ended a process for it: use fewer")
