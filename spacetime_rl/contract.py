"""Matches configuration and game: assigns policies to agents, or reports every contradiction between the two."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.config import EvaluationConfig, ModelConfig, RunConfig
from spacetime_rl.config.algorithms import ALL, REPLAYING, Algorithm
from spacetime_rl.config.words import did_you_mean
from spacetime_rl.errors import ContractError, UsageError
from spacetime_rl.game.attach_door import Attach
from spacetime_rl.game.launch import STOCK_HZ, GameLaunch, Novelty, RewardScript, TaskLaunch
from spacetime_rl.game.project import find_scenario
from spacetime_rl.game.spec import GameSpec, PolicyLayout
from spacetime_rl.game.unchanged import Unchanged

Names = list[tuple[str | None, ...]]  # the policy of each agent inside an arena, by group

_FORMER_HZ = 90  # what configurations of earlier versions hold if their user set nothing
UNSIZED_ARENAS = 8  # for a game whose number of arenas is `auto`, until a run has measured the best number

_WON = "won"  # the metric by which games report who has won an episode
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True, eq=False)
class PolicyPlan:
    """One policy and the agents that it controls.

    `parts` are pairs of a group's index and the policy's rows in that group (int64, over all arenas). `agents` are the
    same agents in the same order by their global index (int64 [n]).
    """

    name: str
    layout: PolicyLayout
    parts: tuple[tuple[int, NDArray[np.int64]], ...]
    agents: NDArray[np.int64]
    trained: bool

    def gather(self, observations: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """The policy's rows of all groups' observations, f32[n, obs_dim]; a view if they are one whole group."""
        if self._plays_whole(observations):
            return observations[self.parts[0][0]]
        return np.concatenate([observations[group][rows] for group, rows in self.parts])

    def scatter(self, decided: NDArray[np.float32], actions: Sequence[NDArray[np.float32]]) -> None:
        """Write f32[n, action_size] into the policy's rows of all groups' actions."""
        if self._plays_whole(actions):
            actions[self.parts[0][0]][:] = decided
            return
        begin = 0
        for group, rows in self.parts:
            actions[group][rows] = decided[begin : begin + len(rows)]
            begin += len(rows)

    def _plays_whole(self, groups: Sequence[NDArray[np.float32]]) -> bool:
        return len(self.parts) == 1 and len(self.agents) == len(groups[self.parts[0][0]])


def action_limits(layout: PolicyLayout) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Least and greatest value of every float of an action: -1 and 1, or infinite for a discrete choice's index."""
    kinds = [field.kind for field in layout.actions for _ in range(field.width)]
    limit = np.where(np.array(kinds) == "continuous", 1.0, np.inf).astype(np.float32)
    return -limit, limit


def assign_policies(spec: GameSpec, config: RunConfig) -> tuple[PolicyPlan, ...]:
    """Assign a policy to every agent of the game, in the order in which the game declares the agents.

    Raises ContractError that lists every contradiction by the setting to change.
    """
    names = [tuple(policy_of(agent, group.name, config) for agent in group.agents) for group in spec.groups]
    policies = tuple(dict.fromkeys(name for group in names for name in group if name is not None))
    problems = [
        *_mapping_problems(spec, config, names),
        *_name_problems(config, policies),
        *_layout_problems(spec, config, names, policies),
        *_algorithm_problems(spec, config, names, policies),
        *_param_problems(spec, config),
        *_task_problems(spec, config),
        *_reward_problems(spec, config),
        *_network_problems(spec, config, names, policies),
        *_curiosity_problems(spec, config),
        *_critic_problems(spec, config, policies),
        *_stock_problems(spec, config),
        *_attached_problems(spec, config),
        *_scripted_problems(spec, config, policies),
        *_selection_problems(spec, config, policies),
    ]
    if problems:
        raise ContractError(problems)
    return tuple(_plan(policy, spec, config, names) for policy in policies)


