"""A wrong configuration or engine, as the user of the command line meets it: one message and nothing left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.failing import FAULT, USAGE, Run, fake, make_program, settings

from spacetime_rl.game.project import OWN_PROJECT


def test_every_mistake_in_a_file_is_listed_at_once_with_its_line(fails: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: vr_interaction\ngame: {arenaz: 3}\ntraining: {lr: fast}\n")

    seen = fails("train", "mine.yaml", *settings(stop__iterations=1.5))

    assert seen.code == USAGE
    assert seen.message.splitlines() == [
        "3 mistakes:",
        "  mine.yaml:2: game.arenaz: unknown key; did you mean 'arenas'?",
        "  mine.yaml:3: training.lr: expected a number, found 'fast'",
        "  --set: stop.iterations: expected a whole number, found 1.5",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["vr_interaction", *settings(lrr=1)], "--set: lrr: unknown key; did you mean 'training.lr'?"),
        (["vr_interaction", "--set", "rubbish"], "--set rubbish: expected key=value, for example training.lr=1e-4"),
        (["vr_interactoin"], "vr_interactoin: no such configuration file, nor a packaged one; did you mean"),
        ([], "train: name a configuration, as in `spacetime-rl train vr_interaction`; `spacetime-rl scenarios` lists"),
        (
            settings(scenario__name="vr_interactio"),
            "scenario.name: unknown scenario 'vr_interactio'; did you mean 'vr_",
        ),
        (settings(scenario__name="chess"), "--set: scenario.name: unknown scenario 'chess'; scenarios: "),
        (
            ["vr_interaction", *settings(policies="{giver: {}}", policy_mapping="[{agents: '*', policy: givr}]")],
            "--set: policy_mapping.0.policy: unknown policy 'givr'; did you mean 'giver'?",
        ),
        (settings(project="/nowhere"), "/nowhere is not a Godot project: it has no project.godot"),
        (settings(env_path="/nowhere/game"), "game.env_path: /nowhere/game is not a file; it names the program of"),
        (
            settings(project=OWN_PROJECT, game__scene="res://scenarios/vr_interaction/vr_interacton.tscn"),
            "did you mean 'res://scenarios/vr_interaction/vr_interaction.tscn'?",
        ),
        (["vr_interaction", "--resume", "earlier", "--force"], "--force: begins a run, --resume continues one"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_write_instead(fails: Run, arguments: list[str], message: str) -> None:
    seen = fails("train", *arguments)

    assert seen.code == USAGE
    assert message in seen.message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("eval heuristic --config vr_navigation --output here", "eval heuristic: --output: the folder of the pictures"),
        ("eval random --config vr_navigation --checkpoint-number 3", "--checkpoint-number 3: has no checkpoints"),
        ("bench vr_navigation --head --games 2", "bench --head: TARGET, --games: it plays no game; leave it out"),
        ("bench --head --seconds 2.0", "bench --head: --seconds: it plays no game; leave it out"),
        ("doctor --address http://head:8265", "doctor: --address: about a cluster; add --cluster"),
        ("doctor --hash --cluster", "doctor: --hash is about this machine, --cluster about others"),
        ("sweep --resume earlier --tracking-uri sqlite:///x.db", "--tracking-uri: begins a sweep, --resume continues"),
        ("sweep --resume earlier --seed 3", "--seed: begins a sweep, --resume continues one"),
        ("submit eval policies --num-gpus 1", "submit eval: --num-gpus: not for an evaluation"),
    ],
)
def test_an_option_without_effect_is_refused(fails: Run, arguments: str, message: str) -> None:
    seen = fails(*arguments.split())

    assert seen.code == USAGE
    assert message in seen.message


def test_a_label_without_its_value_is_named_before_a_cluster_is_asked(fails: Run) -> None:
    seen = fails("submit", "train", "vr_interaction", "--driver-on", "games")

    assert seen.code == USAGE
    assert "--driver-on games: expected LABEL=VALUE" in seen.message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"policies": "{givr: {}}"}, "policies.givr: plays no agent of this game; did you mean 'giver'?"),
        ({"policies_to_train": "[takr]"}, "policies_to_train.0: 'takr' plays no agent of this game; did you mean"),
        (
            {"policy_mapping": "[{agents: giver_*, policy: a}, {agents: takr_*, policy: b}, {agents: '*', policy: c}]"},
            "policy_mapping.1.agents: 'takr_*' matches no agent; agents: giver_0, giver_1, taker_0",
        ),
        (
            {"policy_mapping": "[{agents: giver_*, policy: giver}]"},
            "policy_mapping: no rule matches taker_0; every agent needs a policy",
        ),
        (
            {"policies": "{giver: {observation_size: 4}}"},
            "policies.giver.observation_size: the game says 3, the config 4",
        ),
        ({"policies": "{taker: {action_size: 9}}"}, "policies.taker.action_size: the game says 1, the config 9"),
        ({"scenario__params__bais": 1}, "the game refuses to start: unknown parameter 'bais'; did you mean 'bias'?"),
    ],
)
def test_a_disagreement_with_the_game_is_found_before_ray_starts(
    fails: Run, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    seen = fails("train", *fake(tmp_path, **changes))

    assert seen.code == USAGE
    assert message in seen.message
    assert "Ray" not in seen.progress


def test_wrong_parameters_of_a_scenario_are_all_told_by_the_real_game(fails: Run) -> None:
    seen = fails("train", "vr_interaction", *settings(scenario__params__playerz=4, scenario__params__players=99))

    assert seen.code == USAGE
    assert "unknown parameter 'playerz'; did you mean 'players'?" in seen.message
    assert "parameter 'players': 99 is outside 2..8" in seen.message


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "GODOT_BIN: {godot} is not a file; run `spacetime-rl godot install`, or set GODOT_BIN"),
        ("not executable", "GODOT_BIN: {godot} is not executable; `chmod +x` it; run `spacetime-rl godot install`"),
        ("too old", "GODOT_BIN: {godot} is Godot 4.2.2, but 4.5 or newer is needed; run `spacetime-rl godot install`"),
        ("no Godot", "{godot} does not answer --version as Godot does, it says 'hello'; run `spacetime-rl godot"),
        ("broken", "Godot could not import {project} (exit code 127); it says:\n  | a library is missing"),
    ],
)
def test_a_godot_of_no_use_is_named_with_the_remedy(fails: Run, tmp_path: Path, kind: str, message: str) -> None:
    says = {"too old": "echo 4.2.2.stable.official", "no Godot": "echo hello"}.get(kind, "echo 4.6.3.stable")
    check = f'if [ "$1" = --version ]; then {says}; exit; fi'
    godot = make_program(tmp_path / "engine" / "godot", check, "echo a library is missing", "exit 127")
    if kind == "not executable":
        godot.chmod(0o644)
    if kind == "missing":
        godot.unlink()

    seen = fails("train", "vr_interaction", GODOT_BIN=str(godot), XDG_CACHE_HOME=str(tmp_path / "cache"))

    assert seen.code == FAULT
    assert seen.message.startswith(message.format(godot=godot, project=OWN_PROJECT))


@pytest.mark.parametrize("command", [["train", "vr_interaction"], ["godot", "path"]])
def test_without_any_godot_it_says_how_to_get_one(fails: Run, tmp_path: Path, command: list[str]) -> None:
    cache = tmp_path / "cache"

    seen = fails(*command, GODOT_BIN="", PATH=str(tmp_path), XDG_CACHE_HOME=str(cache))

    assert seen.code == FAULT
    assert seen.message == (
        f"no Godot of version 4.5 or newer: none on PATH and none in {cache}/spacetime-rl/godot; "
        "run `spacetime-rl godot install`, or set GODOT_BIN to a Godot binary"
    )


def test_playing_without_a_display_is_told_with_what_to_do(fails: Run) -> None:
    seen = fails("play", "vr_interaction", DISPLAY="", WAYLAND_DISPLAY="")

    assert seen.code == USAGE
    assert "there is no display here" in seen.message
    assert "set DISPLAY; `xvfb-run -a spacetime-rl play" in seen.message
