"""The `@METRIC` lines of a program's output, each checked against the JSON schema of the controller's reference."""

from __future__ import annotations

import json
from typing import Any

# Fields in order, with the types of their values.
FIELDS = {
    "kind": str, "timestamp": str, "training_iteration": int, "timesteps_total": int, "episodes_total": int,
    "episodes_this_iter": int, "episode_reward_mean": float, "episode_reward_min": float, "episode_reward_max": float,
    "episode_len_mean": float, "time_this_iter_s": float, "time_total_s": float, "env_steps_this_iter": int,
    "env_throughput": float, "num_env_steps_sampled": int, "num_env_steps_trained": int,
    "num_agent_steps_sampled": int, "num_agent_steps_trained": int, "custom_metrics": dict, "policies": dict,
    "checkpoints": int,
}  # fmt: skip
POLICY_FIELDS = {
    "reward_mean": float, "reward_min": float, "reward_max": float, "episode_len_mean": float,
    "completed_episodes": int, "learner_stats": dict, "custom_metrics": dict,
}  # fmt: skip


def read_metrics(output: str) -> list[dict[str, Any]]:
    """The objects of all `@METRIC` lines, each checked against the reference."""
    lines = [line for line in output.splitlines() if line.startswith("@METRIC")]
    found = [json.loads(line.removeprefix("@METRIC ")) for line in lines]
    for record in found:
        check_record(record)
    return found


def check_record(record: dict[str, Any]) -> None:
    """Every field is there, in order, with a value of its type."""
    assert list(record)[: len(FIELDS)] == list(FIELDS)
    assert record["kind"] == "iteration"
    for name, kind in FIELDS.items():
        assert isinstance(record[name], kind), (name, record[name])
    for policy in record["policies"].values():
        assert {name: type(policy[name]) for name in policy} == POLICY_FIELDS
        assert list(policy["learner_stats"])[:3] == ["policy_loss", "vf_loss", "entropy"]