def unknown_params(where: str, params: Iterable[str], spec: GameSpec) -> Iterator[str]:
    """A sentence for every parameter that the game lacks; `where` is the setting that holds the parameters."""
    for name in params:
        if name not in spec.params:
            hint = _hint(name, tuple(spec.params)) if spec.params else "; it takes none"
            yield f"{where}.{name}: {spec.scenario} has no such parameter{hint}"


def policy_of(agent: str, group: str, config: RunConfig) -> str | None:
    """The policy of an agent by its name inside an arena and that of its group; None if no rule matches."""
    if not config.policy_mapping:
        return group
    return next((rule.policy for rule in config.policy_mapping if fnmatchcase(agent, rule.agents)), None)


def make_launch(config: RunConfig) -> GameLaunch:
    """The launch of a run's game for training; `dataclasses.replace` sets another seed, log folder or control.

    Raises ContractError where a task names an unknown scenario.
    """
    game, places = config.game, config.rewards.novelty
    return GameLaunch(
        scenario=config.scenario.name,
        project=game.project and game.project.absolute(),  # a run's processes work in folders of their own
        scene=None if game.via_http else game.scene,
        env_path=game.env_path and game.env_path.absolute(),
        attach=Attach(game.attach, game.attach_address) if game.attach is not None else None,
        unchanged=Unchanged(**game.unchanged.model_dump()) if game.unchanged else None,
        arenas=(1 if game.attach else UNSIZED_ARENAS) if game.arenas == "auto" else game.arenas,
        action_repeat=game.action_repeat,
        episode_steps=game.episode_steps,
        params=config.scenario.params,
        tasks=_task_launches(config),
        reward_scripts=tuple(
            RewardScript(script.path.absolute(), script.policies, script.weight) for script in config.rewards.terms
        ),
        novelty=Novelty(places.cell, places.weight, places.alone) if places else None,
        seed=config.seed,
        launch_timeout_s=game.launch_timeout_s,
        step_timeout_s=game.step_timeout_s,
        end_on_script_error=game.end_on_script_error,
        monitor=game.monitor,
        observe_performance=game.observe_performance,
        penalise_performance=game.penalise_performance,
        render=game.render,
        speed=None if game.speed == "max" else game.speed,
        port_range=game.port_range,
        http_port=game.http_port,
        physics_hz=None if game.physics_hz == "auto" else game.physics_hz,
    )


def _selection_problems(spec: GameSpec, config: RunConfig, policies: Sequence[str]) -> Iterator[str]:
    """Policies that learn against each other: their episodes say which of them is better, and not how good both are."""
    if config.evaluation.every_agent_steps is None:
        return
    where, instead = "evaluation.every_agent_steps", "rate the checkpoints after training: `spacetime-rl league RUN"
    learning = [policy for policy in policies if config.learns(policy)]
    if config.league is not None:
        yield f"{where}: a league has no best checkpoint, as all get better together; {instead}`"
    elif _has_winners(spec, config) and (len(learning) > 1 or len(policies) == 1):
        yield (
            f"{where}: the policies play against each other, so that a return says nothing of how good they are; "
            f"{instead} --round-robin N`, or let one side learn alone (policies.<name>.scripted)"
        )


def _has_winners(spec: GameSpec, config: RunConfig) -> bool:
    """Whether the agents of an arena play against each other: by the scenario's word, or as the game reports `won`."""
    return is_adversarial(config) or any(_WON in group.metrics for group in spec.groups)


def is_adversarial(config: RunConfig) -> bool:
    """Whether the configured variant of the scenario lets policies play against each other."""
    name, params = config.scenario.name, config.scenario.params
    variants = find_scenario(name).variants if name else ()
    return any(variant.adversarial and variant.params.items() <= params.items() for variant in variants)


