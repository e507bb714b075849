"""RLClient and RLEnv, the game's side of docs/websocket.md, in the real Godot against the real server."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from support.served_game import TOUCH, served_game, wait_until
from support.serving import random_served, serving

from spacetime_rl.serving.transitions import Transitions

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
