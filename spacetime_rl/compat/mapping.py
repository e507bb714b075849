"""A file's `policy_mapping_fn`: Python source text that says which policy plays which agent."""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from typing import Any, cast

from spacetime_rl.errors import ConfigError

NAME = "policy_mapping_fn"


def map_agents(source: str, agents: Sequence[str], known: Sequence[str], where: str) -> list[dict[str, str]]:
    """The rules of our `policy_mapping`, one for each agent, from the function in `source`, which is run.

    The function receives an agent's number in the order of `agents`, as in Godot RL Agents; if that raises, the agent's
    name. Raises ConfigError, begun by `where`, if it fails or names a policy that is not among `known`.
    """
    function = _function(source, where)
    rules, problems = [], []
    for number, agent in enumerate(agents):
        try:
            policy = _call(function, number, agent)
        except Exception as error:  # code of the user's
            raise ConfigError([f"{where}: failed for agent {number} ({agent}): {error!r}"]) from error
        if not isinstance(policy, str) or (known and policy not in known):
            expected = f"one of {', '.join(known)}" if known else "a policy's name"
            problems.append(f"{where}: returned {policy!r} for agent {number} ({agent}), expected {expected}")
        rules.append({"agents": glob.escape(agent), "policy": str(policy)})
    if problems:
        raise ConfigError(problems)
    return rules


def _function(source: str, where: str) -> Callable[..., Any]:
    space: dict[str, Any] = {}
    try:
        if source.lstrip().startswith("lambda"):
            space[NAME] = eval(source, space)
        else:
            exec(source, space)
    except Exception as error:  # code of the user's
        raise ConfigError([f"{where}: is not Python that runs: {error!r}"]) from error
    function = space.get(NAME)
    if not callable(function):
        raise ConfigError([f"{where}: expected `def {NAME}(agent_id, episode, worker, **kwargs)`"])
    return cast("Callable[..., Any]", function)


def _call(function: Callable[..., Any], number: int, agent: str) -> Any:
    try:
        return _with_arguments(function, number)
    except (AttributeError, KeyError, TypeError):  # it expects a name
        return _with_arguments(function, agent)


def _with_arguments(function: Callable[..., Any], agent_id: int | str) -> Any:
    """Versions of RLlib differ in what they pass; a function that takes one argument is called with one."""
    import inspect

    parameters = inspect.signature(function).parameters.values()
    kinds = {parameter.kind for parameter in parameters}
    names = {parameter.name for parameter in parameters}
    takes_all = inspect.Parameter.VAR_KEYWORD in kinds
    given = {name: None for name in ("episode", "worker") if takes_all or name in names}
    return function(agent_id, **given)
