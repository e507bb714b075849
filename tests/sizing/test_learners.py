"""How many learners a run has, and on how many GPUs."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_runs import make_config

from spacetime_rl.config import ResourcesConfig
from spacetime_rl.errors import UsageError
from spacetime_rl.sizing.arithmetic import share_cores
from spacetime_rl.sizing.learners import choose_learners
from spacetime_rl.sizing.settle import needed_cpus


@pytest.mark.parametrize(
    ("settings", "there", "chosen"),
    [
        ({}, 0, (1, 0)),
        ({}, 4, (1, 1)),
        ({"gpus": 4}, 4, (4, 4)),
        ({"gpus": 0}, 4, (1, 0)),
        ({"learners": 2}, 0, (2, 0)),
        ({"learners": 2}, 4, (2, 2)),
        ({"learners": 2, "gpus": 0}, 1, (2, 0)),
        ({"learners": 2, "gpus": 4}, 4, (2, 4)),
        ({"learners": 0}, 1, (1, 1)),
        ({"learners": 1, "gpus": 2}, 2, (1, 2)),
    ],
)
def test_auto_takes_one_learner_for_each_gpu_and_one_on_cores(
    settings: dict[str, Any], there: int, chosen: tuple[int, int]
) -> None:
    assert choose_learners(ResourcesConfig(**settings), there) == chosen


@pytest.mark.parametrize(
    ("settings", "there", "message"),
    [
        ({"gpus": 2}, 1, r"^resources\.gpus: 2 wanted, Ray has 1; set it to 1 or to auto$"),
        ({"learners": 3}, 2, r"3 learners need 3 GPUs, Ray has 2; set it to 2, or set resources\.gpus: 0"),
    ],
)
def test_more_than_there_is_is_refused(settings: dict[str, Any], there: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        choose_learners(ResourcesConfig(**settings), there)


def test_learners_have_cores_of_their_own_beside_the_runners() -> None:
    assert share_cores([4], runners=2, games=2, processes=3) == 1.25
    assert share_cores([1, 4], runners=2, games=1, processes=3) == 1.0
    assert needed_cpus(make_config(rollout={"runners": 2}, resources={"learners": 2, "cpus_per_runner": 1})) == 3.5
    assert needed_cpus(make_config(rollout={"runners": 2}, resources={"learners": 1, "cpus_per_runner": 1})) == 2.5
