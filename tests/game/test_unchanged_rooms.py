"""What the hands do, and what is seen, in the rooms of a game that knows nothing of reinforcement learning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spacetime_rl.game.api import Game, StepResult
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.trace import everything
from spacetime_rl.game.unchanged import Unchanged

ROOMS = Path(__file__).parent.parent / "fixtures" / "plain_rooms"
AIM = 1  # the choice of `click`: the nearest control or entry
KEYS = ("forward", "pause", "slow")
MENU = ("ui_accept", "ui_cancel", "ui_left", "ui_right", "ui_up", "ui_down")  # keys.gd grabs the focus
SLOTS = 7  # floats of a watched node: whether it is there, its place and its velocity


class Room:
    """A room that is played; `x` and `z` are where the watched nodes are, in units of 1000 px or 50 m."""

    def __init__(self, game: Game) -> None:
        self.game = game
        game.traces(everything(1))
        self.state = game.reset(0, 0, 1)

    def act(self, held: str = "", pointer: tuple[float, float] = (0.0, 0.0), click: int = 0) -> None:
        """One decision; `held` is an action of the input map."""
        hand = (*MENU, *KEYS).index(held) + 1 if held else 0
        self.state = self.game.step([np.array([[hand, 0, *pointer, click]], np.float32)])

    def click(self, x: float, y: float) -> None:
        """Click what is nearest to a place of the window, in pixels."""
        self.act(pointer=(x / 320.0 - 1.0, y / 180.0 - 1.0), click=AIM)
        self.act()  # a menu is there in the next frame

    def place(self, node: int) -> tuple[float, float]:
        """Where a watched node is."""
        row = _row(self.state)[SLOTS * node : SLOTS * (node + 1)]
        assert row[0] == 1.0, f"node {node} is not there"
        return round(float(row[1]), 4), round(float(row[3]), 4)

    @property
    def paused(self) -> bool:
        return bool(_row(self.state)[-2])

    @property
    def targets(self) -> int:
        """How much can be clicked."""
        return round(float(_row(self.state)[-1]) * 10)


def _row(state: StepResult) -> NDArray[np.float32]:
    """What the only agent observes."""
    (row,) = state.observations[0]
    return np.asarray(row, np.float32)


@contextmanager
def room(scene: str, *watch: str) -> Iterator[Room]:
    launch = GameLaunch(
        project=ROOMS,
        scene=f"res://{scene}.tscn",
        unchanged=Unchanged(watch=watch),
        oracles={"script_error": {}},
    )
    with open_game(launch) as game:
        yield Room(game)


@pytest.mark.usefixtures("godot_bin")
def test_dialogs_menus_and_choices_are_clicked_and_files_only_cancelled() -> None:
    with room("dialogs", "Seen", "Agreed") as played:
        assert played.targets == 3  # an open dialog hides what is outside of it: two buttons and the cross
        played.click(300, 200)
        assert played.place(1) == (1.0, 0.0)
        assert played.targets == 2

        played.click(70, 35)
        assert played.targets == 3  # the choices
        played.click(70, 300)
        assert played.place(0) == (2.0, 0.0)

        played.click(550, 35)
        played.click(550, 70)
        assert played.targets == 1  # the inner menu
        played.click(550, 70)
        assert played.place(0) == (2.0, 1.0)  # a dialog of files opened, and was cancelled

        (trace,) = played.game.traces(unfinished=True)
        assert [(found.key, found.decision) for found in trace.sightings] == [
            ("script_error:res://dialogs.gd:24", 1),
            ("script_error:res://dialogs.gd:30", 1),
        ]


@pytest.mark.usefixtures("godot_bin")
def test_in_3d_it_walks_looks_about_pauses_slows_down_and_begins_without_a_saved_game() -> None:
    with room("space", "Hero*", "group:enemies", "Save", "Look") as played:
        assert played.place(1) == (0.5, 0.0)
        assert played.place(2) == (1.0, 0.0)
        played.act("forward", pointer=(0.5, 0.0))
        walked = played.place(0)[1]
        assert walked < 0.0
        assert played.place(3)[0] > 0.0

        played.act("pause")
        assert played.paused
        played.act("forward")
        still = played.place(0)[1]
        played.act()
        played.act("pause")
        assert not played.paused
        played.act("forward")
        assert played.place(0)[1] < still

        far = walk(played)
        played.act("slow")
        assert walk(played) == pytest.approx(far / 2, rel=0.1)

        played.state = played.game.reset(0, 1, 1)
        assert played.place(2) == (1.0, 0.0)


def walk(played: Room) -> float:
    """How far somebody comes in one decision who walks already."""
    played.act("forward")
    before = played.place(0)[1]
    played.act("forward")
    return before - played.place(0)[1]


@pytest.mark.usefixtures("godot_bin")
def test_a_menu_that_takes_only_the_keyboard_is_played_with_it() -> None:
    with room("keys", "Keys") as played:
        assert played.targets == 0
        assert played.game.spec.groups[0].layout.actions[0].size == len(MENU) + len(KEYS) + 1
        assert played.place(0) == (0.0, 0.0)
        played.act("ui_accept")
        played.act()
        assert played.place(0) == (1.0, 0.0)
