"""RLClient and RLEnv, the game's side of docs/websocket.md, in the real Godot against the real server."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from support.served_game import TOUCH, served_game, wait_until
from support.serving import make_certificate, random_served, serving

from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.serving.access import Access, make_tls
from spacetime_rl.serving.guest import Guest
from spacetime_rl.serving.messages import read_message
from spacetime_rl.serving.transitions import Transitions

SERVED = "res://tests/fixtures/touch/touch_served.tscn"
Step = tuple[np.ndarray, np.ndarray, float, np.ndarray, bool, bool]


class Notebook:
    """Writes down what games experienced, by agent."""

    def __init__(self) -> None:
        self.steps: defaultdict[str, list[Step]] = defaultdict(list)
        self.left: list[str] = []

    def take(self, guest: str, transitions: Transitions) -> None:
        for own in transitions.values():
            for row, agent in enumerate(own.agents):
                self.steps[agent].append(
                    (
                        own.observations[row],
                        own.actions[row],
                        float(own.rewards[row]),
                        own.next_observations[row],
                        bool(own.terminated[row]),
                        bool(own.truncated[row]),
                    )
                )

    def leave(self, guest: str) -> None:
        self.left.append(guest)


def test_a_game_is_played_by_a_server_and_sends_what_it_experienced(tmp_path: Path) -> None:
    notes = Notebook()
    with serving(random_served(), learner=notes) as at:
        options = (f"--serve={at.url}", "--serve_training=1")
        with served_game(TOUCH, tmp_path, *options, params={"max_ticks": 60, "touch_m": 2.0}):
            wait_until(lambda: min(map(len, [*notes.steps.values(), *[[]] * (3 - len(notes.steps))])) >= 60, tmp_path)
        wait_until(lambda: notes.left, tmp_path)

    assert set(notes.steps) == {"walker_0", "walker_1", "jumper_0"}
    endings = set()
    for agent, steps in notes.steps.items():
        for (_, action, reward, after, terminated, truncated), (following, *_) in itertools.pairwise(steps):
            ended = terminated or truncated
            assert ended or np.array_equal(after, following), agent
            assert action[0] in range(5) or np.abs(action).max() <= 1.0
            assert (reward > 9.0) == terminated  # touching the target pays 10
            endings.add((terminated, truncated))
    assert endings == {(False, False), (True, False), (False, True)}


def test_an_agent_whose_observation_is_no_number_leaves_the_others_playing(tmp_path: Path) -> None:
    notes = Notebook()
    broken = {"max_ticks": 60, "fault": "nan", "fault_tick": 40, "touch_m": 2.0}
    with serving(random_served(), learner=notes) as at:
        options = (f"--serve={at.url}", "--serve_training=1", "--arenas=4")
        with served_game(TOUCH, tmp_path, *options, params=broken):
            # Each agent comes to its second episode, and so past the decisions that it could not take.
            wait_until(lambda: len(notes.steps) == 12 and min(map(len, notes.steps.values())) >= 60, tmp_path)
    numbers = [part for steps in notes.steps.values() for step in steps for part in (*step[:2], step[3])]
    assert np.isfinite(np.concatenate(numbers)).all()
    log = (tmp_path / "game.log").read_text()
    assert log.count("its observation 'age' is nan; it does nothing until that is a number") == 12
    assert "refuses a message" not in log


def test_a_game_trusts_the_certificate_that_it_was_given_and_no_other(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path)
    notes = Notebook()
    with serving(random_served(), Access("127.0.0.1", 0, tls=make_tls(cert, key)), learner=notes) as at:
        with served_game(SERVED, tmp_path, env(at.url, training_mode=True)):
            wait_until(lambda: "TLS handshake error" in (tmp_path / "game.log").read_text(), tmp_path)
        assert not notes.steps
        with served_game(SERVED, tmp_path, env(at.url, training_mode=True, certificate=str(cert))):
            wait_until(lambda: sum(map(len, notes.steps.values())) > 100, tmp_path)


def test_a_game_waits_for_its_server_and_comes_back_to_it(tmp_path: Path) -> None:
    notes = Notebook()
    with serving(random_served(), learner=notes) as at:
        pass  # a port that is free, and soon used again
    with served_game(TOUCH, tmp_path, f"--serve={at.url}", "--serve_training=1"):
        for _ in range(2):
            notes.steps.clear()
            with serving(random_served(), replace(at), learner=notes):
                wait_until(lambda: sum(map(len, notes.steps.values())) > 100, tmp_path)
    log = (tmp_path / "game.log").read_text()
    assert "SCRIPT ERROR" not in log


def test_a_server_that_knows_act_alone_plays_by_legacy_act_fallback(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []

    async def answer(request: web.Request) -> web.WebSocketResponse:
        """An older bridge: no hello, no ids, no log-probabilities."""
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        async for message in connection:
            asked = json.loads(message.data)
            seen.append(asked)
            size = 2 if asked["policy"] == "walker" else 3
            await connection.send_json({"type": "action", "action": [1.0] * size})
        return connection

    # Nothing touches its target: an episode of one decision shows nothing of the answers.
    own = {"max_ticks": 60, "touch_m": 0.0}
    with older_bridge(answer) as url, served_game(SERVED, tmp_path, env(url, legacy_act_fallback=True, params=own)):
        wait_until(lambda: len(seen) >= 90, tmp_path)

    assert {asked["type"] for asked in seen} == {"act"}
    assert [asked["agent"] for asked in seen[:3]] == ["walker_0", "walker_1", "jumper_0"]
    places = {tuple(asked["obs"]) for asked in seen if asked["agent"] == "walker_1"}
    assert len(places) > 10  # the answers move it


def test_the_knobs_of_rl_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    class Listener(Guest):
        async def answer(self, frame: str | bytes, kind: str | None = None) -> str | bytes:
            asked.append(dict(read_message(frame).body))
            return await super().answer(frame, kind)

    monkeypatch.setattr("spacetime_rl.serving.server.Guest", Listener)
    with serving(random_served()) as at:
        own = env(
            at.url,
            control_all_agents=False,
            waits_for_answers=False,
            step_tick_interval=9,
            params={"max_ticks": 90, "walkers": 3},
        )
        with served_game(SERVED, tmp_path, own):
            wait_until(lambda: len(asked) >= 40, tmp_path)

    hello = [one for one in asked if one["type"] == "hello"][-1]
    batches = [one for one in asked if one["type"] == "act_batch"]
    # A person plays the first agent, as without a server.
    agents = {policy: own["agents"] for policy, own in hello["policies"].items()}
    assert agents == {"walker": ["walker_1", "walker_2"], "jumper": ["jumper_0"]}
    assert {agent for one in batches for agent in one["agents"]} <= {"walker_1", "walker_2", "jumper_0"}
    assert not [one for one in asked if one["type"] == "transition_batch"]
    first = [one for one in batches if "walker_1" in one["agents"]]
    ages = np.array([one["obs"][one["agents"].index("walker_1"), 15] for one in first])
    steps = np.diff(ages) * 1000.0  # the age of an episode is its ticks, in thousands
    assert set(np.round(steps[steps > 0]) % 9) == {0}
    assert ages.max() <= 0.09


def test_tag_has_a_scene_that_a_server_plays(tmp_path: Path) -> None:
    notes = Notebook()
    with (
        serving(random_served(), learner=notes) as at,
        served_game("res://scenarios/tag/tag_live.tscn", tmp_path, f"--serve={at.url}", "--serve_training=1"),
    ):
        wait_until(lambda: min(len(notes.steps["seeker_0"]), len(notes.steps["hider_0"])) >= 50, tmp_path)
    assert set(notes.steps) == {"seeker_0", "hider_0"}


@contextmanager
def older_bridge(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Iterator[str]:
    """A WebSocket server of another maker, in a thread of its own."""
    loop = asyncio.new_event_loop()
    app = web.Application()
    app.add_routes([web.get("/", answer)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def start() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return int(runner.addresses[0][1])

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"ws://127.0.0.1:{asyncio.run_coroutine_threadsafe(start(), loop).result(20)}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)


def env(url: str, **settings: Any) -> str:
    """The option that sets the RLEnv of the touch fixture."""
    return f"--env={to_json({'url': url, **settings})}"
