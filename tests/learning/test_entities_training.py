"""A collector among one to twelve pickups: what the game sends of them, and that reading them as a list is learned."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spacetime_rl.config import load
from spacetime_rl.contract import make_launch
from spacetime_rl.export.schema import read_schema
from spacetime_rl.game.client import open_game
from spacetime_rl.training.run import train

CONFIG = Path(__file__).parent / "entities.yaml"
REPOSITORY = CONFIG.parents[2]


def test_a_game_sends_a_row_for_each_pickup_that_is_left(godot_bin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    with open_game(make_launch(load(CONFIG))) as game:
        layout = game.spec.groups[0].layout
        ((begin, field),) = layout.entity_lists.items()
        assert field.columns == ("present", "offset[0]", "offset[1]", "worth")
        state = game.reset(seed=1)
        counts = []
        for _ in range(30):
            rows = state.observations[0][:, begin : begin + field.size].reshape(-1, 12, 4)
            present = rows[..., 0]
            counts.append(present.sum(-1))
            np.testing.assert_array_equal(present, np.sort(present, -1)[:, ::-1])  # used rows come first
            assert set(np.unique(rows[..., 3][present == 1.0])) == {-1.0, 1.0}
            assert not rows[present == 0.0].any()
            state = game.step([np.tile(np.array([1.0, 0.3], np.float32), (len(rows), 1))])
    first, last = counts[0], counts[-1]
    assert {first.min(), first.max()} <= set(range(1, 13))
    assert len(set(first)) > 3
    assert (last < first).any()


@pytest.mark.slow  # a minute of training
@pytest.mark.usefixtures("ray_cluster", "godot_bin")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["attention", "pool"])
def test_a_run_learns_from_a_list_and_its_policy_is_exported(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    changes = ["stop.agent_steps=200000", "rollout.runners=1", "evaluation.episodes=32", "evaluation.games=1"]
    config = load(CONFIG, [*changes, f"model.entities={kind}", f"results={tmp_path}"])

    summary = train(config, "one")

    results = [json.loads(line) for line in (tmp_path / "one" / "progress.jsonl").read_text().splitlines()]
    assert results[-1]["policy/collector/return_mean"] > results[0]["policy/collector/return_mean"] + 0.5
    trained, chance = (summary.reports[name]["overall"]["return_mean"] for name in ("trained", "random"))
    assert trained > chance + 0.5
    schema = read_schema(tmp_path / "one" / "onnx" / "collector.schema.json")
    assert [field.rows for field in schema.layout.entity_lists.values()] == [12]
    assert schema.parity is not None
    assert schema.parity <= 1e-5
