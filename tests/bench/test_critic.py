"""The measurement of what a value function costs that sees the whole arena."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacetime_rl.bench.critic import measure_critics
from spacetime_rl.config import load


@pytest.mark.slow  # plays vr_interaction, and learns from a batch four times
def test_both_value_functions_learn_from_the_same_batch(tmp_path: Path) -> None:
    seconds = measure_critics(load("vr_interaction", ["training.train_batch_size=1024"]), tmp_path, rounds=1)
    assert set(seconds) == {"own", "arena"}
    assert min(seconds.values()) > 0.0
