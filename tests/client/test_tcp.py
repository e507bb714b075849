"""A game that listens: it is stepped in lines of JSON, and survives clients of every kind."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from support.ports import free_port

from spacetime_rl.client import AsyncGameClient, GameTcpError, SyncGameClient
from spacetime_rl.envs.single import gym_env
from spacetime_rl.envs.tcp import tcp_env
from spacetime_rl.errors import UsageError
from spacetime_rl.game.client import open_game
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.process import GameProcess
from spacetime_rl.game.project import OWN_PROJECT, find_scenario, import_project

TOUCH = "res://tests/fixtures/touch/touch.tscn"
HELLO = {"type": "hello", "protocol": "spacetime-tcp/1"}
WAIT_S = 60.0


@dataclass
class Listening:
    port: int
    process: GameProcess

    def connect(self, **options: Any) -> SyncGameClient:
        return SyncGameClient.connect(port=self.port, wait_s=WAIT_S, timeout_s=WAIT_S, **options)

    def socket(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S)


Start = Callable[..., Listening]


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Start]:
    """Start a game that waits for clients."""
    started: list[Listening] = []

    def start(*words: str, scene: str = TOUCH) -> Listening:
        port = free_port()
        copy = import_project(OWN_PROJECT, find_godot())
        engine = [
            str(find_godot().path),
            "--headless",
            "--path",
            str(copy),
            scene,
            "--fixed-fps",
            "90",
            "--xr-mode",
            "off",
        ]
        process = GameProcess([*engine, "--", f"--listen={port}", *words], name="listening", log_dir=tmp_path)
        started.append(Listening(port, process))
        return started[-1]

    yield start
    for game in started:
        game.process.kill()


def _lines(sock: socket.socket) -> Iterator[dict[str, Any]]:
    for line in sock.makefile("rb"):
        yield json.loads(line)


def _ones(spec: dict[str, Any], active: list[str]) -> dict[str, list[float]]:
    sizes = {
        name: sum(1 if a["kind"] == "discrete" else a["size"] for a in group["layout"]["actions"])
        for group in spec["groups"]
        for name in group["agents"]
    }
    return {name: [1.0] * sizes[name] for name in active}


def test_what_is_played_is_what_is_played_over_the_binary_wire(
    listening: Start, touch: Callable[..., GameLaunch]
) -> None:
    with open_game(touch()) as game:
        seen = [np.concatenate([part.ravel() for part in game.reset(seed=3).observations])]
        paid = []
        for _ in range(60):
            shapes = [(game.spec.group_size(g), group.layout.action_size) for g, group in enumerate(game.spec.groups)]
            now = game.step([np.ones(shape, np.float32) for shape in shapes])
            seen.append(np.concatenate([part.ravel() for part in now.observations]))
            paid.append(now.rewards.copy())

    with listening().connect() as client:
        states = client.reset(seed=3)
        ours = [np.concatenate([states[name].observation for name in client.agents])]
        ended = 0
        for rewards in paid:
            states = client.step(_ones(client.spec, [name for name in client.agents if states[name].active]))
            ours.append(np.concatenate([states[name].observation for name in client.agents]))
            np.testing.assert_allclose([states[name].reward for name in client.agents], rewards, rtol=1e-5, atol=1e-6)
            ended += sum(state.final_observation is not None and "return" in state.metrics for state in states.values())

    np.testing.assert_allclose(np.stack(ours), np.stack(seen), rtol=1e-5, atol=1e-6)
    assert ended > 0


def test_requests_that_are_wrong_are_refused_by_a_code_and_the_connection_stays(listening: Start) -> None:
    with listening().connect() as client:
        with pytest.raises(GameTcpError, match="send a reset first") as refused:
            client.step({})
        assert refused.value.code == "not_reset"
        states = client.reset(seed=1)
        active = [name for name in client.agents if states[name].active]
        good = _ones(client.spec, active)
        wrong: list[tuple[dict[str, Any], str]] = [
            ({}, f"agent '{active[0]}' acts, and has no action"),
            ({**good, active[0]: [1.0] * 99}, f"agent '{active[0]}': expected .* numbers, got 99"),
            ({**good, active[0]: "left"}, f"agent '{active[0]}': expected a list"),
            ({**good, active[0]: [5.0] * len(good[active[0]])}, "expected"),
            ({**good, "nobody": [1.0]}, "no agent is called 'nobody'"),
        ]
        for actions, message in wrong:
            with pytest.raises(GameTcpError, match=message) as refused:
                client.step(actions)
            assert refused.value.code == "bad_action"
        with pytest.raises(GameTcpError, match=r"not sent: .*(NaN|nan|JSON)"):
            client.step({active[0]: [float("nan")]})
        calls: list[tuple[Callable[[], object], str]] = [
            (lambda: client.reset(seed=-1), "bad_reset"),
            (lambda: client.reset(episode=3), "bad_reset"),
            (lambda: client.configure({"speeed": 1}), "bad_params"),
        ]
        for call, code in calls:
            with pytest.raises(GameTcpError) as refused:
                call()
            assert refused.value.code == code
        client.configure({"max_ticks": 90})
        client.ping()
        assert client.step(good)


def test_a_client_that_disconnects_in_mid_episode_leaves_the_game_to_the_next(listening: Start) -> None:
    game = listening()
    with game.connect() as first:
        first.reset(seed=1)
        with game.socket() as second:
            assert next(_lines(second))["code"] == "busy"
    with game.connect() as third:
        with pytest.raises(GameTcpError, match="send a reset first"):
            third.step({})
        assert third.reset(seed=1)
        third.quit()
    assert game.process.wait(WAIT_S)
    assert game.process.exit_code() == 0


def test_who_says_no_proper_hello_is_sent_away(listening: Start) -> None:
    game = listening("--token=secret")
    for given in (None, "guess"):
        with pytest.raises(GameTcpError, match="hello needs the token") as refused:
            game.connect(token=given)
        assert refused.value.code == "bad_token"
    for sent, code in [
        (b"GET / HTTP/1.1\r\n", "bad_json"),
        (b'{"type": "reset"}\n', "bad_hello"),
        (json.dumps({**HELLO, "protocol": "spacetime-tcp/9"}).encode() + b"\n", "bad_hello"),
    ]:
        with game.socket() as stranger:
            stranger.sendall(sent)
            answers = list(_lines(stranger))
            assert [answer["code"] for answer in answers] == [code]
    with game.socket() as stranger, suppress(ConnectionError):
        stranger.sendall(b"x" * (2 << 20))  # a line that is too long: its end may come before what the game says
        assert [answer["code"] for answer in _lines(stranger)] == ["too_long"]
    with game.connect(token="secret") as client:
        assert client.reset()


def test_a_port_in_use_and_an_open_door_without_a_token_are_refused(listening: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        game = listening(f"--listen={taken.getsockname()[1]}")
        assert game.process.wait(WAIT_S)
    assert game.process.exit_code() == 5
    assert "is the port in use?" in game.process.log_tail()
    exposed = listening("--listen_address=0.0.0.0")
    assert exposed.process.wait(WAIT_S)
    assert "from other machines clients need a --token" in exposed.process.log_tail()


def test_asyncio_programs_step_it_as_well(listening: Start) -> None:
    game = listening()

    async def play() -> int:
        async with await AsyncGameClient.connect(port=game.port, wait_s=WAIT_S) as client:
            states = await client.reset(seed=1)
            good = _ones(client.spec, [name for name in client.agents if states[name].active])
            _, now = await asyncio.gather(client.ping(), client.step(good))
            return len(now)

    assert asyncio.run(play()) > 0
    with pytest.raises(GameTcpError, match=r"no game listens on 127\.0\.0\.1:1 "):
        SyncGameClient.connect(port=1)


def test_a_gymnasium_environment_over_tcp_is_the_one_over_the_binary_wire(listening: Start) -> None:
    game = listening(scene=find_scenario("vr_navigation").scene)
    ours, usual = tcp_env(port=game.port, wait_s=WAIT_S), gym_env("vr_navigation", seed=3)
    try:
        assert (ours.observation_space, ours.action_space) == (usual.observation_space, usual.action_space)
        np.testing.assert_allclose(ours.reset(seed=3)[0], usual.reset(seed=3)[0], rtol=1e-5, atol=1e-6)
        usual.action_space.seed(1)
        for _ in range(20):
            action = usual.action_space.sample()
            (seen, reward, *ends, _), (theirs, paid, *their_ends, _) = ours.step(action), usual.step(action)
            np.testing.assert_allclose(seen, theirs, rtol=1e-4, atol=1e-5)
            assert reward == pytest.approx(paid, rel=1e-4, abs=1e-5)
            assert ends == their_ends
    finally:
        ours.close()
        usual.close()
    with pytest.raises(UsageError, match="tcp_env: this game has several agents"):
        tcp_env(port=listening().port, wait_s=WAIT_S)


def test_two_hundred_others_are_told_that_the_game_is_taken_and_do_not_slow_it_down(listening: Start) -> None:
    game = listening()
    with game.connect() as client, ExitStack() as others:
        states = client.reset(seed=1)
        good = _ones(client.spec, [name for name in client.agents if states[name].active])
        codes = []
        for _ in range(200):
            other = others.enter_context(game.socket())
            other.sendall(json.dumps(HELLO).encode() + b"\n")  # before it can know
            codes.append(next(_lines(other))["code"])
            assert client.step(good)
        assert codes == ["busy"] * 200


@pytest.mark.slow  # the game waits ten seconds for it to read
def test_a_client_that_never_reads_is_disconnected_and_fills_no_memory(listening: Start) -> None:
    game = listening()
    with game.connect() as client:
        client.reset(seed=1)
    process = psutil.Process(game.process.pid)
    before = process.memory_info().rss
    with game.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(json.dumps(HELLO).encode() + b"\n")
        with suppress(ConnectionError):  # it is sent away while it sends on
            while True:
                deaf.sendall(b'{"type": "spec"}\n' * 1000)
    assert "it did not read its answers" in game.process.log_path.read_text()
    assert process.memory_info().rss - before < 32 << 20
    with game.connect() as client:
        assert client.reset(seed=1)


def _garbage(generator: random.Random) -> bytes:
    kinds = ["step", "reset", "configure", "ping", "spec", "hello", "", 5, None, {}]
    values = [None, 1e308, -1, "x", [], {}, True, [[1]], {"walker_0": [0.5]}, {"walker_0": None}, "\u0000"]
    if generator.random() < 0.3:
        return bytes(generator.randrange(256) for _ in range(generator.randrange(60))).replace(b"\n", b"") + b"\n"
    keys = ["type", "id", "seed", "episode", "actions", "params", "protocol", "token"]
    message = {key: generator.choice(values) for key in keys if generator.random() < 0.5}
    return json.dumps({**message, "type": generator.choice(kinds)}).encode() + b"\n"


def _fuzz(game: Listening, messages: int) -> None:
    """Every line that is no request is answered by an error, in order, and the game plays on."""
    generator = random.Random(5)
    with game.connect():
        pass
    with game.socket() as sock:
        sock.sendall(json.dumps(HELLO).encode() + b"\n")
        answers = _lines(sock)
        assert next(answers)["type"] == "spec"
        for _ in range(messages // 50):
            lines = [_garbage(generator) for _ in range(50)]
            sock.sendall(b"".join(lines))
            for line in lines:
                answer = next(answers)
                assert answer["type"] in ("error", "state", "ok", "pong", "spec"), (line, answer)
        sock.shutdown(socket.SHUT_RDWR)
    with game.connect() as client:
        assert client.reset(seed=1)


def test_a_thousand_lines_of_nonsense_do_no_harm(listening: Start) -> None:
    _fuzz(listening(), 1000)


@pytest.mark.slow  # minutes: a hundred thousand answers
def test_a_hundred_thousand_lines_of_nonsense_do_no_harm(listening: Start) -> None:
    _fuzz(listening(), 100_000)
