"""The sides of a match: which agents of an arena play together, and against which others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.config import RunConfig
from spacetime_rl.config.league import AUTO, RETURN, LeagueConfig
from spacetime_rl.config.words import did_you_mean
from spacetime_rl.contract import PolicyPlan
from spacetime_rl.errors import ContractError
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.league.player import SCRIPTED
from spacetime_rl.rollout.fixed import find_fixed
from spacetime_rl.rollout.opponents import Opponent

_RESULTS = ("won", "success")  # metrics that decide a match, the first one that all sides have


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Agents that one player plays in a match. `agents` are their global indices, int64 [arenas, agents an arena]."""

    name: str
    policy: str
    agents: NDArray[np.int64]
    trained: bool


@dataclass(frozen=True, slots=True, eq=False)
class MatchPlan:
    """The sides of every match, the metric of agents that decides it, and the opponents that never change."""

    sides: tuple[Side, ...]
    result: str
    fixed: tuple[Opponent, ...] = ()

    @property
    def has_scripts(self) -> bool:
        """Whether the game's script plays some sides."""
        return any(opponent.kind == SCRIPTED for opponent in self.fixed)


def plan_matches(config: RunConfig, spec: GameSpec, policies: Sequence[PolicyPlan]) -> MatchPlan | None:
    """The matches of a run with a league; None without one. Raises ContractError that lists every mistake."""
    league = config.league
    if league is None:
        return None
    if spec.is_stock:
        message = "is a stock game, whose agents begin their episodes each by itself; leave the section out"
        raise ContractError([f"league: {spec.scenario} {message}"])
    sides = _sides(league, spec, policies)
    problems = [*_side_problems(league, spec, policies, sides), *_result_problems(league, spec)]
    if problems:
        raise ContractError(problems)
    return MatchPlan(tuple(sides), _result(league, spec), find_fixed(league, policies))


def _sides(league: LeagueConfig, spec: GameSpec, policies: Sequence[PolicyPlan]) -> list[Side]:
    """The sides of the configuration; by default one for each policy or, with a single policy, for each agent."""
    names = _names(spec)
    owner = {int(agent): policy for policy in policies for agent in policy.agents}
    if league.sides:
        wanted = {
            side: [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]
            for side, patterns in league.sides.items()
        }
    elif len(policies) == 1:
        wanted = {name: [name] for name in names}
    else:
        wanted = {
            policy.name: [name for name, agents in names.items() if owner[int(agents[0])] is policy]
            for policy in policies
        }
    return [
        Side(side, owner[int(names[those[0]][0])].name, _together(names, those), owner[int(names[those[0]][0])].trained)
        for side, those in wanted.items()
        if those
    ]


def _together(names: dict[str, NDArray[np.int64]], those: Sequence[str]) -> NDArray[np.int64]:
    return np.stack([names[name] for name in those], axis=1)


def _names(spec: GameSpec) -> dict[str, NDArray[np.int64]]:
    """For every agent's name in an arena, its global index in each arena, int64 [arenas]."""
    found = {}
    for index, group in enumerate(spec.groups):
        start = spec.group_slice(index).start
        for place, name in enumerate(group.agents):
            found[name] = start + place + np.arange(spec.arenas) * len(group.agents)
    return found


def _side_problems(
    league: LeagueConfig, spec: GameSpec, policies: Sequence[PolicyPlan], sides: Sequence[Side]
) -> Iterator[str]:
    names = list(_names(spec))
    for side, patterns in league.sides.items():
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in names):
                yield f"league.sides.{side}: {pattern!r} matches no agent; agents: {', '.join(names[:12])}"
    owner = {int(agent): policy.name for policy in policies for agent in policy.agents}
    of_agent: dict[int, list[str]] = {agent: [] for agent in owner}
    for side_ in sides:
        own = {owner[int(agent)] for agent in side_.agents[0]}
        if len(own) > 1:
            yield (
                f"league.sides.{side_.name}: its agents have the policies {', '.join(sorted(own))}; one player plays "
                "a side, so give all of its agents one policy (policy_mapping)"
            )
        for agent in side_.agents[0]:
            of_agent[int(agent)].append(side_.name)
    first = [agents[0] for agents in _names(spec).values()]
    for name, agent in zip(names, first, strict=True):
        on = of_agent[int(agent)]
        if len(on) > 1:
            yield f"league.sides: agent {name!r} is on several sides: {', '.join(on)}"
        if not on:
            yield f"league.sides: agent {name!r} is on no side; every agent needs one"
    if len(sides) < 2:
        yield f"league: {spec.scenario} has a single side here, {names[0]!r}; a match needs two"
    if sides and not any(side.trained for side in sides):
        yield "league: no side has a policy that learns (policies_to_train)"


def _result_problems(league: LeagueConfig, spec: GameSpec) -> Iterator[str]:
    common = set.intersection(*(set(group.metrics) for group in spec.groups))
    if league.result == AUTO and not common & set(_RESULTS):
        yield (
            f"league.result: {spec.scenario} reports neither `won` nor `success` for all agents, so nothing decides a "
            f"match; name a metric ({', '.join(sorted(common))}), or `return`"
        )
    elif league.result not in (AUTO, RETURN) and league.result not in common:
        yield f"league.result: not all agents report {league.result!r}{did_you_mean(league.result, common)}"


def _result(league: LeagueConfig, spec: GameSpec) -> str:
    if league.result != AUTO:
        return league.result
    return next(name for name in _RESULTS if all(name in group.metrics for group in spec.groups))
