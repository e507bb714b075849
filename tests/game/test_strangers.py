"""Somebody else on the game's port: nobody can take the game's place, and nobody can keep it from coming."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias

import pytest
from support.ports import free_port

from spacetime_rl.errors import LaunchError
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch, listen

Fake: TypeAlias = Callable[..., GameLaunch]


def test_strangers_on_the_port_are_turned_away_and_the_game_gets_through(fake: Fake) -> None:
    port = free_port()
    speeches = [
        b"",  # it says nothing
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack("<I", 3) + b"{}}",
        _message({"type": "env_info", "wire": "spacetime/1", "token": "guessed", "spec": {}}),
        _message({"type": "env_info", "n_agents": 1, "action_space": {}, "observation_space": {}}),  # as a stock game
        _message({"type": "env_info", "wire": "spacetime/1", "token": "g\u00e9ssed"}),
        _message({"type": "error", "message": "give up"}),
        struct.pack("<I", 100_000) + b"[" * 100_000,
    ]
    with _strangers(port, speeches) as heard:
        launch = fake("connects_late", port_range=(port, port))
        with open_game(launch) as game:
            assert game.spec.scenario == "fake"
        assert len(heard) == len(speeches)


def test_a_taken_port_of_the_range_is_passed_over(fake: Fake) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with listen(fake(port_range=(port, port + 20))) as listener:
            assert port < listener.getsockname()[1] <= port + 20
        with pytest.raises(LaunchError, match=f"no port from {port} to {port} is free; widen port_range"):
            open_game(fake(port_range=(port, port)))


@contextmanager
def _strangers(port: int, speeches: list[bytes]) -> Iterator[list[bytes]]:
    """Callers that connect before the game does, each saying one thing; yields what they were greeted with."""
    greetings: list[bytes] = []
    done = threading.Event()

    def call(speech: bytes) -> None:
        connection = _connect(port, done)
        with connection:
            greetings.append(connection.recv(64))
            with suppress(ConnectionError):  # the door may close in mid-sentence
                connection.sendall(speech)
            done.wait(20)

    threads = [threading.Thread(target=call, args=(speech,)) for speech in speeches]
    for thread in threads:
        thread.start()
    try:
        yield greetings
    finally:
        done.set()
        for thread in threads:
            thread.join()


def _connect(port: int, done: threading.Event) -> socket.socket:
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            if done.wait(0.01):
                raise


def _message(content: dict[str, object]) -> bytes:
    text = json.dumps(content).encode()
    return struct.pack("<I", len(text)) + text
