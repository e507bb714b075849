"""Numbers on the command line, read by the rules of configurations; every verb's options are tried."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from spacetime_rl.cli.app import app

OPTIONS = {
    "train": ["--seed"],
    "sweep": ["--seed"],
    "eval x": ["--episodes", "--seed", "--games", "--arenas", "--checkpoint-number"],
    "export x": ["--opset", "--checkpoint-number"],
    "play": ["--seed", "--episodes"],
    "inspect x": ["--time", "--decisions", "--seed"],
    "bench": ["--agents", "--action-repeat", "--games", "--rounds", "--seconds"],
    "baseline x": ["--episodes"],
    "submit train": ["--num-gpus"],
}
CASES = [(verb.split(), option) for verb, options in OPTIONS.items() for option in options]


@pytest.mark.parametrize(("verb", "option"), CASES)
@pytest.mark.parametrize("value", ["1:30", "ten", "nan", "-1e9", "1e400"])
def test_what_is_no_such_number_is_refused_by_every_option(verb: list[str], option: str, value: str) -> None:
    done = CliRunner().invoke(app, [*verb, option, value], env={"COLUMNS": "200"})

    assert done.exit_code == 2
    assert f"Invalid value for '{option}': expected " in done.output


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("1.5", "expected a whole number, found '1.5'"),
        ("1,000", "expected a whole number, found '1,000'; did you mean 1000?"),
        ("-1", "expected 0 to 2147483647, found -1"),
        ("1e10", "expected 0 to 2147483647, found 10000000000"),
    ],
)
def test_a_refusal_says_what_was_expected_and_probably_meant(value: str, message: str) -> None:
    done = CliRunner().invoke(app, ["play", "--seed", value], env={"COLUMNS": "200"})

    assert done.exit_code == 2
    assert message in done.output


@pytest.mark.parametrize("value", ["1e3", "1_000", "+1000", "01000", "0x3e8", "1000.0"])
def test_an_option_takes_every_way_to_write_a_number(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr("spacetime_rl.cli.train.load_config", lambda path, settings, preset: seen.extend(settings))

    CliRunner().invoke(app, ["train", "vr_interaction", "--seed", value])

    assert seen == ["seed=1000"]


def test_a_sweep_takes_its_seed_as_a_run_does(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(
        "spacetime_rl.config.sweep_loader.load_sweep", lambda path, settings, scenarios: seen.extend(settings)
    )

    CliRunner().invoke(app, ["sweep", "sweeps/interaction_asha", "--set", "seed=1", "--seed", "7"])

    assert seen == ["seed=1", "seed=7"]
