"""Films of a stock game: the engine writes its frames, because there is no addon in it that could."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest
import yaml
from PIL import Image
from support.command import Done, run_command
from support.screen import missing

from spacetime_rl.episodes.movie import by_engine, forget_frames, keep_pictures
from spacetime_rl.episodes.video import TICKS, film_play
from spacetime_rl.game.launch import MOVIE, Film, GameLaunch

STOCK_GAME = Path(__file__).parent.parent / "fixtures" / "stock_game"
SHOW = """extends Node2D


func _process(_delta: float) -> void:
	queue_redraw()


func _draw() -> void:
	var row := 1.0
	for finder: Node in [$"../FinderA", $"../FinderB"]:
		draw_circle(Vector2(320.0 + 300.0 * float(finder.get("place")), 120.0 * row), 20.0, Color.RED)
		row += 1.0
"""
NODE = '\n[ext_resource type="Script" path="res://show.gd" id="9"]\n\n[node name="Main" type="Node"]\n'
REPEAT, DECISIONS = 8, 20  # of the game: ticks of a decision, and decisions of an episode


@pytest.fixture
def command(
    tmp_path: Path, godot_bin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """The commands, in a folder with the stock game, to which something was added that can be seen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    game = Path(shutil.copytree(STOCK_GAME, tmp_path / "game"))
    (game / "show.gd").write_text(SHOW)
    scene = (game / "main.tscn").read_text().replace('\n[node name="Main" type="Node"]\n', NODE)
    (game / "main.tscn").write_text(
        f'{scene}\n[node name="Show" type="Node2D" parent="."]\nscript = ExtResource("9")\n'
    )
    config = {"name": "stock", "game": {"project": str(game)}, "evaluation": {"games": 1, "episodes": 3}}
    (tmp_path / "stock.yaml").write_text(yaml.safe_dump(config))
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)


@pytest.mark.slow  # it draws some hundred frames without a GPU: 30 s of processor time
@pytest.mark.skipif(missing() != "", reason=missing())
def test_its_episodes_are_filmed_once_more_and_a_replay_is_drawn(tmp_path: Path, command: Callable[..., Done]) -> None:
    done = command("eval", "random", "--config", "stock.yaml", "--video", "3", "--output", "films", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["files"] == ["films/first-3-episodes.mp4"]
    frames, _ = imageio_ffmpeg.count_frames_and_secs(found["files"][0])
    assert next(imageio_ffmpeg.read_frames(found["files"][0]))["size"] == (640, 360)
    expected = REPEAT * DECISIONS // TICKS
    assert expected <= frames <= expected + 3  # the game draws a few frames before it is asked to begin

    recording = sorted(Path(found["recorded"]).iterdir())[0]
    shown = command("replay", str(recording), "--frames", "frames", "--overlay", "--check")
    assert shown.code == 0, shown.err
    pictures = sorted(Path("frames").iterdir())
    assert {picture.suffix for picture in pictures} == {".png"}
    assert abs(len(pictures) - expected) <= 1
    places = {_red_column(picture) for picture in pictures}
    assert len(places) > 5  # it moves


def _red_column(picture: Path) -> int:
    """Where the circle of the first agent is."""
    with Image.open(picture) as image:
        width, height = image.size
        assert (width, height) == (1152, 648)  # of a project that sets no size
        pixels = np.asarray(image.convert("RGB"))[120]
        return int(np.argmax((pixels == (255, 0, 0)).all(axis=1)))


@pytest.mark.parametrize(
    ("asked", "filmed"),
    [({}, 150), ({"action_repeat": 4}, 300), ({"episode_steps": 40}, 40), ({"episode_steps": 4000}, 150)],
)
def test_an_episode_is_filmed_for_twenty_seconds_of_the_game(
    tmp_path: Path, asked: dict[str, Any], filmed: int
) -> None:
    launches = []

    def play(prepare: Callable[[GameLaunch], GameLaunch]) -> None:
        launches.append(prepare(GameLaunch(project=tmp_path, **asked)))
        raise ValueError("that is all")

    with pytest.raises(ValueError, match="that is all"):
        film_play(play, tmp_path / "film.mp4")

    assert [launch.episode_steps for launch in launches] == [filmed]


def test_one_of_some_frames_is_kept_and_those_before_the_beginning_are_not(tmp_path: Path) -> None:
    film = by_engine(Film(tmp_path, every=3, overlay=True))
    assert (film.by_engine, film.png, film.overlay) == (True, True, False)
    for number in range(2):
        (tmp_path / f"{MOVIE}{number:08}.png").write_bytes(b"early")
    forget_frames(film)
    for number in range(2, 9):
        (tmp_path / f"{MOVIE}{number:08}.png").write_bytes(b"%d" % number)
    (tmp_path / f"{MOVIE}.wav").write_bytes(b"")
    keep_pictures(film)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "frame_000000.png": b"2",
        "frame_000001.png": b"5",
        "frame_000002.png": b"8",
    }
