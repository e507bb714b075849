"""Clients of a game that listens (`--listen`), for asyncio and for programs that wait: both step it in lines of JSON.

The protocol is docs/tcp.md.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import math
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import GameTcpError

PROTOCOL = "spacetime-tcp/1"
DEFAULT_PORT = 11009

_LONGEST_LINE = 1 << 28  # an answer with images of many agents
_POLL_S = 0.05

Action = float | Sequence[float] | NDArray[Any] | Mapping[str, float | Sequence[float]]
_Answer = dict[str, Any]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class AgentState:
    """What one agent sees, and what came of its last action.

    `observation` is float32 [n], zeros for an agent that does not act (`active`). Images are uint8 [height, width,
    channels] by name. In the step that ends an agent's episode, `observation` is the first one of its next episode, and
    `final_observation`, `final_images` and `metrics` are those of the old one.
    """

    observation: NDArray[np.float32]
    reward: float
    terminated: bool
    truncated: bool
    active: bool
    images: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    final_observation: NDArray[np.float32] | None = None
    final_images: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)


States = dict[str, AgentState]


class AsyncGameClient:
    """Steps one game. Made by `connect`; a context manager that closes the connection, and lets the game wait again.

    All methods raise GameTcpError: where the game refuses a request (its `code` says why, and the connection stays),
    where it does not answer within `timeout_s` seconds, and where the connection is lost. One request is under way at a
    time; others wait for their turn.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeout_s: float) -> None:
        self.spec: dict[str, Any] = {}  # what the game declares: docs/wire.md, `spec`
        self.timeout_s = timeout_s
        self._reader, self._writer = reader, writer
        self._turn = asyncio.Lock()
        self._requests = 0
        self._is_open = True

    @classmethod
    async def connect(
        cls,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        *,
        token: str | None = None,
        wait_s: float = 0.0,
        timeout_s: float = 30.0,
    ) -> Self:
        """Connect to a game that listens, and say hello. It may take `wait_s` seconds to begin to listen."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while True:
            try:
                opening = asyncio.open_connection(host, port, limit=_LONGEST_LINE)
                reader, writer = await asyncio.wait_for(opening, timeout_s)
                break
            except (OSError, TimeoutError) as error:
                if loop.time() >= deadline:
                    why = f"({error or 'no answer'}); start one with `-- --listen={port}`"
                    raise GameTcpError(f"no game listens on {host}:{port} {why}") from error
                await asyncio.sleep(_POLL_S)
        client = cls(reader, writer, timeout_s)
        try:
            hello = {"protocol": PROTOCOL} | ({} if token is None else {"token": token})
            client.spec = (await client.request("hello", **hello))["spec"]
        except BaseException:
            client._cut()
            raise
        return client

    @property
    def agents(self) -> list[str]:
        """The names of all agents, in the order in which the game has them."""
        arenas = self.spec["arenas"]
        return [
            name if arenas == 1 else f"a{arena}/{name}"
            for group in self.spec["groups"]
            for arena in range(arenas)
            for name in group["agents"]
        ]

    async def reset(self, seed: int | None = None, episode: int | None = None) -> States:
        """Begin new episodes: with a seed the one with that number (default 0), else the next ones."""
        given = {"seed": seed, "episode": episode}
        return self._states(await self.request("reset", **{k: v for k, v in given.items() if v is not None}))

    async def step(self, actions: Mapping[str, Action]) -> States:
        """Let every active agent act: a list of its numbers, one number, or a dict by the names of its actions."""
        plain = {agent: _plain(action) for agent, action in actions.items()}
        return self._states(await self.request("step", actions=plain))

    async def configure(self, params: Mapping[str, Any]) -> None:
        """Change the scenario's parameters, from the next episode on."""
        await self.request("configure", params=dict(params))

    async def ping(self) -> None:
        """Ask for a sign of life."""
        await self.request("ping")

    async def quit(self) -> None:
        """End the game."""
        await self.request("quit")
        self._cut()

    async def close(self) -> None:
        """Close the connection; the game waits for another client."""
        if self._is_open:
            with contextlib.suppress(GameTcpError):  # it has gone already
                await self.request("close")
            self._cut()

    async def request(self, kind: str, **content: Any) -> _Answer:
        """Send one request as it is, and return the game's answer."""
        async with self._turn:
            if not self._is_open:
                raise GameTcpError(f"{kind}: the connection is closed; connect again")
            self._requests += 1
            message = {"type": kind, "id": self._requests, **content}
            try:
                text = json.dumps(message, allow_nan=False)  # raises for a NaN, which the game would not read
            except (TypeError, ValueError) as error:
                raise GameTcpError(f"{kind}: not sent: {error}") from error
            try:
                return await asyncio.wait_for(self._exchange(kind, text), self.timeout_s)
            except TimeoutError:
                self._cut()
                raise GameTcpError(f"{kind}: the game did not answer within {self.timeout_s:g} s") from None
            except (OSError, EOFError, ValueError) as error:
                self._cut()
                raise GameTcpError(f"{kind}: the connection is lost: {error or 'the game closed it'}") from error
            except asyncio.CancelledError:  # its answer would be taken for the next request's
                self._cut()
                raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def _exchange(self, kind: str, text: str) -> _Answer:
        self._writer.write(text.encode() + b"\n")
        await self._writer.drain()
        line = await self._reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        answer = json.loads(line)
        if not isinstance(answer, dict):
            raise ValueError(f"an answer that is no object: {line[:80]!r}")
        if answer.get("type") == "error":
            raise GameTcpError(f"{kind}: the game refuses: {answer.get('message')}", code=str(answer.get("code")))
        return answer

    def _states(self, answer: _Answer) -> States:
        shapes = {
            image["name"]: image["shape"]
            for group in self.spec["groups"]
            for image in group["layout"].get("images", [])
        }
        return {name: _read_state(values, shapes) for name, values in answer["agents"].items()}

    def _cut(self) -> None:
        self._is_open = False
        self._writer.close()


