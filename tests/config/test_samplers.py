"""Parameters that are drawn every episode: what may be written for them, and how they lie over each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spacetime_rl.config import dump, load
from spacetime_rl.config.merge import deep_merge
from spacetime_rl.errors import ConfigError


def load_params(tmp_path: Path, params: str) -> dict[str, Any]:
    file = tmp_path / "run.yaml"
    file.write_text(f"scenario:\n  name: vr_interaction\n  params: {params}\n")
    config = load(file)
    (tmp_path / "again.yaml").write_text(dump(config))
    assert load(tmp_path / "again.yaml") == config
    return dict(config.scenario.params)


@pytest.mark.parametrize("sampler", ["{uniform: [1, 2.5]}", "{normal: [2, 0]}", "{choice: [a]}", "{choice: [1, 2]}"])
def test_a_parameter_may_have_a_sampler(tmp_path: Path, sampler: str) -> None:
    assert list(load_params(tmp_path, f"{{max_speed: {sampler}}}")) == ["max_speed"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{unifrom: [1, 2]}", "expected a value, or {uniform: .*did you mean 'uniform'"),
        ("{uniform: [1, 2], choice: [1]}", "expected a value, or"),
        ("{}", "expected a value, or"),
        ("{uniform: 3}", r"uniform: expected two numbers, \[from, to\], found 3"),
        ("{uniform: [2, 1]}", r"uniform: expected the lower number first, found \[2, 1\]"),
        ("{normal: [2, -1]}", "normal: expected a deviation of at least 0"),
        ("{normal: [2, true]}", "normal: expected two numbers"),
        (".nan", "expected a finite number, found nan"),
        ("{uniform: [0, .inf]}", "uniform: expected two numbers"),
        ("{choice: [1, .nan]}", "choice: expected a finite number, found nan"),
        ("{choice: []}", "choice: expected a list of at least one value"),
        ("[1, 2]", "expected a number, text, true or false, or a sampler"),
        ("null", "expected a number"),
    ],
)
def test_a_value_that_is_none_is_told_where_it_was_written(tmp_path: Path, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load_params(tmp_path, f"{{max_speed: {value}}}")
    (problem,) = caught.value.problems
    assert problem.startswith(f"{tmp_path}/run.yaml:3: scenario.params.max_speed: ")


def test_a_sampler_replaces_another_and_a_value_whole() -> None:
    below = {"wind": {"uniform": [0, 1]}, "gusts": 3}
    over = {"wind": {"choice": [2]}, "gusts": {"normal": [1, 1]}}
    assert deep_merge(below, over) == over
    assert deep_merge(over, below) == below
