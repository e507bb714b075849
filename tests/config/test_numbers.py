"""Numbers as people write them, through every door of a configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spacetime_rl.config import dump, load
from spacetime_rl.config.document import parse_value
from spacetime_rl.config.numbers import did_you_mean_number, read_number
from spacetime_rl.config.sweep_loader import load_sweep
from spacetime_rl.errors import ConfigError

Read = Callable[[Path, str, str], Any]
GAME = "scenario: {name: vr_interaction}"


def from_a_file(folder: Path, key: str, value: str) -> Any:
    """The configuration of a file that sets one dotted key."""
    *sections, leaf = key.split(".")
    lines = [GAME, *(f"{'  ' * depth}{section}:" for depth, section in enumerate(sections))]
    (folder / "run.yaml").write_text("\n".join([*lines, f"{'  ' * len(sections)}{leaf}: {value}"]))
    return load(folder / "run.yaml")


def from_the_command_line(folder: Path, key: str, value: str) -> Any:
    return load(None, ["scenario.name=vr_interaction", f"{key}={value}"])


DOORS = pytest.mark.parametrize("door", [from_a_file, from_the_command_line], ids=["file", "set"])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1_000", 1000),
        ("1e6", 1_000_000),
        ("1E+3", 1000),
        ("1e-4", 1e-4),
        (".5", 0.5),
        ("5.", 5.0),
        ("+3", 3),
        ("+.5", 0.5),
        ("-1e-3", -1e-3),
        ("0x10", 16),
        ("0o17", 15),
        ("0b101", 5),
        ("0123", 123),
        ("09", 9),
        ("1_000e3", 1e6),
    ],
)
def test_a_number_is_read_as_people_mean_it(text: str, number: float) -> None:
    assert read_number(text) == parse_value(text) == number


@pytest.mark.parametrize(
    "text", ["1,5", "1:30", "10s", "yes", "no", "on", "off", "inf", "nan", "2026-01-01", "0x", "_1"]
)
def test_text_that_is_no_number_stays_text(text: str) -> None:
    assert read_number(text) is None
    assert parse_value(text) == text


@DOORS
@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("stop.agent_steps", "1e6", 1_000_000),
        ("stop.agent_steps", "2.5e3", 2500),
        ("seed", "0123", 123),
        ("game.arenas", "8.0", 8),
        ("game.port_range", "[2e4, 21_000]", (20_000, 21_000)),
        ("model.hiddens", "[1e2, 64]", (100, 64)),
        ("training.lr", "1e-4", 1e-4),
        ("training.gamma", ".5", 0.5),
        ("stop.time_s", "5.", 5.0),
        ("stop.time_s", "+3", 3.0),
        ("policies", "{no: {training: {lr: 1e-3}}}", None),
    ],
)
def test_a_setting_takes_every_way_to_write_a_number(
    door: Read, key: str, text: str, value: Any, tmp_path: Path
) -> None:
    found = door(tmp_path, key, text)
    for step in key.split("."):
        found = getattr(found, step)

    if key == "policies":
        assert found["no"].training.lr == 1e-3
    else:
        assert found == value
        assert type(found) is type(value)


@DOORS
@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        ("stop.agent_steps", "1.5", "expected a whole number, found 1.5"),
        ("stop.agent_steps", "1,000", "expected a whole number, found '1,000'; did you mean 1000?"),
        ("stop.agent_steps", "10k", "expected a whole number, found '10k'; did you mean 10000?"),
        ("stop.agent_steps", "-5", "should be greater than or equal to 1, found -5"),
        ("stop.agent_steps", ".inf", "expected a whole number, found inf"),
        ("stop.time_s", "1:30", "expected a number, found '1:30'; write one number, in seconds"),
        ("stop.time_s", "10s", "expected a number, found '10s'; did you mean 10?"),
        ("stop.time_s", "5 min", "expected a number, found '5 min'; did you mean 300?"),
        ("stop.time_s", "2026-01-01", "expected a number, found '2026-01-01'"),
        ("stop.time_s", "1e400", "expected a finite number, found inf"),
        ("stop.time_s", "1e10", "should be less than or equal to 1000000000, found 10000000000.0"),
        ("training.lr", "0,001", "expected a number, found '0,001'; did you mean 0.001?"),
        ("training.lr", "inf", "expected a number, found 'inf'; it has to be finite"),
        ("training.lr", '"1e-4"', "expected a number, found '1e-4'; without quotes it is a number"),
        ("evaluation.stochastic", "yes", "expected true or false, found 'yes'; did you mean true?"),
        ("rollout.overlap", "on_", "expected 'auto' or true or false, found 'on_'"),
        ("evaluation.stochastic", "0", "expected true or false, found 0; did you mean false?"),
        ("name", "007", "expected text, found 7; in quotes it is text"),
        ("game.arenas", "8x", "expected 'auto' or a whole number, found '8x'; did you mean 8?"),
        ("game.arenas", "0", "expected 'auto' or a number greater than or equal to 1, found 0"),
        ("seed", "99999999999", "should be less than 2147483648, found 99999999999"),
        ("evaluation.seed", "1e30", "should be less than 2147483648, found 1000000000000000019884624838656"),
        ("evaluation.episodes", "1e1.5", "expected a whole number, found '1e1.5'"),
        ("scenario.params.time_limit_s", ".inf", "expected a finite number, found inf"),
        ("scenario.params.players", "{choice: [2, .nan]}", "choice: expected a finite number, found nan"),
        ("scenario.params.max_speed", "{uniform: [1, .inf]}", "uniform: expected two numbers"),
    ],
)
def test_what_is_no_such_number_is_refused_with_what_was_meant(
    door: Read, key: str, text: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        door(tmp_path, key, text)

    assert f"{key}: {problem}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "key", "integer", "hint"),
    [
        ("1,500", "lr", False, "; did you mean 1500 or 1.5?"),
        ("1 000 000", "agent_steps", True, "; did you mean 1000000?"),
        ("80%", "success_rate", False, "; did you mean 0.8?"),
        ("2h", "time_s", False, "; did you mean 7200?"),
        ("64MB", "max_growth_mb", False, "; did you mean 64?"),
        ("2**14", "minibatch_size", True, "; did you mean 16384?"),
        ("1/4", "gamma", False, "; did you mean 0.25?"),
        ("1/4", "seed", True, ""),
        ("1/0", "gamma", False, ""),
        ("10**999", "seed", True, ""),
        ("fast", "lr", False, ""),
        ("", "lr", False, ""),
    ],
)
def test_a_hint_names_the_number_that_was_meant(text: str, key: str, integer: bool, hint: str) -> None:
    assert did_you_mean_number(text, key, integer) == hint


@pytest.mark.parametrize("name", ["no", "null", "true", "007", "1e3", "1.0", "0x10"])
def test_a_policy_may_have_any_name_that_yaml_might_take_for_something_else(name: str, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(f"{GAME}\npolicies: {{{name}: {{}}}}\nname: 'x{name}'")

    config = load(tmp_path / "run.yaml")

    assert list(config.policies) == [name]
    (tmp_path / "again.yaml").write_text(dump(config))
    assert load(tmp_path / "again.yaml") == config


@pytest.mark.parametrize("name", ["1e6", "0o17", "09", "1_000", "no", "1.5"])
def test_text_that_looks_like_a_number_is_still_text_after_it_was_written(name: str, tmp_path: Path) -> None:
    config = load(None, ["scenario.name=vr_interaction", f"name='{name}'", f"scenario.params.objective='{name}'"])

    (tmp_path / "again.yaml").write_text(dump(config))

    assert load(tmp_path / "again.yaml") == config


@pytest.mark.parametrize("text", ["!!int abc", "!!float x", "!!bool maybe", "9" * 5000])
def test_a_value_that_contradicts_its_own_tag_is_a_message(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"run\.yaml:2: not valid YAML: .*is n"):
        from_a_file(tmp_path, "seed", text)


SWEEP = "extends: vr_interaction\nsweep:\n  num_samples: {samples}\n  space: {{{space}}}"


@pytest.mark.parametrize(
    ("space", "problem"),
    [
        ("training.minibatch_size: {uniform: [64, 256]}", "a whole number, found 112.0"),
        ("training.minibatch_size: {normal: [128, 9]}", "a whole number, found 130.2"),
        ("training.minibatch_size: {quniform: [64, 256, 0.5]}", "a whole number, found 64.5"),
        ("training.minibatch_size: {quniform: [10, 256, 64]}", "expected ends that are multiples of the step"),
        ("training.minibatch_size: {choice: [64, '1,000']}", "found '1,000'; did you mean 1000?"),
        ("training.lr: {loguniform: [1e-5, inf]}", "expected 2 numbers, [low, high]"),
        ("training.lr: {loguniform: [1e-5, .inf]}", "expected 2 numbers, [low, high]"),
        ("training.gamma: {uniform: [0, 1:30]}", "expected 2 numbers, [low, high]"),
    ],
)
def test_a_search_that_would_draw_no_such_number_is_refused(space: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text(SWEEP.format(samples=4, space=space))

    with pytest.raises(ConfigError) as caught:
        load_sweep(tmp_path / "sweep.yaml")

    assert problem in str(caught.value)


def test_a_search_takes_every_way_to_write_a_number(tmp_path: Path) -> None:
    space = "training.minibatch_size: {randint: [1e2, 1e3]}, training.lr: {choice: [1e-4, .001]}"
    (tmp_path / "sweep.yaml").write_text(SWEEP.format(samples="1e1", space=space))

    sweep = load_sweep(tmp_path / "sweep.yaml", ["training.train_batch_size=1e4"])

    assert (sweep.settings.num_samples, sweep.base.training.train_batch_size) == (10, 10_000)
    assert sweep.space["training", "minibatch_size"].args == (100, 1000)
    assert sweep.space["training", "lr"].args == (1e-4, 1e-3)


def test_weights_of_tasks_and_lessons_are_numbers_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(f"{GAME}\ntasks: [{{name: 007, weight: 50%}}, {{name: off, weight: .inf}}]")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "run.yaml")
    assert [problem.partition("run.yaml:2: ")[2] for problem in caught.value.problems] == [
        "tasks.0.name: expected text, found 7; in quotes it is text",
        "tasks.0.weight: expected a number, found '50%'; did you mean 0.5?",
        "tasks.1.weight: expected a finite number, found inf",
    ]

    (tmp_path / "run.yaml").write_text(f"{GAME}\ncurriculum: [{{lesson: a, success_rate: .9, agent_steps: 1e5}}]")
    lessons = load(tmp_path / "run.yaml").curriculum
    assert not isinstance(lessons, str)
    (lesson,) = lessons
    assert (lesson.success_rate, lesson.agent_steps) == (0.9, 100_000)
