"""What a run would fail at in another process is found in this one, before Ray, and said in one sentence."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from ray import cloudpickle
from support.fake_runs import MIXED, make_config, make_plan
from support.toy_game import FakeGameOpener, make_group, make_layout

from spacetime_rl.errors import ConfigError, UsageError
from spacetime_rl.game.spec import ImageField, PolicyLayout
from spacetime_rl.learning.rehearsal import rehearse_setup
from spacetime_rl.rollout.reward_hook import HookPlace

CALLBACK = "from ray.rllib.callbacks.callbacks import RLlibCallback\n\n\nclass Mine(RLlibCallback):\n"


@pytest.fixture
def user_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write a module of the user's, found from the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])

    def write(name: str, text: str) -> Path:
        (tmp_path / f"{name}.py").write_text(text)
        return tmp_path / f"{name}.py"

    yield write
    for name in ("breaks_in_init", "keeps_a_lock"):
        sys.modules.pop(name, None)


def rehearse(opener: FakeGameOpener, **sections: Any) -> None:
    config = make_config(**sections)
    rehearse_setup(config, make_plan(opener, config))


def test_a_run_that_can_be_set_up_is_not_kept_from_it() -> None:
    rehearse(FakeGameOpener(MIXED))


def test_filters_too_large_for_the_image_are_told_by_the_setting() -> None:
    layout = PolicyLayout((), (ImageField("eye", (8, 8, 3)),), make_layout().actions)
    with pytest.raises(ConfigError, match=r"model\.cnn\.filters: the image 'eye' of 8x8 pixels .* smaller filters"):
        rehearse(FakeGameOpener((make_group("pilot", 1, layout),)))


def test_a_callback_that_raises_when_it_is_made_is_told_by_its_line(user_module: Any) -> None:
    file = user_module("breaks_in_init", CALLBACK + "    def __init__(self):\n        1 / 0\n")
    with pytest.raises(ConfigError) as caught:
        rehearse(FakeGameOpener(MIXED), callbacks=["breaks_in_init.Mine"])
    assert str(caught.value) == f"the run cannot be set up: {file}:6: ZeroDivisionError: division by zero"


def test_a_callback_that_cannot_travel_is_told(user_module: Any) -> None:
    user_module("keeps_a_lock", "import threading\n\n" + CALLBACK + "    lock = threading.Lock()\n")
    sys.path.insert(0, ".")
    cloudpickle.register_pickle_by_value(importlib.import_module("keeps_a_lock"))
    with pytest.raises(ConfigError, match=r"callbacks: it cannot be sent to other processes; .* lock"):
        rehearse(FakeGameOpener(MIXED), callbacks=["keeps_a_lock.Mine"])


def test_a_run_to_begin_from_that_is_not_there_is_told_before_ray(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither a folder nor the id of a run"):
        rehearse(FakeGameOpener(MIXED), initialize_from="no-such-run", results=str(tmp_path))


def test_a_reward_function_that_is_gone_is_told_by_its_setting(tmp_path: Path) -> None:
    config = make_config()
    plan = make_plan(FakeGameOpener(MIXED), config, reward_hook=HookPlace("no_such_rewards.mine", tmp_path))
    with pytest.raises(ConfigError, match=r"rewards\.hook: 'no_such_rewards\.mine' cannot be loaded: No module named"):
        rehearse_setup(config, plan)
