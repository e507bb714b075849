"""`policies.<name>.scripted`: an opponent that the game's script plays while others learn."""

from __future__ import annotations

import pytest

from spacetime_rl.config import load
from spacetime_rl.errors import ConfigError

HIDER = "policies.hider.scripted=true"


def test_a_scripted_policy_does_not_learn_and_the_others_do() -> None:
    config = load("tag", [HIDER])

    assert config.scripted == ("hider",)
    assert (config.learns("seeker"), config.learns("hider")) == (True, False)
    assert load("tag").scripted == ()


@pytest.mark.parametrize(
    ("also", "message"),
    [
        ("policies_to_train=[hider]", "hider is among policies_to_train"),
        ("policy_mapping=[{agents: hider_*, policy: hider}]", "leave out policy_mapping"),
        ("league.window=5", "leave out `scripted` or `league`"),
        ("policies.hider.training.lr=0.1", "hider does not learn: a script plays it"),
    ],
)
def test_what_contradicts_it_is_refused(also: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load("tag", [HIDER, also])
