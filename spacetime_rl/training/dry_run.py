"""A dry run: start the game and settle all sizes as training does, without training."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacetime_rl.config import RunConfig
from spacetime_rl.host.system import cores
from spacetime_rl.rollout.make_plan import plan_rollout
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.sizing.settle import describe_sizes, settle_sizes


@dataclass(frozen=True, slots=True)
class DryRun:
    """The configuration with a number for every `auto`, and the plan of games and policies."""

    config: RunConfig
    plan: RolloutPlan

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        spec = self.plan.spec
        return {
            "game": {"scenario": spec.scenario, "wire": spec.wire, "physics_hz": spec.physics_hz},
            "agents": list(dict.fromkeys(name for group in spec.groups for name in group.agents)),
            "policies": [
                {
                    "name": policy.name,
                    "agents": len(policy.agents),
                    "trained": policy.trained,
                    "observation": policy.layout.obs_dim,
                    "fields": {field.name: field.size for field in policy.layout.fields},
                    "images": {image.name: list(image.shape) for image in policy.layout.images},
                    "actions": {action.name: [action.kind, action.size] for action in policy.layout.actions},
                }
                for policy in self.plan.policies
            ],
            "sizes": describe_sizes(self.plan),
            "config": self.config.to_dict(),
        }

    def lines(self) -> list[str]:
        """The dry run as lines of text for people."""
        spec, sizes = self.plan.spec, self.config.training
        shown = [f"game      {spec.scenario}, {spec.physics_hz} Hz, a decision every {spec.action_repeat} ticks"]
        names = [name for group in spec.groups for name in group.agents]
        shown.append(f"agents    {len(names)} an arena: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}")
        for policy in self.plan.policies:
            fields = ", ".join(f"{field.name} {field.extent}" for field in policy.layout.fields)
            images = "".join(f", {image.name} {'x'.join(map(str, image.shape))}" for image in policy.layout.images)
            actions = ", ".join(f"{action.name} {action.kind} {action.size}" for action in policy.layout.actions)
            learns = "" if policy.trained else " (does not learn)"
            shown.append(f"policy    {policy.name}{learns}: sees {policy.layout.obs_dim} numbers: {fields}{images}")
            shown.append(f"          {policy.name} decides: {actions}")
        shown += self._league()
        shown.append(f"sizes     {describe_sizes(self.plan)} = {self.plan.spec.num_agents} agents in each game")
        shown.append(f"batch     {sizes.train_batch_size} agent steps, minibatches of {sizes.minibatch_size}")
        return shown

    def _league(self) -> list[str]:
        """Who meets whom in the league; nothing without one."""
        matches, league = self.plan.matches, self.config.league
        if matches is None or league is None:
            return []
        sides = ", ".join(f"{side.name} ({side.agents.shape[1]})" for side in matches.sides)
        fixed = "".join(f", {name} {share:.0%}" for name, share in league.fixed.items())
        return [
            f"league    {sides}: the side with the higher {matches.result} wins",
            f"          opponents: latest {league.play_against_latest_model_ratio:.0%}{fixed}; all others are "
            f"snapshots ({league.matchmaking}), one every {league.save_steps} agent steps",
        ]


def dry_run(config: RunConfig, say: Callable[[str], None] = lambda _: None) -> DryRun:
    """Start the game of a run and settle its sizes for this machine, without Ray. Raises what `plan_rollout` raises."""
    say("starting the game")
    with tempfile.TemporaryDirectory(prefix="spacetime-rl-dry-run-") as folder:
        plan = plan_rollout(config, Path(folder))
        settled, plan = settle_sizes(config, plan, [cores()], say=say)
    return DryRun(settled, plan)
