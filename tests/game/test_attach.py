"""A game that a person starts is waited for, played by one after the other, and waited for again when it has gone."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.ports import free_port

from spacetime_rl.errors import GameDied, LaunchError, NoGameCame, UsageError
from spacetime_rl.game.attach_door import Attach, AttachDoor
from spacetime_rl.game.client import open_game
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.process import GameProcess
from spacetime_rl.game.project import OWN_PROJECT, import_project

TOUCH = "res://tests/fixtures/touch/touch.tscn"
STOCK = Path(__file__).parents[1] / "fixtures" / "stock_game"
Start = Callable[..., GameProcess]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def attach(said: list[str]) -> Iterator[Attach]:
    """A port on which this process waits."""
    wanted = Attach(free_port())
    with AttachDoor(wanted, None, said.append, _late()):
        yield wanted


def _late() -> Callable[[], bool]:
    """A user who gives up after a minute, so that no test waits for ever."""
    deadline = time.monotonic() + 60.0
    return lambda: time.monotonic() > deadline


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Start]:
    """Start a game as a person would: by itself, with a few words on the command line."""
    processes: list[GameProcess] = []

    def start(*words: str, project: Path = OWN_PROJECT, scene: str | None = TOUCH) -> GameProcess:
        copy = import_project(project, find_godot())
        command = [str(find_godot().path), "--headless", "--path", str(copy), *([scene] if scene else []), *words]
        processes.append(GameProcess(command, name="by-hand", log_dir=tmp_path))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()


def _rewards(launch: GameLaunch, decisions: int = 5) -> np.ndarray:
    with open_game(launch) as game:
        game.reset(seed=3)
        shapes = [(game.spec.group_size(g), group.layout.action_size) for g, group in enumerate(game.spec.groups)]
        return np.stack([game.step([np.ones(s, np.float32) for s in shapes]).rewards for _ in range(decisions)])


def test_a_game_is_played_by_one_after_the_other_each_with_its_own_settings(
    attach: Attach, started: Start, said: list[str], touch: Callable[..., GameLaunch]
) -> None:
    game = started("--", f"--attach={attach.port}")

    first = _rewards(GameLaunch(attach=attach, arenas=2))
    with open_game(GameLaunch(attach=attach, params={"max_ticks": 70}, seed=9)) as other:
        assert (other.spec.arenas, other.spec.params["max_ticks"], other.pid) == (1, 70, 0)

    np.testing.assert_array_equal(first, _rewards(touch(arenas=2)))
    assert not game.wait(0.0)
    assert said[0].startswith(f"waiting on 127.0.0.1:{attach.port} for a game that you start: start the game with")
    assert said[1] == "a game has connected"


def test_a_game_that_goes_away_is_waited_for_again(attach: Attach, started: Start) -> None:
    first = started("--", f"--attach={attach.port}")
    with open_game(GameLaunch(attach=attach)) as game:
        game.reset()
        first.kill()
        with pytest.raises(GameDied, match=r"the attached game: the connection ended at RESET \(you started the game"):
            game.reset()

    started("--", f"--attach={attach.port}")
    assert len(_rewards(GameLaunch(attach=attach))) == 5


def test_a_stock_game_is_played_twice_over_one_connection(started: Start, said: list[str]) -> None:
    attach = Attach(free_port())
    with AttachDoor(attach, None, said.append, _late()):
        game = started(f"--port={attach.port}", project=STOCK, scene=None)
        launch = GameLaunch(attach=attach)
        first, second = _rewards(launch), _rewards(launch)
        assert not game.wait(0.0)

    assert first.shape == second.shape
    assert game.wait(20.0)  # it was told that nobody plays any more
    assert len(said) == 2


def test_a_game_that_is_run_from_the_editor_looks_at_the_usual_port_once(started: Start, said: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as editor:  # which a game that it runs connects to
        words = ("--remote-debug", f"tcp://127.0.0.1:{editor.getsockname()[1]}")
        alone = started(*words)
        with editor.accept()[0]:
            try:
                door = AttachDoor(Attach(), None, said.append, _late())
            except LaunchError:
                pytest.skip("another program of this machine waits on the usual port")
            with door:
                started(*words)
                with editor.accept()[0]:
                    assert len(_rewards(GameLaunch(attach=Attach()))) == 5
                    assert len(_rewards(GameLaunch(attach=Attach()))) == 5
            assert not alone.wait(0.0)  # it found nobody, and plays by itself


def test_a_game_is_refused_with_what_is_wrong_about_its_settings(attach: Attach, started: Start) -> None:
    started("--", f"--attach={attach.port}")

    with pytest.raises(UsageError, match=r"the attached game: the game refuses to start: .*speeed"):
        open_game(GameLaunch(attach=attach, params={"speeed": 1}))

    assert len(_rewards(GameLaunch(attach=attach))) == 5  # it looks for the next one


def test_others_that_connect_are_turned_away(attach: Attach, started: Start, caplog: pytest.LogCaptureFixture) -> None:
    strangers = [b"GET / HTTP/1.1\r\n\r\n", _message({"type": "hello"}), _message({"type": "env_info", "wire": "x/9"})]
    with ExitStack() as connected:
        for sent in strangers:
            connected.enter_context(socket.create_connection(("127.0.0.1", attach.port))).sendall(sent)
        socket.create_connection(("127.0.0.1", attach.port)).close()
        started("--", f"--attach={attach.port}")

        assert len(_rewards(GameLaunch(attach=attach))) == 5
    turned_away = [
        record.message for record in caplog.records if "closed a connection from 127.0.0.1" in record.message
    ]
    assert len(turned_away) == 4


def test_who_says_nothing_or_stops_in_the_middle_gives_way_to_a_game(
    attach: Attach, started: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spacetime_rl.game.attach.SILENT_S", 0.5)
    with ExitStack() as connected:
        for sent in (b"", _message({"type": "env_info"})[:7], b""):
            connected.enter_context(socket.create_connection(("127.0.0.1", attach.port))).sendall(sent)
        started("--", f"--attach={attach.port}")

        assert len(_rewards(GameLaunch(attach=attach))) == 5
    said = [record.message for record in caplog.records if "closed a connection from 127.0.0.1" in record.message]
    assert ["another program has connected" in message for message in said] == [True, False, True]


def _message(content: dict[str, Any]) -> bytes:
    text = json.dumps(content).encode()
    return struct.pack("<I", len(text)) + text


def test_a_game_needs_the_token_where_there_is_one(started: Start, said: list[str]) -> None:
    attach = Attach(free_port())
    with AttachDoor(attach, "secret", said.append, _late()):
        started("--", f"--attach={attach.port}")
        started("--", f"--attach={attach.port}", "--token=guess")
        started("--", f"--attach={attach.port}", "--token=secret", "--params={}")
        assert len(_rewards(GameLaunch(attach=attach))) == 5


def test_who_waits_is_told_when_the_command_is_stopped() -> None:
    attach, stopped = Attach(free_port()), threading.Event()
    with (
        AttachDoor(attach, None, lambda _: stopped.set(), stopped.is_set),
        pytest.raises(NoGameCame, match=f"no game came to port {attach.port}: the command was stopped"),
    ):
        open_game(GameLaunch(attach=attach))


def test_a_port_in_use_and_an_address_of_another_machine_are_refused(attach: Attach) -> None:
    with pytest.raises(LaunchError, match=r"cannot listen on 127\.0\.0\.1:\d+: .*; does another training wait there?"):
        AttachDoor(attach, None, print)
    with pytest.raises(UsageError, match=r"game\.attach_address: 192\.0\.2\.1 is no address of this machine"):
        AttachDoor(Attach(free_port(), "192.0.2.1"), None, print)
