"""What `inspect` finds in a game's numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from rich.console import Console
from support.shown_game import AGENTS, ShownGames, uniform
from typer.testing import CliRunner

from spacetime_rl.cli.app import app
from spacetime_rl.config import RunConfig
from spacetime_rl.evaluation.evaluate import Open
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.inspection import sample
from spacetime_rl.inspection.columns import Columns
from spacetime_rl.inspection.report import Inspection, make_report, show
from spacetime_rl.inspection.sample import play_random

STOCK_GAME = Path(__file__).parents[1] / "fixtures" / "stock_game"  # its name only: a fake is opened in its place
CONFIG = RunConfig.model_validate({"scenario": {"name": "bench"}})


def inspect(games: ShownGames, decisions: int = 100, config: RunConfig = CONFIG) -> Inspection:
    return make_report(play_random(config, 60.0, decisions, cast(Open, games)), config)


def found(games: ShownGames, **options: Any) -> list[str]:
    return [f"{f.severity} {f.where}: {f.text}" for f in inspect(games, **options).findings]


def test_columns_agree_with_numpy_however_they_come_in() -> None:
    rng = np.random.default_rng(1)
    values = np.round(rng.normal(3.0, 2.0, (997, 5)), 1).astype(np.float32)
    values[:, 2] = 0.0
    columns = Columns(5)
    for part in np.array_split(values, 13):
        columns.add(part)
    columns.add(values[:0])

    wide = values.astype(np.float64)
    assert columns.rows == 997
    assert columns.mean == pytest.approx(wide.mean(axis=0))
    assert columns.std == pytest.approx(wide.std(axis=0))
    assert columns.zero_shares == pytest.approx((wide == 0).mean(axis=0))
    limits = np.maximum((wide == wide.min(axis=0)).mean(axis=0), (wide == wide.max(axis=0)).mean(axis=0))
    limits[2] = 0.0  # 0 is no limit
    assert columns.saturation == pytest.approx(limits)
    assert columns.constant.tolist() == [False, False, True, False, False]


def listed(draw: Any, rows: int = 4) -> ShownGames:
    """A game with a list of entities; `draw` changes rows of random entities, the last of which is never used."""

    def cells(rng: np.random.Generator) -> np.ndarray:
        drawn = rng.uniform(-1.0, 1.0, (AGENTS, rows, 3))
        drawn[..., 0] = rng.random((AGENTS, rows)) < 0.5
        drawn[:, -1, 0] = 0.0
        drawn *= drawn[..., :1]
        draw(drawn)
        return drawn.reshape(AGENTS, -1)

    return ShownGames({"others": (3 * rows, cells)}, lists={"others": ("present", "x", "speed")})


def test_a_list_of_entities_is_described_by_the_entities_that_are_there() -> None:
    report = inspect(listed(lambda rows: None))

    assert [f for f in report.findings if f.severity != "note"] == []
    figures = report.policies["walker"]["observations"]
    assert list(figures) == ["others", "others.x", "others.speed"]
    assert figures["others"] == pytest.approx(
        {"size": 12, "min": 0, "mean": 1.5, "std": 0.87, "max": 3, "zeros": 0.125}, abs=0.1
    )
    assert figures["others.speed"]["zeros"] == 0.0


@pytest.mark.parametrize(
    ("draw", "finding"),
    [
        (lambda rows: rows.fill(0.0), "warning walker.others: no entity in random play: it carries nothing"),
        (
            lambda rows: rows[..., 2].fill(0.0),
            "warning walker.others.speed: always 0 in random play: it carries nothing",
        ),
        (
            lambda rows: rows[:, 0, 0].fill(0.5),
            "warning walker.others: 'present' is neither 0 nor 1 in some rows; write 1 where there is an entity, "
            "and otherwise 0",
        ),
        (
            lambda rows: rows[:, -1, 1].fill(3.0),
            "warning walker.others: rows whose 'present' is 0 hold other numbers than 0; write zeros there",
        ),
    ],
)
def test_what_is_wrong_with_a_list_of_entities(draw: Any, finding: str) -> None:
    assert finding in found(listed(draw))


def test_a_game_whose_numbers_are_fine_gets_no_warning() -> None:
    report = inspect(ShownGames({"place": (3, uniform(3))}))

    assert [f for f in report.findings if f.severity != "note"] == []
    assert not report.faulty
    episodes = report.policies["walker"]["episodes"]
    assert (episodes["finished"], episodes["length"]["mean"]) == (10 * AGENTS, 10.0)
    figures = report.policies["walker"]["observations"]["place"]
    assert (figures["size"], figures["zeros"]) == (3, 0.0)
    assert -1.0 <= figures["min"] < -0.9 < 0.9 < figures["max"] <= 1.0


def test_columns_that_carry_nothing_are_named_one_by_one() -> None:
    def seen(rng: np.random.Generator) -> Any:
        values = rng.uniform(-1.0, 1.0, (AGENTS, 4))
        values[:, 1], values[:, 2], values[:, 3] = 0.0, 7.0, values[:, 0]
        return values

    assert found(ShownGames({"pose": (4, seen), "one": (1, lambda _: 3.0)}))[:4] == [
        "warning walker.pose: always 0 in random play in pose[1]: it carries nothing",
        "warning walker.pose: constant (7) in pose[2]: it carries nothing",
        "warning walker.one: constant (3): it carries nothing",
        "warning walker: the same number twice: pose[3] = pose[0]",
    ]


def test_large_numbers_are_a_warning_where_nothing_scales_them() -> None:
    games = ShownGames({"height": (1, lambda rng: rng.uniform(0.0, 4000.0, (AGENTS, 1)))})
    plain = CONFIG.model_validate({"scenario": {"name": "bench"}, "model": {"normalize_observations": False}})

    assert any(text.startswith("note walker.height: up to ") for text in found(games))
    assert any(text.startswith("warning walker.height: up to ") for text in found(games, config=plain))


def test_a_column_at_its_limit_most_of_the_time_is_noted() -> None:
    games = ShownGames({"ray": (1, lambda rng: np.where(rng.random((AGENTS, 1)) < 0.05, 0.5, 1.0))})

    assert any("walker.ray: at its limit for 9" in text for text in found(games))


def test_an_image_that_never_changes_is_named() -> None:
    assert "warning walker.eye: the image never changes: every pixel is 1" in found(
        ShownGames({"place": (1, uniform(1))}, image=255)
    )


@pytest.mark.parametrize(
    ("reward", "words"),
    [
        (lambda *_: 0.0, "never anything but 0 in random play"),
        (lambda *_: -0.5, "constant (-0.5): no action is better than another"),
        (lambda actions, _: 1e6 * actions[:, 0], "a decision: large; returns of about 1 to 100 learn best"),
    ],
)
def test_a_reward_that_teaches_nothing_is_named(reward: Any, words: str) -> None:
    assert any(words in text for text in found(ShownGames({"place": (1, uniform(1))}, reward=reward)))


def test_a_term_that_is_nearly_all_of_the_reward_is_named() -> None:
    terms = {
        "reward/near": lambda value: value,
        "reward/comfort": lambda value: value / 1000,
        "reward/goal": lambda _: 0.0,
    }
    texts = found(ShownGames({"place": (1, uniform(1))}, terms=terms))

    assert "warning walker.reward: 100% of its size is reward/near: the rest hardly counts" in texts
    assert "note walker.reward: never anything but 0 in random play: reward/goal" in texts


def test_episodes_that_never_end_or_end_at_once_are_named() -> None:
    place = {"place": (1, uniform(1))}
    assert (
        "warning walker.episodes: none ended within 1,000 decisions: set game.episode_steps, or end them in the game"
        in found(ShownGames(place, length=10**9), decisions=1000)
    )
    assert any("every one ends after one decision" in text for text in found(ShownGames(place, length=1)))


def test_an_action_that_changes_nothing_is_found_by_playing_again_without_it() -> None:
    games = ShownGames({"place": (1, uniform(1))})

    assert "note walker.press: this action changed nothing in the episode that was tried" in found(games)
    assert not any("walker.move:" in text for text in found(games))


def test_a_stock_game_is_inspected_too() -> None:
    report = inspect(ShownGames({"place": (1, uniform(1))}, stock=True))

    assert report.policies["walker"]["episodes"]["finished"] == 10 * AGENTS
    assert report.policies["walker"]["idle_actions"] == []


def test_a_number_that_is_none_is_a_fault_and_what_came_before_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    games = ShownGames({"speed": (1, uniform(1))}, fault_at=60)
    monkeypatch.setattr(sample, "open_game", games)
    monkeypatch.setattr(sample.play_random, "__defaults__", (games,))

    done = CliRunner().invoke(app, ["inspect", str(STOCK_GAME), "--json", "--time", "30", "--decisions", "200"])

    assert done.exit_code == 1, done.exception
    document = json.loads(done.stdout)
    assert document["findings"][0]["severity"] == "fault"
    assert "observation speed[0] of agent walker_2 is nan" in document["findings"][0]["text"]
    assert document["policies"]["walker"]["observations"]["speed"]["size"] == 1


def test_people_get_a_table_that_fits_a_terminal() -> None:
    console = Console(width=80)
    with console.capture() as captured:
        for part in show(inspect(ShownGames({"a_rather_long_name": (12, uniform(12))}))):
            console.print(part)

    lines = captured.get().splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.split()[:2] == ["a_rather_long_name", "12"] for line in lines)
    assert any("walker, 4 agents" in line for line in lines)


def test_a_real_scene_is_inspected(godot_bin: Any) -> None:
    scene = "game.scene=res://tests/fixtures/touch/touch.tscn"

    done = CliRunner().invoke(
        app, ["inspect", str(OWN_PROJECT), "--set", scene, "--time", "300", "--decisions", "150", "--json"]
    )

    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert set(document["policies"]) == {"walker", "jumper"}
    assert document["decisions"] == 150
