"""The HTTP API of a game: every request of the documents that it comes from, with a game and during a training."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import numpy as np
import pytest
from support.http_game import TAG, TOKEN, TOUCH, HttpGame, http_game
from support.ports import free_port

from spacetime_rl.client import AsyncGameApi, GameApi, GameApiError, SceneError
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpGame]:
    with http_game(log_dir=tmp_path_factory.mktemp("http")) as running:
        yield running


@pytest.fixture
def api(game: HttpGame) -> Iterator[GameApi]:
    with game.api() as connected:
        yield connected


def post(game: HttpGame, path: str, body: Any, token: str | None = TOKEN) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return httpx.post(game.url + path, json=body, headers=headers, trust_env=False)


def test_the_program_that_controls_a_training_finds_what_it_asks_for(game: HttpGame) -> None:
    """Guide, section 6: status within 5 s, a scene with the token, metrics, and a reload."""
    assert httpx.get(f"{game.url}/status", timeout=5, trust_env=False).status_code == 200
    answer = post(game, "/scene", {"scene_path": TOUCH})
    assert answer.status_code == 200, answer.text
    assert httpx.get(f"{game.url}/performance/metrics", timeout=5, trust_env=False).json()
    assert post(game, "/scene/reload", None).status_code == 200


def test_the_vr_training_finds_its_endpoints_and_names(api: GameApi) -> None:
    """VR training, "HTTP API Communication" and "Required Godot Endpoints"."""
    assert api.health_check()
    api.load_scene(TOUCH)
    state = api.get_scene_state()
    assert state.items() >= {"scene_path": TOUCH, "scene_name": "Touch", "status": "loaded"}.items()
    perf = api.get_performance_metrics()
    assert perf["engine"]["fps"] > 0
    assert perf["memory"]["static_memory_usage"] > 1_000_000
    api.send_action([0.5, -0.5], "walker_0")
    api.reset()
    seen = api.get_observation()
    lengths = {
        "camera_position": 3,
        "camera_rotation": 4,
        "camera_velocity": 3,
        "ray_sensors": 8,
        "goal_position": 3,
    }
    assert {name: len(seen[name]) for name in lengths} == lengths
    assert seen["goal_distance"] == pytest.approx(np.linalg.norm(seen["goal_position"]), rel=1e-4)
    assert max(seen["ray_sensors"]) <= 5.0  # metres: the sensor's reach
    state = api.get_state()
    assert state["done"] in (True, False)
    assert set(state["info"]["agents"]) == {"walker_0", "walker_1", "jumper_0"}


def test_an_arena_with_a_sensor_of_its_own_says_what_it_sees(api: GameApi) -> None:
    api.load_scene("res://scenarios/vr_locomotion/vr_locomotion.tscn")
    while not (seen := api.get_observation())["goal_distance"]:
        pass
    assert len(seen["ray_sensors"]) == 3
    assert np.hypot(seen["goal_position"][0], seen["goal_position"][2]) == pytest.approx(
        seen["goal_distance"], rel=1e-3
    )
    api.load_scene(TOUCH)


def test_an_action_holds_until_the_next_one(api: GameApi) -> None:
    api.load_scene(TOUCH)
    api.send_actions({"walker_0": {"move": [0, 0]}, "walker_1": [0, 0], "jumper_0": {"move": [0, 0], "jump": 0}})
    api.reset(seed=3, episode=4)

    still = api.get_state()["info"]["agents"]

    assert {agent["played_by"] for agent in still.values()} == {"HTTP"}
    assert still["walker_0"]["episode"] == 4
    before = api.get_observation()["camera_position"]
    while api.get_state()["info"]["agents"]["walker_0"]["decisions"] < 5:
        pass
    assert api.get_observation()["camera_position"] == pytest.approx(before, abs=0.05)
    api.send_action({"move": [0, -1]}, "walker_0")
    while np.allclose(api.get_observation()["camera_position"], before, atol=0.5):
        assert api.get_state()["info"]["agents"]["walker_0"]["episode"] == 4


def test_another_scene_is_loaded_and_the_same_one_begins_anew(api: GameApi) -> None:
    loads = api.load_scene(TAG)["loads"]
    assert api.get_status()["scene_path"] == TAG
    assert api.reload_scene()["loads"] == loads + 1
    assert api.load_scene(TOUCH)["scene_path"] == TOUCH


def test_the_asyncio_client_does_the_same(game: HttpGame) -> None:
    async def use() -> dict[str, Any]:
        async with AsyncGameApi(game.url, TOKEN) as api:
            await api.wait_until_healthy()
            await api.load_scene(TOUCH)
            await api.reload_scene()
            await api.send_action([0.0, 0.0], "walker_0")
            await api.send_actions({"walker_1": [0.0, 0.0]})
            await api.reset(seed=1)
            await api.get_status()
            await api.get_observation()
            await api.get_performance_metrics()
            return {**await api.get_state(), "scene": await api.get_scene_state()}

    seen = asyncio.run(use())

    assert seen["info"]["agents"]["walker_1"]["played_by"] == "HTTP"
    assert seen["scene"]["scene_path"] == TOUCH


@pytest.mark.parametrize("token", [None, "x", "0123456789abcdee", TOKEN + "f", "é"])
def test_without_the_token_nothing_is_changed(token: str | None, game: HttpGame, api: GameApi) -> None:
    loads = api.get_scene_state()["loads"]
    for path in ("/scene", "/scene/reload", "/rl/action", "/rl/reset"):
        headers = httpx.Headers({"Authorization": f"Bearer {token}"} if token is not None else {}, encoding="utf-8")
        answer = httpx.post(game.url + path, json={}, headers=headers, trust_env=False)
        assert answer.status_code in (400, 401), answer.text
        assert "token" in answer.json()["error"] or "ASCII" in answer.json()["error"]
    assert api.get_scene_state()["loads"] == loads


@pytest.mark.parametrize(
    ("scene", "status"),
    [
        ("res://secret/main.tscn", 403),
        ("res://tests/no_such_scene.tscn", 404),
        ("res://tests/../project.godot", 400),
        ("user://own.tscn", 400),
        ("/etc/passwd", 400),
        ("res://tests/run_tests.gd", 400),
        (7, 400),
        (None, 400),
    ],
)
def test_a_scene_that_may_not_be_loaded_is_refused(scene: Any, status: int, game: HttpGame, api: GameApi) -> None:
    before = api.get_scene_state()

    assert post(game, "/scene", {"scene_path": scene}).status_code == status

    assert api.get_scene_state() == before
    if status in (403, 404):
        with pytest.raises(SceneError, match=f"^Failed to load scene {scene}: ") as refused:
            api.load_scene(scene)
        assert refused.value.status == status


@pytest.mark.parametrize("token", ["schlüssel", "two words", "a\nb", "\x7f"])
def test_a_token_that_no_header_can_hold_is_refused(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GameApiError, match=r"characters that no header can hold: .*SPACETIME_HTTP_TOKEN"):
        GameApi(token=token)
    monkeypatch.setenv("SPACETIME_HTTP_TOKEN", token)
    with pytest.raises(GameApiError, match="characters that no header can hold"):
        AsyncGameApi()


def test_no_game_is_an_error_that_names_the_api() -> None:
    with GameApi(f"http://127.0.0.1:{free_port()}", TOKEN) as api:
        assert not api.health_check()
        with pytest.raises(GameApiError, match=r"^Cannot connect to Godot HTTP API at http://127\.0\.0\.1:"):
            api.get_status()


def test_every_request_is_one_line_and_the_token_is_none(game: HttpGame, api: GameApi) -> None:
    api.get_status()

    lines = [line for line in game.log().splitlines() if line.startswith("SPACETIME-HTTP:")]

    assert lines[0] == f"SPACETIME-HTTP: listening on {game.url}, the token of SPACETIME_HTTP_TOKEN"
    assert any(" 127.0.0.1 GET /status 200 " in line for line in lines)
    assert TOKEN not in game.log()


def same_actions(game: Game) -> list[np.ndarray]:
    """Everybody walks the same way, and nobody jumps."""
    sizes = [(game.spec.group_size(i), group.layout.action_size) for i, group in enumerate(game.spec.groups)]
    actions = [np.full(size, 0.25, np.float32) for size in sizes]
    actions[1][:, 2] = 0.0
    return actions


def play(game: Game, decisions: int) -> list[np.ndarray]:
    """What is seen and paid, with the same actions every time."""
    seen = []
    for _ in range(decisions):
        state = game.step(same_actions(game))
        seen += [*state.observations, state.rewards]
    return [array.copy() for array in seen]


def test_a_training_plays_the_same_with_the_server_and_is_answered_while_it_waits(
    touch: Callable[..., GameLaunch], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPACETIME_HTTP_TOKEN", TOKEN)
    port = free_port()
    with open_game(touch(arenas=2)) as plain, open_game(touch(arenas=2, extra_args=(f"--http_port={port}",))) as game:
        assert plain.spec == game.spec
        for one in (plain, game):
            one.reset(3, 0)
        with GameApi(f"http://127.0.0.1:{port}", TOKEN) as api:
            assert api.get_status()["training"]
            for agent, values in api.get_observation()["agents"].items():
                assert agent.partition("@")[0] in {"walker_0", "walker_1", "jumper_0"}
                assert values["age"] == [0.0]
            changes = (partial(api.send_action, [0, 0], "walker_0"), api.reset, partial(api.load_scene, TAG))
            for change in changes:
                with pytest.raises(GameApiError, match="a training plays") as refused:
                    change()
                assert refused.value.status == 409
        assert all(np.array_equal(a, b) for a, b in zip(play(plain, 30), play(game, 30), strict=True))


def test_a_scene_that_is_reloaded_during_a_training_cuts_its_episodes_off(
    touch: Callable[..., GameLaunch], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPACETIME_HTTP_TOKEN", TOKEN)
    port = free_port()
    with (
        open_game(touch({"touch_m": 0.0}, arenas=2, extra_args=(f"--http_port={port}",))) as game,
        GameApi(f"http://127.0.0.1:{port}", TOKEN) as api,
    ):
        first = game.reset(3, 0)
        spec, begun = game.spec, [array.copy() for array in first.observations]
        actions = same_actions(game)
        game.step(actions)
        for number in range(1, 4):
            api.reload_scene(wait=False)
            state = game.step(actions)
            assert state.truncated.all()
            assert not state.terminated.any()
            assert len(state.ended) == spec.num_agents
            assert {ended.metrics["episode"] for ended in state.ended} == {2 * number - 2, 2 * number - 1}
            assert {ended.metrics["length"] for ended in state.ended} == {2 if number == 1 else 1}
            assert api.get_scene_state()["loads"] == number
        game.step(actions)
        again = game.reset(3, 0)
        assert all(np.array_equal(a, b) for a, b in zip(begun, again.observations, strict=True))
