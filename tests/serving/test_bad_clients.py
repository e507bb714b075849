"""Clients that are broken or mean no good: the server goes on for the others, and says what is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from serving.test_policy_server import BAD, WALKER
from support.serving import Client, make_certificate, random_served, serving

from spacetime_rl.serving import server as servers
from spacetime_rl.serving.access import Access, make_tls

KNOWN = {"welcome", "action", "action_batch", "ack", "pong", "error"}


def make_frames(count: int, seed: int) -> list[str | bytes]:
    """Messages that are right, wrong, and damaged in all kinds of places."""
    rng = np.random.default_rng(seed)
    rows = {"agents": ["a"], "obs": [[0, 0, 0]], "actions": [[0, 0, 0]], "rewards": [0], "next_obs": [[0, 0, 0]]}
    right: list[dict[str, Any]] = [
        {"type": "hello", "protocol": 1, "game": "g", "policies": {"walker": WALKER}},
        {"type": "act", "obs": [0.5, 1, 2], "agent": "a", "begins": True},
        {"type": "act_batch", "obs": [[0.5, 1, 2], [1, 2, 3]], "agents": ["a", "b"], "begins": [True, False]},
        {"type": "transition_batch", **rows, "terminated": [True], "endings": [{"row": 0, "metrics": {"x": 1}}]},
        {"type": "transition_batch", "transitions": [{"agent": "a", "obs": [0, 0, 0], "done": True}]},
        {"type": "ping"},
    ]
    odd: list[Any] = [None, True, -1, 1e308, 10**30, "", "x" * 500, [], {}, [[]], [[[1]]], {"a": {"b": []}}, "\ud800"]
    bad = [frame for frames in BAD.values() for frame in frames if len(frame) < 10_000]
    frames: list[str | bytes] = []
    while len(frames) < count:
        message = json.loads(json.dumps(right[rng.integers(len(right))]))
        how = rng.integers(6)
        if how == 0:
            frames.append(bad[rng.integers(len(bad))])
        elif how == 1:  # a field of another kind
            message[list(message)[rng.integers(len(message))]] = odd[rng.integers(len(odd))]
            frames.append(json.dumps(message))
        elif how == 2:  # text with damaged characters
            damaged = list(json.dumps(message))
            for place in rng.integers(len(damaged), size=rng.integers(1, 4)):
                damaged[place] = chr(rng.integers(32, 127))
            frames.append("".join(damaged))
        elif how == 3:  # bytes of no meaning
            frames.append(rng.bytes(int(rng.integers(200))))
        elif how == 4:  # a binary frame whose text is damaged, or whose arrays are
            shape = rng.integers(-1, 5, size=rng.integers(4)).tolist()
            text = json.dumps({"type": "act_batch", "arrays": [{"name": "obs", "shape": shape}]}).encode()
            numbers = rng.standard_normal(rng.integers(16)).astype("<f4")
            numbers[rng.random(len(numbers)) < 0.1] = np.nan
            frames.append(struct.pack("<I", len(text)) + text + numbers.tobytes())
        else:
            frames.append(json.dumps(message))
    return frames


async def fuzz(at: Access, frames: list[str | bytes]) -> dict[str, int]:
    """Send all frames; every one must have an answer of a known type. Returns how many of each there were."""
    counts: dict[str, int] = {}
    async with Client(at) as client:
        await client.ask("hello", policies={"walker": WALKER})

        async def read() -> None:
            for frame in frames:
                kind = (await client.receive())["type"]
                assert kind in KNOWN, frame
                counts[kind] = counts.get(kind, 0) + 1

        reading = asyncio.create_task(read())
        for frame in frames:
            await client.send(frame)
        await reading
    return counts


@pytest.mark.parametrize("number", [2_000, pytest.param(100_000, marks=pytest.mark.slow)])  # 100,000: a minute
def test_any_message_is_answered(number: int) -> None:
    with serving(random_served()) as at:
        counts = asyncio.run(fuzz(at, make_frames(number, seed=number)))
        answers = asyncio.run(ask_once(at))
    assert sum(counts.values()) == number
    assert counts["error"] > number / 3
    assert min(counts.get(kind, 0) for kind in KNOWN) > 0
    assert answers["type"] == "action"


async def ask_once(at: Access) -> dict[str, Any]:
    async with Client(at) as client:
        await client.ask("hello", policies={"walker": WALKER})
        return await client.ask("act", obs=[0, 0, 0])


def test_two_hundred_games_at_once() -> None:
    async def play(at: Access) -> list[str]:
        async with AsyncExitStack() as stack:
            games = [await stack.enter_async_context(Client(at)) for _ in range(200)]

            async def game(client: Client) -> str:
                await client.ask("hello", policies={"walker": WALKER})
                return str((await client.ask("act_batch", obs=[[0, 0, 0]] * 4))["type"])

            return await asyncio.gather(*map(game, games))

    with serving(random_served()) as at:
        assert asyncio.run(play(at)) == ["action_batch"] * 200


def test_who_does_not_read_is_disconnected_and_others_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "SEND_S", 0.5)

    async def flood(at: Access) -> None:
        async with Client(at) as deaf:
            await deaf.ask("hello", policies={"walker": WALKER})
            transport = deaf.socket._response.connection.transport  # type: ignore[union-attr]
            transport.pause_reading()  # type: ignore[union-attr]
            frame = json.dumps({"type": "act_batch", "obs": [[0, 0, 0]] * 4000})
            async with asyncio.timeout(60):
                with contextlib.suppress(ConnectionError):
                    while True:
                        await deaf.send(frame)
                        assert (await ask_once(at))["type"] == "action"
            assert deaf.socket.closed or transport.is_closing()  # type: ignore[union-attr]

    with serving(random_served()) as at:
        asyncio.run(flood(at))


def test_games_that_vanish_in_the_middle_leave_nothing_behind() -> None:
    class Notes:
        left = 0

        def take(self, guest: str, transitions: object) -> None: ...

        def leave(self, guest: str) -> None:
            self.left += 1

    notes = Notes()
    with serving(random_served(), learner=notes) as at:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", at.port)) as raw:
                key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{at.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                raw.sendall(f"{head}{key}\r\n".encode())
                assert raw.recv(4096).startswith(b"HTTP/1.1 101")
                raw.sendall(b"\x81\xfe\x01\x00abc")  # the beginning of a frame
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, not closed

        async def until_gone() -> int:
            async with aiohttp.ClientSession() as session, asyncio.timeout(20):
                while True:
                    async with session.get(f"http://127.0.0.1:{at.port}/health") as health:
                        games = int((await health.json())["games"])
                    if not games:
                        return games
                    await asyncio.sleep(0.02)

        assert asyncio.run(until_gone()) == 0
    assert notes.left == 20


def test_what_is_no_http_is_refused() -> None:
    with serving(random_served()) as at:
        for words in (
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"hello\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"\x00" * 64 + b"\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", at.port)) as raw:
                raw.sendall(words)
                raw.shutdown(socket.SHUT_WR)
                raw.settimeout(20)
                answer = raw.recv(4096)
                assert not answer or b" 400 " in answer or b" 505 " in answer, answer
        assert asyncio.run(ask_once(at))["type"] == "action"


def test_connections_are_encrypted_with_a_certificate(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path)

    async def visit(at: Access) -> str:
        trusting = ssl.create_default_context(cafile=str(cert))
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"wss://127.0.0.1:{at.port}", ssl=trusting) as socket_,
        ):
            await socket_.send_str('{"type": "ping"}')
            return str((await socket_.receive_json())["type"])

    with serving(random_served(), Access("127.0.0.1", 0, tls=make_tls(cert, key))) as at:
        assert at.url.startswith("wss://")
        assert asyncio.run(visit(at)) == "pong"