def _task_launches(config: RunConfig) -> tuple[TaskLaunch, ...]:
    tasks, problems = [], []
    for index, task in enumerate(config.tasks):
        foreign = task.scenario not in (None, config.scenario.name)
        scene = task.scene
        try:
            scene = find_scenario(task.scenario).scene if foreign and task.scenario else scene
        except UsageError as error:
            problems.append(f"tasks.{index}.{error}")
        own = foreign or scene is not None
        params = task.params if own else {**config.scenario.params, **task.params}
        tasks.append(TaskLaunch(task.name, scene, params, task.weight))
    if problems:
        raise ContractError(problems)
    return tuple(tasks)


def _plan(policy: str, spec: GameSpec, config: RunConfig, names: Names) -> PolicyPlan:
    parts = []
    for index, group in enumerate(spec.groups):
        chosen = np.array([name == policy for name in names[index]], dtype=np.bool_)
        if chosen.any():
            parts.append((index, np.flatnonzero(np.tile(chosen, spec.arenas)).astype(np.int64)))
            layout = group.layout
    agents = np.concatenate([spec.group_slice(index).start + rows for index, rows in parts])
    return PolicyPlan(policy, layout, tuple(parts), agents, config.learns(policy))


def _mapping_problems(spec: GameSpec, config: RunConfig, names: Names) -> Iterator[str]:
    agents = [agent for group in spec.groups for agent in group.agents]
    if not agents:
        yield f"{spec.scenario}: the game declares no agents"
    free = list(agents)
    for index, rule in enumerate(config.policy_mapping):
        matched = [agent for agent in agents if fnmatchcase(agent, rule.agents)]
        if not matched:
            yield f"policy_mapping.{index}.agents: {rule.agents!r} matches no agent; agents: {_listed(agents)}"
        elif not set(matched) & set(free):
            yield f"policy_mapping.{index}.agents: {rule.agents!r} matches only agents that a rule above it has taken"
        free = [agent for agent in free if agent not in matched]
    without = [
        agent
        for group, policies in zip(spec.groups, names, strict=True)
        for agent, policy in zip(group.agents, policies, strict=True)
        if policy is None
    ]
    if without:
        yield f"policy_mapping: no rule matches {_listed(without)}; every agent needs a policy"


def _name_problems(config: RunConfig, policies: tuple[str, ...]) -> Iterator[str]:
    for policy in policies:
        if not _NAME.fullmatch(policy):
            yield (
                f"policy_mapping: the policy name {policy!r} cannot name a file; "
                "map its agents to a name of letters, digits, '_', '.' and '-'"
            )
    for policy in config.policies:
        if policy not in policies:
            yield f"policies.{policy}: plays no agent of this game{_hint(policy, policies)}"
    for index, policy in enumerate(config.policies_to_train or ()):
        if policy not in policies:
            yield f"policies_to_train.{index}: {policy!r} plays no agent of this game{_hint(policy, policies)}"


def _layout_problems(spec: GameSpec, config: RunConfig, names: Names, policies: tuple[str, ...]) -> Iterator[str]:
    for policy in policies:
        groups = [group for group, row in zip(spec.groups, names, strict=True) if policy in row]
        for other in groups[1:]:
            if other.layout != groups[0].layout:
                yield (
                    f"policies.{policy}: would play {groups[0].name!r} and {other.name!r}, whose spaces differ: "
                    f"{_described(groups[0].layout)} and {_described(other.layout)}; give them a policy each"
                )
        expected, layout = config.policies.get(policy), groups[0].layout
        if expected is None:
            continue
        for key, wanted, said in (
            ("observation_size", expected.observation_size, layout.obs_dim),
            ("action_size", expected.action_size, layout.action_size),
        ):
            if wanted is not None and wanted != said:
                yield f"policies.{policy}.{key}: the game says {said}, the config {wanted}"


