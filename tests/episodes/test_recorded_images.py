"""Images that agents saw: recorded from the real engine, read back, and handed to other programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import minari
import numpy as np
import pytest
import yaml
from support.command import Done, run_command
from support.touch_run import RUN

from spacetime_rl.episodes.files import read_episode, write_episode
from spacetime_rl.errors import EpisodeError
from spacetime_rl.evaluation.story import evaluate_player
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.trace import NOTHING, Recording, everything

STOCK_GAME = Path(__file__).parent.parent / "fixtures" / "stock_game"


@pytest.fixture(scope="module")
def recorded(godot_bin: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two episodes of a game with our addon whose jumpers see an image that a script paints, without a renderer."""
    folder = tmp_path_factory.mktemp("images")
    config = {**RUN, "scenario": {"params": {"images": "jumpers"}}, "evaluation": {"games": 1, "episodes": 2}}
    (folder / "touch.yaml").write_text(yaml.safe_dump(config))
    evaluate_player("random", str(folder / "touch.yaml"), record_to=folder / "episodes")
    return folder / "episodes"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)


def test_a_file_has_the_images_of_those_who_saw_them(recorded: Path) -> None:
    episode = read_episode(recorded / "ep_000000.parquet")
    for agent in episode.trace.agents:
        shapes = {image.name: image.shape for image in episode.layouts[agent.policy].images}
        assert {name: images.shape[1:] for name, images in agent.images.items()} == shapes
        assert all(len(images) == len(agent.ticks) for images in agent.images.values())
    (jumper,) = [agent for agent in episode.trace.agents if agent.policy == "jumper"]
    (images,) = jumper.images.values()
    assert images.dtype == np.uint8
    assert len({image.tobytes() for image in images}) > 1  # they show what happens


def test_json_lines_name_the_pictures_that_lie_beside_them(
    recorded: Path, tmp_path: Path, command: Callable[..., Done]
) -> None:
    from PIL import Image

    done = command("episodes", "export", str(recorded), "--to", str(tmp_path))
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in (tmp_path / "ep_000001.jsonl").read_text().splitlines()]
    assert all(bool(line["images"]) == (line["policy"] == "jumper") for line in lines)
    line = [line for line in lines if line["policy"] == "jumper"][2]
    (name, picture), *_ = line["images"].items()
    (jumper,) = [a for a in read_episode(recorded / "ep_000001.parquet").trace.agents if a.policy == "jumper"]
    shown = np.asarray(Image.open(tmp_path / picture)).reshape(jumper.images[name][2].shape)
    np.testing.assert_array_equal(shown, jumper.images[name][2])


def test_a_dataset_has_images_beside_the_numbers(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Done]
) -> None:
    done = command("episodes", "export", str(recorded), "--format", "minari", "--to", str(tmp_path))
    assert done.code == 0, done.err
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    dataset = minari.load_dataset("touch/jumper-v0")
    (jumper,) = [a for a in read_episode(recorded / "ep_000000.parquet").trace.agents if a.policy == "jumper"]
    (name,) = jumper.images
    np.testing.assert_array_equal(dataset[0].observations[name], jumper.images[name])
    np.testing.assert_array_equal(dataset[0].observations["obs"], jumper.observations)


def test_a_file_without_the_images_still_reads_but_makes_no_dataset(
    recorded: Path, tmp_path: Path, command: Callable[..., Done]
) -> None:
    """As files of earlier versions are."""
    episode = read_episode(recorded / "ep_000000.parquet")
    blind = tuple(replace(agent, images={}) for agent in episode.trace.agents)
    write_episode(replace(episode, trace=replace(episode.trace, agents=blind)), tmp_path / "ep_000000.parquet")
    assert all(not agent.images for agent in read_episode(tmp_path / "ep_000000.parquet").trace.agents)
    done = command("episodes", "export", str(tmp_path), "--format", "minari", "--to", str(tmp_path / "out"))
    assert done.code == 2
    assert "was not recorded" in done.err


def test_images_of_another_size_than_their_policy_says_are_refused(recorded: Path, tmp_path: Path) -> None:
    episode = read_episode(recorded / "ep_000000.parquet")
    cut = tuple(
        replace(agent, images={name: images[:, 1:] for name, images in agent.images.items()})
        for agent in episode.trace.agents
    )
    write_episode(replace(episode, trace=replace(episode.trace, agents=cut)), tmp_path / "ep.parquet")
    with pytest.raises(EpisodeError, match="damaged"):
        read_episode(tmp_path / "ep.parquet")


def test_a_stock_games_cameras_are_recorded_only_if_observations_are_wanted(godot_bin: Path) -> None:
    with open_game(GameLaunch(project=STOCK_GAME)) as game:
        still = [
            np.zeros((game.spec.group_size(g), group.layout.action_size), np.float32)
            for g, group in enumerate(game.spec.groups)
        ]
        game.traces(everything(1))
        seen = [game.reset(0, 0, 1).observations[0].copy()]
        for _ in range(3):
            seen.append(game.step(still).observations[0].copy())
        traces = game.traces(Recording(9, observations=False), unfinished=True)
        finders = [agent for trace in traces for agent in trace.agents if agent.policy == "finder"]
        assert len(finders) == 2
        for place, finder in enumerate(sorted(finders, key=lambda finder: finder.name)):
            rows = len(finder.ticks)
            expected = np.rint(255 * np.stack([state[place, 3:] for state in seen[:rows]])).reshape(rows, 6, 8, 3)
            np.testing.assert_array_equal(finder.images["camera_2d"], expected)
        game.reset(0, 1, 1)
        game.step(still)
        assert game.traces(NOTHING, unfinished=True) == ()
