"""Games in a window: a person's real keys, what the screen shows, policies that play before one's eyes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support.command import PROGRAM
from support.screen import SIZE, Screen, missing, open_screen

from spacetime_rl.config import RunConfig, dump
from spacetime_rl.episodes.episode import Episode
from spacetime_rl.episodes.files import read_episode
from spacetime_rl.episodes.replay import play_again
from spacetime_rl.errors import ContractError, GameClosed, UsageError
from spacetime_rl.evaluation.watch import Wanted, play_in_window
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.runs.layout import onnx_file
from spacetime_rl.runs.shipped import read_baseline

pytestmark = pytest.mark.skipif(missing() != "", reason=missing())

ROOM = {"players": 2, "screens": 0, "time_limit_s": 300.0}
RETURN = (slice(68, 90), slice(12, 392))  # its line of the rewards on screen
DEADLINE = 900  # decisions, a minute of game time


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    with open_screen(tmp_path) as opened:
        monkeypatch.setenv("DISPLAY", opened.display)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        yield opened


def room(human: str | None) -> GameLaunch:
    return GameLaunch(scenario="vr_interaction", params=ROOM, window=True, human=human, control="heuristic", seed=3)


def nothing(game: Game) -> list[NDArray[np.float32]]:
    return [np.zeros((len(group.agents), group.layout.action_size), np.float32) for group in game.spec.groups]


def wait(game: Game) -> None:
    for _ in range(DEADLINE):
        game.step(nothing(game))


def test_a_person_walks_by_key_and_sees_the_rewards_change(screen: Screen) -> None:
    with open_game(room("taker_0")) as game:
        state = game.reset(3)
        idle = nothing(game)
        taker = [group.name for group in game.spec.groups].index("taker")
        for _ in range(15):
            state = game.step(idle)
        still = state.observations[taker][0, :2].copy()
        for _ in range(15):
            state = game.step(idle)
        assert np.allclose(state.observations[taker][0, :2], still, atol=1e-5), "nobody touches the keys"
        before = screen.picture().copy()

        screen.press("w")
        for _ in range(DEADLINE):
            state = game.step(idle)
            if np.abs(state.observations[taker][0, :2] - still).max() > 0.05:
                break
        screen.release("w")

        assert np.abs(state.observations[taker][0, :2] - still).max() > 0.05, "the player did not walk"
        after = screen.picture()
        assert after.shape == (SIZE[1], SIZE[0], 3)
        assert before.std() > 10, "the window is empty"
        assert (before[RETURN] != after[RETURN]).any(), "the rewards on screen did not change"
        assert (before[360:] != after[360:]).mean() > 0.05, "the view did not follow the player"


def test_escape_ends_the_game_without_a_fault(screen: Screen) -> None:
    with open_game(room("")) as game:
        game.reset(3)
        game.step(nothing(game))
        screen.press("Escape")
        with pytest.raises(GameClosed, match="exit code 0"):
            wait(game)


def test_an_agent_that_is_not_there_cannot_be_played(screen: Screen) -> None:
    with pytest.raises(ContractError, match=r"--human=giver_7: no such agent; there are giver_0, taker_0"):
        open_game(room("giver_7"))


def test_policies_play_before_ones_eyes(screen: Screen, config: RunConfig, onnx_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "touch.yaml").write_text(dump(config))
    options = [
        "--policy",
        str(onnx_folder),
        "--episodes",
        "2",
        "--seed",
        "5",
        "--set",
        "game.episode_steps=10",
        "--json",
    ]

    done = subprocess.run(
        [*PROGRAM, "play", "touch.yaml", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    played = json.loads(done.stdout)
    assert [episode["episode"] for episode in played] == [0, 1]
    assert all(metrics["length"] <= 10 for episode in played for metrics in episode["agents"].values())


def test_the_game_itself_plays_the_same_episodes_as_python(
    screen: Screen, onnx_folder: Path, config: RunConfig, tmp_path: Path
) -> None:
    python, game = (played(onnx_folder, config, tmp_path / name, name == "game") for name in ("python", "game"))

    acted = [(one.actions, other.actions) for one, other in zip(python.trace.agents, game.trace.agents, strict=True)]
    for one, other in acted:
        assert one is not None
        assert other is not None
        np.testing.assert_allclose(other, one, atol=1e-3)
    assert max(len(np.unique(other, axis=0)) for _, other in acted if other is not None) > 1


def played(onnx_folder: Path, config: RunConfig, folder: Path, in_game: bool) -> Episode:
    """The first episode of policies in a window."""
    folder.mkdir()
    (folder / "touch.yaml").write_text(dump(config))
    short = ("game.episode_steps=10",)
    wanted = Wanted(str(folder / "touch.yaml"), short, str(onnx_folder), None, None, 5, 1, folder, in_game)
    (episode,) = play_in_window(wanted, folder)
    assert episode.episode == 0
    (recorded,) = folder.glob("ep_*.parquet")
    return read_episode(recorded)


def test_f3_shows_and_hides_what_a_policy_in_the_game_sees_and_decides(screen: Screen) -> None:
    baseline = read_baseline("vr_interaction")
    files = {policy: onnx_file(baseline.folder, policy) for policy in baseline.policies}

    with open_game(replace(room(None), control="policy", in_game=files)) as game:
        game.reset(3)
        assert shows_sheet(game, screen, False)
        for shown in (True, False):
            screen.press("F3")
            screen.release("F3")
            assert shows_sheet(game, screen, shown)


def shows_sheet(game: Game, screen: Screen, shown: bool) -> bool:
    """Whether a dark sheet comes, or goes, before the bright sky at the right."""
    for _ in range(DEADLINE):
        game.step(nothing(game))
        picture = screen.picture()
        if ((picture[20:150, 820:1260].max(axis=-1) < 90).mean() > 0.5) == shown:
            return True
    return False


def test_in_the_game_only_trained_policies_play(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DISPLAY", ":nowhere")
    for policy, message in (
        ("random", "play --policy random --in-game: expected a trained"),
        (None, "name a scenario"),
    ):
        with pytest.raises(UsageError, match=message):
            list(play_in_window(Wanted(None, (), policy, None, None, 0, 1, in_game=True), tmp_path))


def test_closing_the_window_ends_the_command_and_a_persons_episodes_replay(screen: Screen, tmp_path: Path) -> None:
    command = [*PROGRAM, "play", "vr_ui", "--set", "scenario.params.time_limit_s=1", "--record"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as playing:
        assert playing.stdout is not None
        first = playing.stdout.readline()
        screen.press("Escape")
        assert playing.wait(timeout=120) == 0
    assert first.startswith("episode 0  user_0: no success, return ")
    recorded = sorted(tmp_path.glob("results/episodes/*-play/ep_*.parquet"))
    assert recorded[0].name == "ep_000000.parquet"
    episode = read_episode(recorded[0])
    assert (episode.player, episode.pace) == ("heuristic and a person", "real time")
    (user,) = episode.trace.agents
    assert user.actions is not None  # what `imitation.from` learns from
    assert user.actions.shape == (len(user.ticks) - 1, episode.layouts[user.policy].action_size)
    assert play_again(episode).difference is None
