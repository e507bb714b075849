"""Source document 002, a motorcycle and a car, thing by thing: its ways to run a game, its step, its clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from support.examples import run_example
from support.ports import free_port

from spacetime_rl.client import SyncGameClient
from spacetime_rl.envs.tcp import TcpEnv, tcp_env
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.process import GameProcess
from spacetime_rl.game.project import OWN_PROJECT, find_scenario, import_project

WAIT_S = 60.0
# "Adjustable simulation speeds and headless option": the words on the game's command line.
HEADLESS = ("--headless", "--fixed-fps", "90")
SPEEDS = ("--speedup=1", "--speedup=8", "--speedup=100")
# What its scripts train: each algorithm on the game that suits its actions.
TRAINED = {"PPO": ("parking_3d",), "DQN": ("motorcycle_2d", '--params={"actions": "discrete"}')}


@pytest.fixture
def games(tmp_path: Path) -> Iterator[Any]:
    """Start games that wait for a Python client, as `Run Current Scene` does there."""
    with ExitStack() as started:

        def start(scenario: str, *words: str) -> tuple[int, GameProcess]:
            godot, port = find_godot(), free_port()
            scene = find_scenario(scenario).scene
            engine = [str(godot.path), *HEADLESS, "--path", str(import_project(OWN_PROJECT, godot)), scene]
            command = [*engine, "--xr-mode", "off", "--", f"--listen={port}", *words]
            process = GameProcess(command, name=f"driving-{port}", log_dir=tmp_path)
            started.callback(process.kill)
            return port, process

        yield start


@pytest.mark.parametrize("scenario", ["motorcycle_2d", "parking_3d"])
def test_a_game_waits_for_a_client_on_this_machine_alone_and_stands_still_between_its_steps(
    games: Any, scenario: str
) -> None:
    """Running: "this should now wait for a Python client to connect"; security: loopback; a step of six stages."""
    port, process = games(scenario)
    with SyncGameClient.connect(port=port, wait_s=WAIT_S) as client:
        listens = [c.laddr for c in psutil.Process(process.pid).net_connections("tcp") if c.status == "LISTEN"]
        assert [(address.ip, address.port) for address in listens] == [("127.0.0.1", port)]
        (agent,) = client.agents
        actions = {agent: [0.5, -0.5]}
        client.reset(seed=3)
        at_once = [client.step(actions)[agent] for _ in range(5)]
        client.reset(seed=3)
        late = []
        for _ in range(5):
            for _ in range(50):
                client.ping()  # time goes by, and no tick
            late.append(client.step(actions)[agent])
        client.quit()
    assert process.wait(WAIT_S)
    assert process.exit_code() == 0
    for now, then in zip(at_once, late, strict=True):
        assert np.array_equal(now.observation, then.observation)
        assert (now.reward, now.terminated, now.truncated) == (then.reward, then.terminated, then.truncated)
    assert f"127.0.0.1:{port}" in process.log_path.read_text()


def test_each_environment_owns_a_client_of_a_game_of_its_own(games: Any) -> None:
    """Architecture: "each Gymnasium-compatible environment in Python owns a TCP client"; at several speeds."""

    def play(envs: list[TcpEnv]) -> list[list[np.ndarray]]:
        seen = [[env.reset(seed=number)[0]] for number, env in enumerate(envs)]
        for step in range(20):
            for mine, env in zip(seen, envs, strict=True):  # in turns
                mine.append(env.step(np.full(env.action_space.shape, np.sin(step), np.float32))[0])
        return seen

    envs = [tcp_env(port=games("motorcycle_2d", speed)[0], wait_s=WAIT_S) for speed in SPEEDS]
    try:
        together = play(envs)
        for number, env in enumerate(envs):
            alone = play([env])  # the episode that the first one played among the others
            assert np.array_equal(alone[0], together[0]), SPEEDS[number]
    finally:
        for env in envs:
            env.close()


@pytest.mark.slow  # torch is imported four times
@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
def test_scripts_train_and_evaluate_a_game_that_waits(games: Any, tmp_path: Path, algorithm: str) -> None:
    """Running: "run `sb3_eval…` or `sb3_train_agent…` depending if you want to train or evaluate an agent"."""
    port, process = games(*TRAINED[algorithm])
    game = (algorithm, f"127.0.0.1:{port}")
    run_example(tmp_path, "sb3_train.py", *game, "--timesteps", "192", "--save", "model")
    played = run_example(tmp_path, "sb3_evaluate.py", *game, "--model", "model", "--episodes", "2")

    assert (tmp_path / "model.zip").is_file()
    assert played.startswith(f"{algorithm}: "), played
    assert not process.wait(0.0)  # it waits for the next client
