"""Films of recorded episodes, drawn by the real engine on a screen that nobody sees."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import imageio_ffmpeg
import pytest
import yaml
from PIL import Image
from support.command import Done, run_command
from support.screen import missing
from support.touch_run import RUN

from spacetime_rl.episodes.files import read_episode
from spacetime_rl.episodes.video import TICKS, find_ffmpeg, make_video
from spacetime_rl.errors import RecordingError, UsageError

drawn = pytest.mark.skipif(missing() != "", reason=missing())


@pytest.fixture
def command(
    tmp_path: Path, godot_bin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    config = {**RUN, "scenario": {"params": {"max_ticks": 60}}, "evaluation": {"games": 1, "arenas": 1, "episodes": 3}}
    (tmp_path / "touch.yaml").write_text(yaml.safe_dump(config))
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)


@drawn
def test_the_best_and_the_worst_episode_are_filmed_and_a_replay_is_drawn(
    tmp_path: Path, command: Callable[..., Done]
) -> None:
    done = command("eval", "heuristic", "--config", "touch.yaml", "--video", "2", "--output", "films", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    films = sorted(Path("films").iterdir())
    assert [film.name.partition("-")[0] for film in films] == ["best", "worst"]
    assert [str(film) for film in films] == sorted(found["files"])
    number = int(films[0].stem.rpartition("-")[2])
    recording = Path(found["recorded"]) / f"ep_{number:06}.parquet"
    ticks = max(int(agent.ticks[-1]) for agent in read_episode(recording).trace.agents)
    frames, _ = imageio_ffmpeg.count_frames_and_secs(str(films[0]))
    assert abs(frames - ticks // TICKS) <= 1

    shown = command("replay", str(recording), "--frames", "frames", "--overlay", "--check")
    assert shown.code == 0, shown.err
    assert "replayed exactly" in shown.out
    pictures = sorted(Path("frames").glob("frame_*.png"))
    assert abs(len(pictures) - ticks // TICKS) <= 1
    with Image.open(pictures[-1]) as picture:
        assert picture.size == (640, 360)
        assert len(picture.convert("RGB").getcolors(10**6) or range(10**6)) > 50  # a scene, not one colour


def test_two_ways_to_see_a_replay_are_one_too_many(tmp_path: Path, command: Callable[..., Done]) -> None:
    done = command("replay", "ep.parquet", "--video", "a.mp4", "--frames", "b")
    assert done.code == 2
    assert "give one" in done.err


def test_a_video_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="has drawn no picture"):
        make_video(tmp_path, 90, tmp_path / "out.mp4")


def test_without_ffmpeg_it_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"pip install 'spacetime-rl\[video\]'"):
        find_ffmpeg()