def _algorithm_problems(spec: GameSpec, config: RunConfig, names: Names, policies: tuple[str, ...]) -> Iterator[str]:
    """Policies that the chosen algorithm cannot learn, each with the algorithms that can learn all policies."""
    layouts = {
        policy: next(group.layout for group, row in zip(spec.groups, names, strict=True) if policy in row)
        for policy in policies
    }
    able = [one for one in ALL if not any(_lacking(one, layout) for layout in layouts.values())]
    for policy, layout in layouts.items():
        lacking = _lacking(config.algorithm, layout)
        if lacking:
            yield (
                f"algorithm: {config.algorithm} {lacking}, but the game says of policy {policy!r}: "
                f"{_described(layout)}; use {', '.join(able[:-1])} or {able[-1]}"
            )


def _lacking(algorithm: Algorithm, layout: PolicyLayout) -> str:
    """The algorithm's property that does not fit a policy, in words; empty if the algorithm can learn it."""
    kinds = [action.kind for action in layout.actions]
    if algorithm == "DQN" and kinds != ["discrete"]:
        return "chooses one action out of several"
    if algorithm == "SAC" and "discrete" in kinds:
        return "has only continuous actions"
    return "sees no images" if algorithm in REPLAYING and layout.images else ""


def _param_problems(spec: GameSpec, config: RunConfig) -> Iterator[str]:
    if not config.tasks:  # the game has checked the parameters of tasks itself
        yield from unknown_params("scenario.params", config.scenario.params, spec)


def _task_problems(spec: GameSpec, config: RunConfig) -> Iterator[str]:
    wanted, found = ([task.name for task in tasks] for tasks in (config.tasks, spec.tasks))
    if wanted != found:
        what = "a stock game" if spec.is_stock else "an older addon"
        yield f"tasks: {spec.scenario} plays {_listed(found) or 'none'}, as {what} does; leave them out"


def _reward_problems(spec: GameSpec, config: RunConfig) -> Iterator[str]:
    declared = tuple(group.name for group in spec.groups)
    for index, script in enumerate(config.rewards.terms):
        if spec.is_stock:
            yield f"rewards.scripts.{index}: {spec.scenario} is a stock game, which takes no reward scripts"
        for policy in script.policies:
            if policy not in declared and not spec.tasks:  # scenes of tasks may have policies of other names
                yield f"rewards.scripts.{index}.policies: no policy {policy!r} in the game{_hint(policy, declared)}"


def _network_problems(spec: GameSpec, config: RunConfig, names: Names, policies: tuple[str, ...]) -> Iterator[str]:
    """Network settings without effect, because no policy that they apply to uses them."""
    layouts = {
        policy: next(group.layout for group, row in zip(spec.groups, names, strict=True) if policy in row)
        for policy in policies
    }
    meant: dict[str, tuple[ModelConfig, list[PolicyLayout]]] = {"model": (config.model, list(layouts.values()))}
    meant |= {
        f"policies.{name}.model": (own.model, [layouts[name]])
        for name, own in config.policies.items()
        if name in layouts
    }
    for where, (model, those) in meant.items():
        for key, lacking, has_use in _USES:
            if getattr(model, key) != ModelConfig.model_fields[key].default and not any(map(has_use, those)):
                yield f"{where}.{key}: would have no effect: no policy that it is for {lacking}; leave it out"


def _curiosity_problems(spec: GameSpec, config: RunConfig) -> Iterator[str]:
    for group in spec.groups:
        if config.curiosity.weight and not group.layout.fields:
            yield (
                f"curiosity.weight: {group.name!r} sees images alone, and curiosity reads the numbers of an "
                "observation; leave it out, or take rewards.novelty, which pays for new places"
            )


