"""A running game is told by HTTP to load a scene and to be trained; scenes are loaded anew while training goes on."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from support.http_game import TAG, TOKEN, TOUCH, HttpGame, http_game
from support.ports import free_port

from spacetime_rl.config import RunConfig
from spacetime_rl.errors import GameApiError
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.reports.summary import RunSummary
from spacetime_rl.training.run import train

# Whole runs, with Ray: tens of seconds, and minutes for the long one.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("ray_cluster", "godot_bin"), pytest.mark.timeout(1200)]


def make_config(results: Path, game: dict[str, Any], **sections: Any) -> RunConfig:
    defaults: dict[str, Any] = {
        "name": "api_controlled",
        "scenario": {},
        "game": {"arenas": 4, **game},
        "model": {"hiddens": [16]},
        "training": {"train_batch_size": 2000, "minibatch_size": 500, "num_epochs": 2},
        "rollout": {"runners": 1},
        "stop": {"agent_steps": 8_000},
        "evaluation": {"episodes": 4, "games": 1, "arenas": 1},
        "results": results,
    }
    return RunConfig.model_validate({**defaults, **sections})


def via(game: HttpGame, **settings: Any) -> dict[str, Any]:
    return {"via_http": game.url, "attach": free_port(), "scene": TOUCH, **settings}


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACETIME_HTTP_TOKEN", TOKEN)


def test_a_running_game_loads_the_scene_is_trained_and_plays_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with http_game(scene=TAG, log_dir=tmp_path) as game, game.api() as api:
        summary = train(make_config(tmp_path, via(game, reload_scene_every=2_000)))

        assert summary.agent_steps >= 8_000
        reloads = game.log().count("POST /scene/reload 200")
        assert reloads >= 4  # three or more of the run, and the last one, which lets the game go
        seen = api.get_status()
        assert (seen["scene_path"], seen["training"]) == (TOUCH, False)
        assert {agent["played_by"] for agent in api.get_state()["info"]["agents"].values()} == {"its script"}
    assert "runs res://tests/fixtures/touch/touch.tscn" in capfd.readouterr().out


def test_without_a_game_nothing_begins(tmp_path: Path) -> None:
    game = {"via_http": f"http://127.0.0.1:{free_port()}", "attach": free_port()}
    with pytest.raises(GameApiError, match="Cannot connect to Godot HTTP API"):
        train(make_config(tmp_path, game))
    assert not list(tmp_path.glob("api_controlled-*"))


def test_games_of_a_run_have_a_port_each_and_load_their_scenes_anew(tmp_path: Path) -> None:
    own = {"project": OWN_PROJECT, "scene": TOUCH, "http_port": free_port(), "reload_scene_every": 2_000}

    summary = train(make_config(tmp_path, own), run_id="own")

    assert summary.agent_steps >= 8_000
    logs = [path.read_text() for path in (tmp_path / "own" / "logs").rglob("runner*.godot.log")]
    assert sum(log.count("POST /scene/reload 200") for log in logs) >= 2


class Memory:
    """What a game takes, read over and over in a thread: resident MB, nodes, objects, and how often a scene began."""

    def __init__(self, game: HttpGame) -> None:
        self.seen: list[tuple[int, float, int, int, int]] = []
        self._game, self._ends = game, threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def after_each_reload(self) -> list[tuple[int, float, int, int, int]]:
        """The last reading before each of the reloads."""
        return list({seen[0]: seen for seen in self.seen}.values())

    def _read(self) -> None:
        process = psutil.Process(self._game.process.pid)
        with self._game.api() as api:
            while not self._ends.wait(0.2):
                try:
                    loads, now = api.get_scene_state()["loads"], api.get_performance_metrics()
                except GameApiError:
                    continue  # between two scenes a busy machine may take longer than the request may
                objects = now["objects"]
                rss = process.memory_info().rss / 2**20
                self.seen.append((loads, rss, objects["nodes"], objects["objects"], objects["orphan_nodes"]))


def test_200_000_steps_with_a_reload_every_10_000_take_no_more_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with http_game(log_dir=tmp_path) as game, Memory(game) as memory:
        config = make_config(tmp_path, via(game, reload_scene_every=10_000), stop={"agent_steps": 200_000})
        summary: RunSummary = train(config, evaluate=False)

    assert summary.agent_steps >= 200_000
    seen = memory.after_each_reload()
    with capsys.disabled():
        print("\nloads, resident MB, nodes, objects, orphan nodes:")
        for row in seen:
            print("  {} {:.1f} {} {} {}".format(*row))
    assert game.log().count("POST /scene/reload 200") >= 19
    trained = np.array(seen[4:-2])  # without the first scenes, which fill caches, and the end
    assert len(trained) >= 12
    half = len(trained) // 2
    assert trained[half:, 1].mean() - trained[:half, 1].mean() < 3.0
    assert np.ptp(trained[:, 2]) == 0
    assert trained[:, 4].max() == 0
