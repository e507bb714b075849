"""Clients of a game's HTTP API, one that waits and one for asyncio; both have the same methods."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from spacetime_rl.client.calls import (
    HEALTH,
    METRICS,
    OBSERVATION,
    SCENE,
    STATE,
    STATUS,
    Action,
    Call,
    Json,
    act,
    act_all,
    begin_anew,
    is_loaded,
    load,
    new_episodes,
    not_loaded,
)
from spacetime_rl.errors import GameApiError
from spacetime_rl.formats.http_header import fits_header
from spacetime_rl.game.http_api import TOKEN_VARIABLE

DEFAULT_URL = "http://127.0.0.1:8080"

_TIMEOUT_S = 5.0
_LOAD_S = 30.0
_POLL_S = 0.02


class GameApi:
    """A game's HTTP API.

    `token` is what the game printed at its start, by default `$SPACETIME_HTTP_TOKEN`; requests that only read need
    none. `timeout_s` limits one request. Every method raises GameApiError where the game does not answer or refuses; so
    does the constructor for a token that cannot be sent.
    """

    def __init__(self, url: str = DEFAULT_URL, token: str | None = None, timeout_s: float = _TIMEOUT_S) -> None:
        self.url = url
        self._client = httpx.Client(**_options(url, token, timeout_s))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def health_check(self) -> bool:
        """Whether a game answers."""
        try:
            self._call(HEALTH)
        except GameApiError:
            return False
        return True

    def wait_until_healthy(self, timeout_s: float = _LOAD_S) -> None:
        """Wait for a game that is about to start. Raises GameApiError after `timeout_s` seconds."""
        end = time.monotonic() + timeout_s
        while not self.health_check():
            if time.monotonic() > end:
                self._call(HEALTH)
            time.sleep(_POLL_S)

    def get_status(self) -> Json:
        """The game, its engine, its scene, and whether a training plays it."""
        return self._call(STATUS)

    def load_scene(
        self, scene_path: str, wait: bool = True, timeout_s: float = _LOAD_S, attach: int | None = None
    ) -> Json:
        """Run a scene of the whitelist (`res://…`). Returns the state of the scene, with `wait` once it runs.

        With `attach`, the scene and those after it look for a training on this port of this machine; 0: no longer.
        Raises SceneError where it cannot be loaded, or does not run within `timeout_s` seconds.
        """
        asked = self._call(load(scene_path, attach))
        return self._wait_for(asked, timeout_s) if wait else asked

    def reload_scene(self, wait: bool = True, timeout_s: float = _LOAD_S, attach: int | None = None) -> Json:
        """Run the same scene anew. A game in training does so after its next decision; do not wait for it between two.

        Returns and raises what `load_scene` does.
        """
        asked = self._call(begin_anew(attach))
        return self._wait_for(asked, timeout_s) if wait else asked

    def get_scene_state(self) -> Json:
        """`scene_path`, `scene_name`, `status` (`loaded` or `loading`), and `loads`, counted since the start."""
        return self._call(SCENE)

    def get_performance_metrics(self) -> Json:
        """What the engine measures: `engine` (`fps`, …), `memory` (`static_memory_usage` in bytes, …), and more."""
        return self._call(METRICS)

    def get_observation(self) -> Json:
        """What the first agent sees, and under `agents` what each of them does."""
        return self._call(OBSERVATION)

    def get_state(self) -> Json:
        """`done`, and `info` with the agents' episodes."""
        return self._call(STATE)

    def send_action(self, action: Action, agent: str | None = None) -> Json:
        """Let an agent act by these numbers until others come. `agent` may be left out where there is one."""
        return self._call(act(action, agent))

    def send_actions(self, actions: Mapping[str, Action]) -> Json:
        """Let several agents act, by their names."""
        return self._call(act_all(actions))

    def reset(self, seed: int | None = None, episode: int | None = None) -> Json:
        """Begin new episodes; with a seed or a number, those of this seed from this number on."""
        return self._call(new_episodes(seed, episode))

    def _call(self, call: Call) -> Json:
        try:
            response = self._client.send(call.request(self._client))
        except httpx.HTTPError as error:
            raise _unreachable(self.url, error) from error
        return call.read(response)

    def _wait_for(self, asked: Json, timeout_s: float) -> Json:
        end = time.monotonic() + timeout_s
        while not is_loaded(scene := self.get_scene_state(), asked):
            if time.monotonic() > end:
                raise not_loaded(asked["scene_path"], timeout_s)
            time.sleep(_POLL_S)
        return scene


