"""What clients send that no client should: the server refuses it, goes on, and a training is not disturbed."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import numpy as np
import psutil
import pytest
from support.http_game import TAG, TOKEN, HttpGame, http_game
from support.ports import free_port

from spacetime_rl.client import GameApi
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch

DEADLINE_S = 120.0
AGAIN_S = 2.0  # a client that has no answer by then connects again
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
AUTHORIZED = f"Authorization: Bearer {TOKEN}\r\n"


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpGame]:
    with http_game(log_dir=tmp_path_factory.mktemp("bad")) as running:
        yield running


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)


def request(body: bytes, path: str = "/rl/reset", head: str = AUTHORIZED) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def statuses_in(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", received)]


def answers(port: int, sent: bytes) -> list[int]:
    """The statuses of all answers to these bytes, up to the end of the connection that the client then wants."""
    with closing(connect(port)) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        received = b""
        while more := client.recv(65536):
            received += more
    return statuses_in(received)


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (b"GARBAGE\r\n\r\n", [400]),
        (b"GET /health HTTP/1.1\r\n\r\n", [400]),
        (b"GET /health HTTP/2.0\r\nHost: localhost\r\n\r\n", [505]),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\n: nameless\r\n\r\n", [400]),
        (b"GET /health HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n", [400]),
        (b"GET /h\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        (b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 9000 + b"\r\n\r\n", [431]),
        (b"x" * 9000, [431]),
        (b"POST /scene HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [501]),
        (b"POST /scene HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", [400]),
        (b"POST /scene HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70000\r\n\r\n", [413]),
        (b"POST /scene HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n", [413]),
        (request(b"{"), [400]),
        (request(b"[1]"), [400]),
        (request(b'{"seed": NaN}'), [400]),
        (request(b'{"seed": 1e999}'), [400]),
        (request(b'{"seed": "\\u0000"}'), [400]),
        (request(b'{"seed": "\xff\xfe"}'), [400]),
        (request(b'{"seed": "\xed\xa0\x80"}'), [400]),
        (request(b'{"a": "\\ud800"}'), [400]),
        (request(b"[" * 60000), [400]),
        (request(b'{"a":' * 10000), [400]),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 10, [200] * 10),
        (b"HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n", [405]),
        (b"OPTIONS /scene HTTP/1.1\r\nHost: localhost\r\nOrigin: http://a.example\r\n\r\n", [405]),
    ],
    ids=lambda value: repr(value)[:50] if isinstance(value, bytes) else None,
)
def test_a_request_that_is_none_is_refused(sent: bytes, statuses: list[int], game: HttpGame) -> None:
    assert answers(game.port, sent) == statuses


def test_requests_that_are_sent_ahead_are_answered_in_order(game: HttpGame) -> None:
    ahead = b"".join(f"GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for path in ("health", "none") * 50)
    with closing(connect(game.port)) as client:
        client.sendall(ahead)
        received = b""
        while len(statuses_in(received)) < 100:
            received += client.recv(65536)
    assert statuses_in(received) == [200, 404] * 50


def test_a_web_page_may_not_read_the_answer(game: HttpGame) -> None:
    with closing(connect(game.port)) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nOrigin: http://a.example\r\n\r\n")
        assert b"access-control" not in client.recv(65536).lower()


def test_clients_that_leave_that_are_slow_and_that_never_read_hold_up_nobody(game: HttpGame) -> None:
    with closing(connect(game.port)) as slow, closing(connect(game.port)) as deaf, game.api() as api:
        for _ in range(20):  # leaves in the middle of a request
            with closing(connect(game.port)) as leaver:
                leaver.sendall(request(b'{"seed": 1}')[:-3])
        whole = request(b'{"seed": 1}')
        slow.sendall(whole[:20])
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        sent = 0
        ask = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100
        try:
            while sent < 1 << 24:  # the server stops reading where it cannot write
                sent += deaf.send(ask)
        except BlockingIOError:
            pass
        assert sent < 1 << 24
        assert api.health_check()
        slow.sendall(whole[20:])
        assert b" 200 OK" in slow.recv(65536)


def test_200_clients_at_once_are_answered_and_300_are_too_many(game: HttpGame) -> None:
    async def status() -> tuple[bytes, asyncio.StreamWriter]:
        # The system keeps eight connections that were not accepted yet, and drops more without a word.
        while True:
            writer = None
            try:
                async with asyncio.timeout(AGAIN_S):
                    reader, writer = await asyncio.open_connection("127.0.0.1", game.port)
                    writer.write(HEALTH)
                    return (await reader.read(65536))[9:12], writer
            except (ConnectionError, TimeoutError):
                if writer is not None:
                    writer.close()

    async def ask_all(clients: int) -> list[bytes]:
        # All of them stay connected until the last one has its answer.
        async with asyncio.timeout(DEADLINE_S):
            met = await asyncio.gather(*(status() for _ in range(clients)))
        for _, writer in met:
            writer.close()
        return [code for code, _ in met]

    assert asyncio.run(ask_all(200)) == [b"200"] * 200
    assert open_descriptors(game) < 100
    assert set(asyncio.run(ask_all(300))) == {b"200", b"503"}
    assert open_descriptors(game) < 100
    with game.api() as api:
        assert api.health_check()


def test_one_client_too_many_is_told_so_and_the_answer_is_not_lost(game: HttpGame) -> None:
    with ExitStack() as connected:
        codes = []
        for _ in range(300):
            client = connected.enter_context(closing(connect(game.port)))
            client.sendall(HEALTH)
            codes.append(client.recv(65536)[9:12])
            if codes[-1] == b"503":
                client.sendall(HEALTH)  # it has not read the answer yet, and sends on
                assert client.recv(65536) == b""
                break
    assert codes == [b"200"] * (len(codes) - 1) + [b"503"]
    assert open_descriptors(game) < 100


def open_descriptors(game: HttpGame) -> int:
    end = time.monotonic() + DEADLINE_S
    while (count := psutil.Process(game.process.pid).num_fds()) >= 100 and time.monotonic() < end:
        time.sleep(0.01)
    return count


def test_where_the_port_is_in_use_a_game_takes_the_next(game: HttpGame) -> None:
    with http_game(port=game.port) as other, game.api() as api:
        assert game.port < other.port < game.port + 64
        assert api.get_status()["pid"] == game.process.pid


def fuzzed(rng: random.Random) -> bytes:
    """A request that is right in most of its parts."""
    paths = ["/scene", "/rl/action", "/rl/reset", "/scene/reload", "/health", "/rl/state", "/", "/rl"]
    values: list[Any] = [
        TAG,
        "walker_0",
        [0, 0],
        [1e999],
        {"move": [0, 0]},
        None,
        True,
        -1,
        0.5,
        "é",
        [[]],
        {},
        2**40,
        "\x00",
    ]
    names = ["scene_path", "action", "agent", "actions", "seed", "episode", "", "x" * 50]
    body = json.dumps({rng.choice(names): rng.choice(values) for _ in range(rng.randint(0, 3))}).encode()
    # A reload that is accepted would be none of the mistakes, and nor would the scene that runs.
    path = rng.choice(paths)
    token = "wrong" if path == "/scene/reload" else TOKEN
    head = f"Authorization: Bearer {token}\r\n" if rng.random() < 0.8 else ""
    sent = bytearray(request(body, path, head))
    for _ in range(rng.choice([0, 0, 1, 3])):
        at = rng.randrange(len(sent))
        sent[at : at + rng.randint(0, 3)] = os.urandom(rng.randint(0, 4)) if rng.random() < 0.5 else b"\r\n"
    return bytes(sent[: rng.randint(1, len(sent))] if rng.random() < 0.1 else sent)


def fuzz(touch: Callable[..., GameLaunch], monkeypatch: pytest.MonkeyPatch, messages: int, seed: int) -> list[int]:
    """The statuses of answers to so many messages to a game that is trained, in which any error would end it."""
    monkeypatch.setenv("SPACETIME_HTTP_TOKEN", TOKEN)
    port, rng, statuses = free_port(), random.Random(seed), list[int]()
    launch = touch(extra_args=(f"--http_port={port}",))
    with open_game(launch) as game, open_game(touch()) as plain:
        for one in (game, plain):
            one.reset(3, 0)
        for number in range(messages):
            statuses += answers(port, fuzzed(rng))
            if number % 1000 == 0:
                idle = [np.zeros((game.spec.group_size(i), g.layout.action_size), np.float32)
                        for i, g in enumerate(game.spec.groups)]  # fmt: skip
                states = [one.step(idle) for one in (game, plain)]
                for a, b in zip(*(state.observations for state in states), strict=True):
                    assert np.array_equal(a, b)
        with GameApi(f"http://127.0.0.1:{port}", TOKEN) as api:
            assert api.health_check()
            assert api.get_scene_state()["loads"] == 0
    return statuses


def test_a_training_is_not_disturbed_by_what_is_wrong(
    touch: Callable[..., GameLaunch], monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = fuzz(touch, monkeypatch, 400, seed=1)

    assert len(statuses) > 200
    assert {400, 401, 404, 409} <= set(statuses) <= {200, 400, 401, 403, 404, 405, 409, 413, 431, 501, 505}


@pytest.mark.slow  # 100,000 connections take minutes
def test_100_000_messages_neither_end_nor_hang_a_training(
    touch: Callable[..., GameLaunch], monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = fuzz(touch, monkeypatch, 100_000, seed=2)

    assert len(statuses) > 50_000
