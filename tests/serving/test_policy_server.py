"""`spacetime-rl serve` from a game's side: what docs/websocket.md promises, over real connections."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from support.command import PROGRAM
from support.serving import LOOPBACK, Client, random_served, serving

from spacetime_rl import __version__
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.policy import load_policy
from spacetime_rl.serving.access import Access, make_access
from spacetime_rl.serving.find import Served, find_served

WALKER = {
    "obs": 3,
    "actions": [{"name": "move", "kind": "continuous", "size": 2}, {"name": "tool", "kind": "discrete", "size": 4}],
}


def talk(served: Served, conversation: Callable[[Client], Awaitable[Any]], access: Access = LOOPBACK) -> Any:
    async def run(at: Access) -> Any:
        async with Client(at) as client:
            return await conversation(client)

    with serving(served, access) as at:
        return asyncio.run(run(at))


@pytest.fixture(scope="module")
def navigation() -> Served:
    return find_served("vr_navigation", Path("none"), stochastic=False)


@pytest.fixture(scope="module")
def seen() -> np.ndarray:
    size = load_policy("baseline:vr_navigation").observation_size
    return np.random.default_rng(1).standard_normal((6, size)).astype(np.float32)


def test_random_actions_suit_what_the_game_declares() -> None:
    async def conversation(client: Client) -> None:
        welcome = await client.ask("hello", protocol=1, game="walk", policies={"walker": WALKER})
        assert (welcome["type"], welcome["protocol"], welcome["learns"]) == ("welcome", 1, False)
        assert welcome["policies"]["walker"]["action"] == 3
        answer = await client.ask("act_batch", policy="walker", obs=[[0.0, 1.0, 2.0]] * 50)
        actions = np.array(answer["actions"])
        assert actions.shape == (50, 3)
        assert np.abs(actions[:, :2]).max() <= 1.0
        assert set(actions[:, 2]) == {0.0, 1.0, 2.0, 3.0}
        one = await client.ask("act", agent="walker_0", obs=[0.0, 1.0, 2.0])
        assert one["type"] == "action"
        assert one["agent"] == "walker_0"
        assert len(one["action"]) == 3

    talk(random_served(), conversation)


@pytest.mark.parametrize("binary", [False, True])
def test_exported_policies_decide_as_they_do_in_python(navigation: Served, seen: np.ndarray, binary: bool) -> None:
    rows = seen if binary else seen.tolist()

    async def conversation(client: Client) -> Any:
        one = await client.ask("act", obs=seen[0].tolist())
        batch = await client.ask("act_batch", binary=binary, obs=rows)
        assert batch["logp"] is None  # the most probable actions are not drawn
        return one["action"], batch["actions"]

    one, batch = talk(navigation, conversation)
    expected = load_policy("baseline:vr_navigation").act(seen)
    np.testing.assert_allclose(batch, expected, atol=1e-6)
    np.testing.assert_allclose(one, expected[0], atol=1e-6)


def test_many_games_are_decided_for_together(navigation: Served, seen: np.ndarray) -> None:
    async def play(at: Access) -> list[Any]:
        async def game(row: int) -> Any:
            async with Client(at) as client:
                return [(await client.ask("act", obs=seen[row].tolist()))["action"] for _ in range(10)]

        return await asyncio.gather(*(game(row) for row in range(6)))

    with serving(navigation) as at:
        found = asyncio.run(play(at))
    expected = load_policy("baseline:vr_navigation").act(seen)
    for row, actions in enumerate(found):
        np.testing.assert_allclose(actions, np.tile(expected[row], (10, 1)), atol=1e-5)


def test_a_visitor_gets_a_page_and_a_wrong_handshake_an_explanation() -> None:
    async def visit(url: str) -> None:
        async with aiohttp.ClientSession() as session:
            async with session.get(url, headers={"Connection": "keep-alive"}) as page:
                assert page.status == 200
                assert page.content_type == "text/html"
                assert "ws://127.0.0.1" in await page.text()
            async with session.get(url, headers={"Upgrade": "websocket", "Connection": "keep-alive"}) as refused:
                assert refused.status == 426
                assert "Sec-WebSocket-Key" in await refused.text()
            async with session.get(f"{url}/health") as health:
                found = await health.json()
                assert found == {"status": "ok", "server": f"spacetime_rl {__version__}", "games": 0, "learns": False}

    with serving(random_served()) as at:
        asyncio.run(visit(f"http://127.0.0.1:{at.port}"))


def test_http_answers_the_same_questions(navigation: Served, seen: np.ndarray) -> None:
    async def ask(url: str) -> None:
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{url}/act_batch", json={"obs": seen.tolist()}) as answer:
                assert answer.status == 200
                actions = (await answer.json())["actions"]
            async with session.post(f"{url}/act", data=b"{nonsense") as refused:
                assert refused.status == 400
                assert (await refused.json())["code"] == "not_json"
            async with session.post(f"{url}/act", data=b"x" * (17 * 2**20)) as refused:
                assert refused.status == 413
        np.testing.assert_allclose(actions, load_policy("baseline:vr_navigation").act(seen), atol=1e-6)

    with serving(navigation) as at:
        asyncio.run(ask(f"http://127.0.0.1:{at.port}"))


def transition(**changes: Any) -> str:
    whole = {"agents": ["a"], "obs": [[0, 0, 0]], "actions": [[0, 0, 0]], "rewards": [0], "next_obs": [[0, 0, 0]]}
    return json.dumps({"type": "transition_batch", **whole, **changes})


def hello(spaces: dict[str, Any]) -> str:
    return json.dumps({"type": "hello", "policies": {"a": spaces}})


BAD: dict[str, list[Any]] = {
    "not_json": ["", "{", "[" * 100_000, '{"type": "act", "obs": [1e'],
    "bad_message": [
        "[]",
        "3",
        "{}",
        '{"type": 3}',
        '{"type": "act", "id": [1], "obs": [0, 0, 0]}',
        '{"type": "act", "agent": 3, "obs": [0, 0, 0]}',
        '{"type": "act_batch", "obs": []}',
        '{"type": "act_batch", "obs": 3}',
        '{"type": "act_batch", "agents": ["a"], "obs": [[0, 0, 0], [0, 0, 0]]}',
        '{"type": "act_batch", "agents": ["a", "a"], "obs": [[0, 0, 0], [0, 0, 0]]}',
        '{"type": "act_batch", "begins": [1, 0], "obs": [[0, 0, 0], [0, 0, 0]]}',
        transition(agents=None),
    ],
    "unknown_type": ['{"type": "launch"}', '{"type": ""}'],
    "unknown_policy": ['{"type": "act", "policy": "flyer", "obs": [0, 0, 0]}'],
    "bad_shape": [
        '{"type": "act", "obs": [0, 0]}',
        '{"type": "act", "obs": null}',
        '{"type": "act"}',
        '{"type": "act_batch", "obs": [[0, 0, 0], [0, 0]]}',
        '{"type": "act_batch", "obs": [0, 0, 0]}',
    ],
    "bad_number": [
        '{"type": "act", "obs": [0, 0, NaN]}',
        '{"type": "act", "obs": [0, 0, -Infinity]}',
        '{"type": "act", "obs": [0, 0, 1e39]}',
        '{"type": "act", "obs": [0, 0, "1"]}',
        '{"type": "act", "obs": [0, 0, true]}',
        '{"type": "act", "obs": [0, 0, null]}',
        '{"type": "act", "obs": [0, 0, ' + "9" * 400 + "]}",
        transition(actions=[[0, 0, 9]]),
        transition(rewards=[float("nan")]),
    ],
    "bad_frame": [
        b"",
        b"\x01\x00",
        b"\xff\xff\xff\xff{}",
        b"\x02\x00\x00\x00{}rest",
        b'\x34\x00\x00\x00{"arrays":[{"name":"obs","shape":[9,9999]}        ]}',
        b'\x14\x00\x00\x00{"arrays":{"obs":1}}',
    ],
    "bad_protocol": ['{"type": "hello", "protocol": 99}', '{"type": "hello", "protocol": true}'],
    "bad_spaces": [
        '{"type": "hello", "policies": {"a": {"obs": 0, "actions": []}}}',
        '{"type": "hello", "policies": {"a": {"layout": 3}}}',
        hello({"obs": 1e9, "actions": WALKER["actions"]}),
        hello({"obs": 10**9, "actions": WALKER["actions"]}),
    ],
}


def test_every_mistake_is_answered_with_its_code_and_the_connection_lives() -> None:
    async def conversation(client: Client) -> dict[str, list[str]]:
        await client.ask("hello", policies={"walker": WALKER})
        found: dict[str, list[str]] = {}
        for code, frames in BAD.items():
            found[code] = []
            for frame in frames:
                await client.send(frame)
                answer = await client.receive()
                assert answer["message"], frame
                found[code].append(answer["code"])
        assert (await client.ask("act", obs=[0, 0, 0]))["type"] == "action"
        return found

    found = talk(random_served(), conversation)
    assert found == {code: [code] * len(frames) for code, frames in BAD.items()}


def test_a_game_with_other_spaces_is_told_all_differences(navigation: Served) -> None:
    async def conversation(client: Client) -> Any:
        return await client.ask("hello", policies={"navigator": WALKER, "other": WALKER})

    answer = talk(navigation, conversation)
    assert answer["code"] == "policy_mismatch"
    assert "'other'" in answer["message"]
    assert "numbers to see" in answer["message"] or "'navigator'" in answer["message"]


def test_serving_needs_no_torch() -> None:
    program = (
        "import sys, pathlib; from spacetime_rl.serving import server, serve, find, access;"
        "[find.find_served(name, pathlib.Path('none'), True) for name in ('vr_navigation', 'random')];"
        "print([name for name in ('torch', 'ray', 'mlflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "[]\n"


def test_nothing_beyond_loopback_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.org", ""):
        with pytest.raises(UsageError, match="without a token"):
            make_access(host, 8765, False, None, None)
    assert make_access("0.0.0.0", 8765, True, None, None).token
    assert make_access("::1", 8765, False, None, None).token is None
    monkeypatch.setenv("SPACETIME_SERVE_TOKEN", "short")
    with pytest.raises(UsageError, match="16 characters"):
        make_access("0.0.0.0", 8765, False, None, None)
    monkeypatch.setenv("SPACETIME_SERVE_TOKEN", "ein langer Schlüssel")
    with pytest.raises(UsageError, match="signs of ASCII"):
        make_access("0.0.0.0", 8765, False, None, None)


def test_only_who_has_the_token_is_let_in() -> None:
    access = Access("127.0.0.1", 0, token="a-token-of-some-length")

    async def visit(at: Access) -> None:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer \xff"}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with Client(at, **headers):
                    pass
            assert refused.value.status == 401
        async with Client(at, Authorization=f"Bearer {at.token}") as client:
            assert (await client.ask("ping"))["type"] == "pong"

    with serving(random_served(), access) as at:
        asyncio.run(visit(at))
    assert "a-token" not in repr(access)


def test_a_header_that_is_no_text_is_no_token() -> None:
    with (
        serving(random_served(), Access("127.0.0.1", 0, token="a-token-of-some-length")) as at,
        socket.create_connection(("127.0.0.1", at.port), timeout=20) as raw,
    ):
        raw.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \xff\xfe\r\n\r\n")
        assert b" 401 " in raw.recv(4096)


def test_the_command_says_where_it_listens_and_ends_with_ctrl_c() -> None:
    command = [*PROGRAM, "serve", "random", "--port", "0", "--token"]
    environment = {name: value for name, value in os.environ.items() if name != "SPACETIME_SERVE_TOKEN"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as server:
        assert server.stdout is not None
        where, token = server.stdout.readline(), server.stdout.readline()
        port = int(re.findall(r"ws://127\.0\.0\.1:(\d+)", where)[0])
        at = Access("127.0.0.1", port, token.removeprefix("token: ").strip())

        async def visit() -> str:
            async with Client(at, Authorization=f"Bearer {at.token}") as client:
                return str((await client.ask("ping"))["type"])

        assert asyncio.run(visit()) == "pong"
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=30)
    assert server.returncode == 130
    assert said == "spacetime-rl: stopped by Ctrl-C\n"


def test_pages_of_other_sites_and_other_names_of_this_machine_are_refused() -> None:
    async def visit(at: Access) -> None:
        for headers in ({"Origin": "http://elsewhere.example"}, {"Origin": "null"}, {"Host": "elsewhere.example"}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with Client(at, **headers):
                    pass
            assert refused.value.status == 403

    with serving(random_served()) as at:
        asyncio.run(visit(at))


def test_a_port_in_use_is_said_so() -> None:
    with serving(random_served()) as at:
        taken = f"cannot listen at 127.0.0.1:{at.port}"
        with pytest.raises(UsageError, match=taken), serving(random_served(), at):
            pass


def test_one_game_too_many_is_turned_away() -> None:
    async def visit(at: Access) -> None:
        async with Client(at):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with Client(at):
                    pass
            assert refused.value.status == 503
        async with Client(at) as client:
            assert (await client.ask("ping"))["type"] == "pong"

    with serving(random_served(), most_games=1) as at:
        asyncio.run(visit(at))


def test_a_message_that_is_too_long_ends_its_connection_alone() -> None:
    async def visit(at: Access) -> None:
        async with Client(at) as other, Client(at) as client:
            with contextlib.suppress(ConnectionError):  # the server closes before it has read all of it
                await client.send("x" * (17 * 2**20))
            closed = await client.socket.receive(30)
            assert closed.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
            assert (await other.ask("ping"))["type"] == "pong"

    with serving(random_served()) as at:
        asyncio.run(visit(at))


def test_games_hear_that_the_server_stops() -> None:
    async def play(at: Access, connected: Any) -> int | None:
        async with Client(at) as client:
            connected()
            message = await client.socket.receive(30)
            assert message.type is aiohttp.WSMsgType.CLOSE
            return client.socket.close_code

    import threading

    codes: list[int | None] = []
    there = threading.Event()
    with serving(random_served()) as at:
        thread = threading.Thread(target=lambda: codes.append(asyncio.run(play(at, there.set))))
        thread.start()
        assert there.wait(30)
    thread.join(30)
    assert codes == [1001]


def test_json_of_actions_is_plain() -> None:
    async def conversation(client: Client) -> None:
        await client.ask("hello", policies={"walker": WALKER})
        await client.socket.send_str('{"type": "act", "obs": [0, 0, 0]}')
        text = (await client.socket.receive()).data
        assert set(json.loads(text)) == {"type", "id", "agent", "policy", "action", "logp", "version"}

    talk(random_served(), conversation)
