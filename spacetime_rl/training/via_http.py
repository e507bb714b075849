"""Train a game that runs already: it gets by HTTP which scene to run, and on which port the training waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from spacetime_rl.config import RunConfig
from spacetime_rl.console.progress import Progress
from spacetime_rl.errors import GameApiError
from spacetime_rl.game.project import find_scenario

if TYPE_CHECKING:
    from spacetime_rl.client import GameApi

_CONFLICT = 409  # the training's connection has not ended yet
_RELEASE_S = 5.0
_POLL_S = 0.05


@contextmanager
def trained_via_http(config: RunConfig, port: int, progress: Progress) -> Iterator[None]:
    """With `game.via_http`: check the game, load the scene, and let it look for a training on `port`, in the block.

    After it, the game plays by itself again. Raises GameApiError without a game, and SceneError for a scene that it
    does not load.
    """
    url = config.game.via_http
    if url is None:
        yield
        return
    from spacetime_rl.client import GameApi  # few runs need it, and it takes a part of a second

    with GameApi(url) as api:
        status = api.get_status()
        scene = _scene_of(config)
        loaded = api.reload_scene(attach=port) if scene is None else api.load_scene(scene, attach=port)
        metrics = api.get_performance_metrics()
        progress.mention(
            f"{url}: {status['game']} (Godot {status['engine']}) runs {loaded['scene_path']}, "
            f"{metrics['engine']['fps']:.0f} frames/s, {metrics['memory']['static_memory_usage'] / 2**20:.0f} MB"
        )
        try:
            yield
        finally:
            _release(api)


def _scene_of(config: RunConfig) -> str | None:
    """The scene to load; None for the one that runs."""
    if config.game.scene is not None or config.scenario.name is None:
        return config.game.scene
    return find_scenario(config.scenario.name).scene


def _release(api: GameApi) -> None:
    """Let the game play by itself, if it still runs."""
    end = time.monotonic() + _RELEASE_S
    while time.monotonic() < end:
        try:
            api.reload_scene(wait=False, attach=0)
        except GameApiError as error:
            if error.status != _CONFLICT:
                return
            time.sleep(_POLL_S)
        else:
            return