_USES: tuple[tuple[str, str, Callable[[PolicyLayout], bool]], ...] = (
    ("cnn", "sees images", lambda layout: bool(layout.images)),
    ("entities", "sees a list of entities", lambda layout: bool(layout.entity_lists)),
    ("entity_width", "sees a list of entities", lambda layout: bool(layout.entity_lists)),
    ("symlog", "sees numbers", lambda layout: bool(layout.fields)),
    ("observation_clip", "sees numbers", lambda layout: bool(layout.fields)),
    ("initial_log_std", "has continuous actions", lambda layout: any(a.kind == "continuous" for a in layout.actions)),
)


def _critic_problems(spec: GameSpec, config: RunConfig, policies: tuple[str, ...]) -> Iterator[str]:
    """Value functions that would see no other agent."""
    alone = sum(len(group.agents) for group in spec.groups) == 1
    scattered = not any(len(team.agents) > 1 for team in spec.teams)
    found: dict[str, str] = {}
    for policy in policies:
        own = config.policies.get(policy)
        where = f"policies.{policy}." if own and "critic" in own.training.model_fields_set else ""
        scope = config.policy_training(policy).critic
        if scope == "arena" and alone:
            found[where] = f"arena would have no effect: {spec.scenario} has one agent in an arena; use own"
        elif scope == "team" and scattered:
            none = "is a stock game, which has no teams" if spec.is_stock else "declares no team of several agents"
            found[where] = f"{spec.scenario} {none}; use own or arena"
    yield from (f"{where}training.critic: {problem}" for where, problem in found.items())


def _stock_problems(spec: GameSpec, config: RunConfig) -> Iterator[str]:
    """Settings that the protocol of stock games cannot honour."""
    if not spec.is_stock:
        return
    stock = f"{spec.scenario} is a stock game, which"
    if config.game.arenas not in ("auto", 1):
        yield f"game.arenas: {stock} has one arena; leave it out, and play more games by rollout.games_per_runner"
    if config.evaluation.arenas not in (1, EvaluationConfig().arenas):
        yield f"evaluation.arenas: {stock} has one arena; leave it out"
    if config.game.physics_hz not in ("auto", STOCK_HZ, _FORMER_HZ):
        yield f"game.physics_hz: {stock} ticks at the rate that its plugin sets, {STOCK_HZ} a second; leave it out"
    if config.rewards.novelty is not None:
        yield f"rewards.novelty: {stock} does not say where its agents are; leave it out"
    if config.game.monitor:
        yield f"game.monitor: {stock} measures nothing of itself; leave it out"
    if config.curriculum:
        yield f"curriculum: {stock} has no parameters, and so no lessons; leave it out"


def _attached_problems(spec: GameSpec, config: RunConfig) -> Iterator[str]:
    """A person may start another game than the configuration is for."""
    wanted = config.scenario.name
    if config.game.attach is not None and wanted is not None and wanted != spec.scenario:
        yield f"scenario.name: the configuration is for {wanted}, but the game that was started is {spec.scenario}"


def _scripted_problems(spec: GameSpec, config: RunConfig, policies: tuple[str, ...]) -> Iterator[str]:
    scripted = [policy for policy in policies if policy in config.scripted]
    if scripted and spec.is_stock:
        yield f"policies.{scripted[0]}.scripted: {spec.scenario} is a stock game, which has no scripted players"
    if scripted and not any(config.learns(policy) for policy in policies):
        yield f"policies.{scripted[0]}.scripted: no other policy learns; take it out"


def _hint(word: str, known: tuple[str, ...]) -> str:
    return did_you_mean(word, known) or f"; known: {_listed(known)}"


def _listed(words: list[str] | tuple[str, ...]) -> str:
    return ", ".join(words[:12]) + (f" and {len(words) - 12} more" if len(words) > 12 else "")


def _described(layout: PolicyLayout) -> str:
    actions = " + ".join(f"{action.name}:{action.kind}({action.size})" for action in layout.actions)
    fields = " + ".join(f"{field.name}({field.extent})" for field in layout.fields)
    images = "".join(f" + {image.name}{list(image.shape)}" for image in layout.images)
    return f"[{fields}{images} -> {actions}]"