class SyncGameClient:
    """An AsyncGameClient for programs without asyncio: every method waits. Made by `connect`; a context manager."""

    def __init__(self, client: AsyncGameClient, runner: asyncio.Runner) -> None:
        self._client, self._runner = client, runner

    @classmethod
    def connect(
        cls,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        *,
        token: str | None = None,
        wait_s: float = 0.0,
        timeout_s: float = 30.0,
    ) -> Self:
        """Connect to a game that listens, as `AsyncGameClient.connect` does."""
        runner = asyncio.Runner()
        try:
            opening = AsyncGameClient.connect(host, port, token=token, wait_s=wait_s, timeout_s=timeout_s)
            return cls(runner.run(opening), runner)
        except BaseException:
            runner.close()
            raise

    @property
    def spec(self) -> dict[str, Any]:
        """What the game declares: docs/wire.md, `spec`."""
        return self._client.spec

    @property
    def agents(self) -> list[str]:
        """The names of all agents, in the order in which the game has them."""
        return self._client.agents

    def reset(self, seed: int | None = None, episode: int | None = None) -> States:
        """Begin new episodes: with a seed the one with that number (default 0), else the next ones."""
        return self._run(self._client.reset(seed, episode))

    def step(self, actions: Mapping[str, Action]) -> States:
        """Let every active agent act: a list of its numbers, one number, or a dict by the names of its actions."""
        return self._run(self._client.step(actions))

    def configure(self, params: Mapping[str, Any]) -> None:
        """Change the scenario's parameters, from the next episode on."""
        self._run(self._client.configure(params))

    def ping(self) -> None:
        """Ask for a sign of life."""
        self._run(self._client.ping())

    def quit(self) -> None:
        """End the game."""
        self._run(self._client.quit())

    def close(self) -> None:
        """Close the connection; the game waits for another client."""
        self._run(self._client.close())
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _run(self, call: Coroutine[Any, Any, _T]) -> _T:
        return self._runner.run(call)


def _plain(action: Any) -> Any:
    if isinstance(action, Mapping):
        return {str(name): _plain(value) for name, value in action.items()}
    if isinstance(action, np.ndarray | np.generic):
        return action.tolist()
    return action


def _read_state(values: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> AgentState:
    final = values.get("final_observation")
    return AgentState(
        observation=np.asarray(values["observation"], np.float32),
        reward=float(values["reward"]),
        terminated=bool(values["terminated"]),
        truncated=bool(values["truncated"]),
        active=bool(values["active"]),
        images=_pictures(values.get("images", {}), shapes),
        final_observation=None if final is None else np.asarray(final, np.float32),
        final_images=_pictures(values.get("final_images", {}), shapes),
        metrics={
            name: math.nan if value is None else float(value) for name, value in values.get("metrics", {}).items()
        },
    )


def _pictures(coded: Mapping[str, str], shapes: Mapping[str, Sequence[int]]) -> dict[str, NDArray[np.uint8]]:
    return {name: np.frombuffer(base64.b64decode(text), np.uint8).reshape(shapes[name]) for name, text in coded.items()}