class AsyncGameApi:
    """A game's HTTP API for asyncio; arguments, results and errors are those of GameApi."""

    def __init__(self, url: str = DEFAULT_URL, token: str | None = None, timeout_s: float = _TIMEOUT_S) -> None:
        self.url = url
        self._client = httpx.AsyncClient(**_options(url, token, timeout_s))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def health_check(self) -> bool:
        """Whether a game answers."""
        try:
            await self._call(HEALTH)
        except GameApiError:
            return False
        return True

    async def wait_until_healthy(self, timeout_s: float = _LOAD_S) -> None:
        """As `GameApi.wait_until_healthy`."""
        end = time.monotonic() + timeout_s
        while not await self.health_check():
            if time.monotonic() > end:
                await self._call(HEALTH)
            await asyncio.sleep(_POLL_S)

    async def get_status(self) -> Json:
        """As `GameApi.get_status`."""
        return await self._call(STATUS)

    async def load_scene(
        self, scene_path: str, wait: bool = True, timeout_s: float = _LOAD_S, attach: int | None = None
    ) -> Json:
        """As `GameApi.load_scene`."""
        asked = await self._call(load(scene_path, attach))
        return await self._wait_for(asked, timeout_s) if wait else asked

    async def reload_scene(self, wait: bool = True, timeout_s: float = _LOAD_S, attach: int | None = None) -> Json:
        """As `GameApi.reload_scene`."""
        asked = await self._call(begin_anew(attach))
        return await self._wait_for(asked, timeout_s) if wait else asked

    async def get_scene_state(self) -> Json:
        """As `GameApi.get_scene_state`."""
        return await self._call(SCENE)

    async def get_performance_metrics(self) -> Json:
        """As `GameApi.get_performance_metrics`."""
        return await self._call(METRICS)

    async def get_observation(self) -> Json:
        """As `GameApi.get_observation`."""
        return await self._call(OBSERVATION)

    async def get_state(self) -> Json:
        """As `GameApi.get_state`."""
        return await self._call(STATE)

    async def send_action(self, action: Action, agent: str | None = None) -> Json:
        """As `GameApi.send_action`."""
        return await self._call(act(action, agent))

    async def send_actions(self, actions: Mapping[str, Action]) -> Json:
        """As `GameApi.send_actions`."""
        return await self._call(act_all(actions))

    async def reset(self, seed: int | None = None, episode: int | None = None) -> Json:
        """As `GameApi.reset`."""
        return await self._call(new_episodes(seed, episode))

    async def _call(self, call: Call) -> Json:
        try:
            response = await self._client.send(call.request(self._client))
        except httpx.HTTPError as error:
            raise _unreachable(self.url, error) from error
        return call.read(response)

    async def _wait_for(self, asked: Json, timeout_s: float) -> Json:
        end = time.monotonic() + timeout_s
        while not is_loaded(scene := await self.get_scene_state(), asked):
            if time.monotonic() > end:
                raise not_loaded(asked["scene_path"], timeout_s)
            await asyncio.sleep(_POLL_S)
        return scene


def _options(url: str, token: str | None, timeout_s: float) -> dict[str, Any]:
    token = (os.environ.get(TOKEN_VARIABLE, "") if token is None else token).strip()
    if not fits_header(token):
        raise GameApiError(
            f"the token has characters that no header can hold: expected letters, digits and signs of ASCII, as the "
            f"game printed at its start; look at ${TOKEN_VARIABLE}, or at `token`"
        )
    # A proxy of the environment is not for a game on this machine.
    return {
        "base_url": url,
        "timeout": timeout_s,
        "trust_env": False,
        "headers": {"Authorization": f"Bearer {token}"} if token else {},
    }


def _unreachable(url: str, error: httpx.HTTPError) -> GameApiError:
    return GameApiError(
        f"Cannot connect to Godot HTTP API at {url}: {str(error) or type(error).__name__}; start the game with "
        "`-- --http_port=8080`, or with RLHttpServer as an autoload (docs/http-api.md)"
    )
