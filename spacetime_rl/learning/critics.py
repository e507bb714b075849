"""What the value functions of a run see beside their agent's own observation."""

from __future__ import annotations

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import PolicyPlan
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.modules.critic import NOBODY, CriticSpec
from spacetime_rl.rollout.plan import RolloutPlan


def make_critic(config: RunConfig, plan: RolloutPlan, policy: str) -> CriticSpec | None:
    """What a policy's value function sees of the other agents; None if it sees none."""
    scope = config.policy_training(policy).critic
    if scope == "own":
        return None
    layouts = {each.name: each.layout for each in plan.policies}
    return CriticSpec(scope, layouts, {each.name: _teams(plan.spec, each) for each in plan.policies})


def _teams(spec: GameSpec, policy: PolicyPlan) -> tuple[int, ...]:
    """The number of the team of each of a policy's agents in an arena, in the order in which places number them."""
    numbers = {agent: number for number, team in enumerate(spec.teams) for agent in team.agents}
    names = [name for group in spec.groups for _ in range(spec.arenas) for name in group.agents]
    in_first_arena = policy.agents[spec.arena_of_agents[policy.agents] == 0]
    return tuple(numbers.get(names[agent], NOBODY) for agent in in_first_arena)
