"""The requests of the HTTP API and the meaning of its answers, without a connection."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from spacetime_rl.errors import GameApiError
from spacetime_rl.game.http_api import TOKEN_VARIABLE

Json = dict[str, Any]
Action = Sequence[float] | Mapping[str, float | Sequence[float]]

_OK = 200
_NO_TOKEN = 401
_QUOTED = 300  # characters of an answer that is not ours


class SceneError(GameApiError):
    """A scene was not loaded: not in the whitelist, not in the project, broken, or not within the time."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: what is asked of the game, and the beginning of the message where it is refused."""

    method: str
    path: str
    body: Json | None = None
    failure: str = "the game refused the request"
    error: type[GameApiError] = GameApiError

    def request(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """The request for this client."""
        if self.body is None:
            return client.build_request(self.method, self.path)
        try:
            text = json.dumps(self.body, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise self.error(f"{self.failure}: {self.method} {self.path}: not sent: {error}") from None
        return client.build_request(
            self.method, self.path, content=text.encode(), headers={"Content-Type": "application/json"}
        )

    def read(self, response: httpx.Response) -> Json:
        """The answer. Raises GameApiError, with the game's own words, for a refusal."""
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if response.status_code == _OK and isinstance(answer, dict):
            return answer
        given = answer.get("error") if isinstance(answer, dict) else None
        if given and response.status_code == _NO_TOKEN:
            given += f"; set ${TOKEN_VARIABLE}, or pass `token`"
        what = given or f"{response.url}: no answer of a game: {response.text[:_QUOTED]!r}"
        raise self.error(f"{self.failure}: {what}", status=response.status_code)


HEALTH = Call("GET", "/health")
STATUS = Call("GET", "/status")
SCENE = Call("GET", "/scene")
METRICS = Call("GET", "/performance/metrics")
OBSERVATION = Call("GET", "/rl/observation")
STATE = Call("GET", "/rl/state")


def load(scene_path: str, attach: int | None) -> Call:
    """Run another scene."""
    return Call("POST", "/scene", {"scene_path": scene_path, **_attach(attach)}, _failed(scene_path), SceneError)


def begin_anew(attach: int | None) -> Call:
    """Run the same scene anew."""
    return Call("POST", "/scene/reload", _attach(attach), "Failed to reload the scene", SceneError)


def act(action: Action, agent: str | None) -> Call:
    """What an agent does from now on."""
    given = _plain(action)
    return Call("POST", "/rl/action", {"action": given} if agent is None else {"action": given, "agent": agent})


def act_all(actions: Mapping[str, Action]) -> Call:
    """What several agents do from now on."""
    return Call("POST", "/rl/action", {"actions": {name: _plain(action) for name, action in actions.items()}})


def new_episodes(seed: int | None, episode: int | None) -> Call:
    """Begin new episodes."""
    given = {"seed": seed, "episode": episode}
    return Call("POST", "/rl/reset", {name: value for name, value in given.items() if value is not None})


def is_loaded(scene: Json, asked: Json) -> bool:
    """Whether `GET /scene` shows that the scene runs for which `asked` was the answer."""
    return bool(scene["status"] == "loaded" and scene["loads"] > asked["loads"])


def not_loaded(scene_path: str, timeout_s: float) -> SceneError:
    """A scene takes too long."""
    return SceneError(
        f"{_failed(scene_path)}: it did not run within {timeout_s:g} s; a game in training loads it after its next "
        "decision"
    )


def _attach(port: int | None) -> Json:
    return {} if port is None else {"attach": port}


def _failed(scene_path: str) -> str:
    return f"Failed to load scene {scene_path}"


def _plain(action: Action) -> Any:
    """Lists and floats in place of arrays and their numbers."""
    if isinstance(action, Mapping):
        return {name: _plain(value) if isinstance(value, Sequence) else float(value) for name, value in action.items()}
    return [float(value) for value in action]
