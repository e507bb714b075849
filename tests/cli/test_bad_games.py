"""Games that do not start or break the rules, as the user of the command line meets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.failing import FAULT, Failure, Run, fake, settings, touch

from spacetime_rl.game.project import OWN_PROJECT


def test_a_scene_that_does_not_load_is_told_in_the_engines_words(fails: Run, tmp_path: Path, godot_bin: Path) -> None:
    project = tmp_path / "broken"
    project.mkdir()
    (project / "project.godot").write_text('config_version=5\n[application]\nrun/main_scene="res://main.tscn"\n')
    (project / "main.tscn").write_text("not a scene\n")
    cache = str(tmp_path / "cache")

    seen = fails("train", *settings(project=project), GODOT_BIN=str(godot_bin), XDG_CACHE_HOME=cache)

    assert seen.code == FAULT
    assert seen.headline == f"{project}: the game ended before it connected (exit code 1); its log ends:"
    assert "res://main.tscn:1 - Parse Error" in seen.message
    assert "Failed loading scene: res://main.tscn" in seen.message


def test_a_scene_without_a_bridge_is_told(fails: Run) -> None:
    seen = fails("train", *settings(project=OWN_PROJECT, game__scene="res://tests/fixtures/no_bridge.tscn"))

    assert seen.code == FAULT
    assert "the scene has no RLBridge node: nothing would ever connect" in seen.headline


def test_a_script_error_at_start_is_told_with_its_line(fails: Run) -> None:
    seen = fails("train", *touch(fault="build_error"))

    assert seen.code == FAULT
    where, _, rest = seen.headline.partition("touch_arena.gd:")
    assert where == f"{OWN_PROJECT}: the game cannot start: res://tests/fixtures/touch/"
    assert (
        "in TouchArena._break_down: Cannot call method 'queue_free' on a null value. (exit code 70: script error)"
        in rest
    )


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("dies_at_start", "the game ended before it connected (exit code 70: script error; SPACETIME-ERROR res://main"),
        ("dies_at_handshake", "the game ended before it answered the handshake (exit code 7); its log ends:"),
        ("never_connects", "); is there an RLBridge or a Sync node in its scene?; its log ends:"),
        ("silent", "the game connected but did not answer the handshake within 3 s"),
        ("wrong_token", "the game gave the wrong token: is another launch's --token passed to it?; its log ends:"),
        ("garbage_json", "the game's handshake failed: a message that is not JSON"),
    ],
)
def test_a_game_that_does_not_begin_well_is_told(fails: Run, tmp_path: Path, fault: str, message: str) -> None:
    patience = {"game__launch_timeout_s": 3} if fault in {"never_connects", "silent"} else {}

    seen = fails("train", *fake(tmp_path, fault, **patience))

    assert seen.code == FAULT
    assert message in seen.headline
    assert f"  | fake game, fault '{fault}'" in seen.message


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("die", "the connection ended at STEP (exit code 7)"),
        ("crash", "the connection ended at STEP (killed by SIGSEGV)"),
        ("hang", "no answer to STEP within 1 s (the process is running, but waits for something)"),
        ("short", "bad answer to STEP: a STATE frame has 56 bytes; at least 60 are expected of 3 agents"),
        ("oversized", "bad answer to STEP: a frame announces 2000000000 bytes; this game's frames have 1 to"),
        ("random", "bad answer to STEP: a frame of 577090037 bytes has the unknown kind 74 (known: 1 STATE"),
        ("nan", "bad answer to STEP: observation place[1] of agent giver_1 is nan"),
    ],
)
def test_a_game_that_breaks_the_rules_is_told(fails: Run, tmp_path: Path, fault: str, message: str) -> None:
    seen = play(fails, tmp_path, fake(tmp_path, fault, game__step_timeout_s=1))

    assert message in seen.headline
    assert f"  | fake game, fault '{fault}'" in seen.message


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            "script_error",
            "in TouchArena._break_down: Cannot call method 'queue_free' on a null value. (exit code 70: script",
        ),
        ("nan", "bad answer to STEP: observation age[0] of agent walker_0 is nan"),
        ("die", "the connection ended at STEP (killed by SIGKILL)"),
    ],
)
def test_a_real_game_that_fails_in_an_episode_is_told(fails: Run, tmp_path: Path, fault: str, message: str) -> None:
    seen = play(fails, tmp_path, touch(fault=fault, fault_tick=10))

    assert message in seen.headline


def test_training_that_cannot_go_on_ends_with_the_games_reason(
    fails: Run, tmp_path: Path, ray_settings: list[str]
) -> None:
    results = tmp_path / "elsewhere"
    options = [*touch(fault="script_error"), *settings(game__max_lifetime_restarts=1)]

    seen = fails("train", "--run-id", "one", "--results", str(results), *options, *ray_settings)

    assert seen.code == FAULT
    assert seen.headline.startswith("one: training failed: a game failed again after max_lifetime_restarts =")
    assert "touch_arena.gd" in seen.headline
    assert f"More is in {results}/one/logs." in seen.message
    logs = (results / "one" / "logs").rglob("runner1-game0*.log")
    assert any("_break_down" in log.read_text() for log in logs)


def play(fails: Run, folder: Path, options: list[str]) -> Failure:
    """Evaluate, the fastest command that plays: a game that fails is started again three times, then it is given up."""
    (folder / "own.yaml").write_text("scenario: {name: null}\n")
    seen = fails("eval", "random", "--config", "own.yaml", "--episodes", "3", "--games", "1", "--arenas", "1", *options)
    assert seen.code == FAULT
    assert len(seen.warnings) == 3
    assert seen.message.startswith("evaluation: a game failed 4 times, at last: ")
    return seen
