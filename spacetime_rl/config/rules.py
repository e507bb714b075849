"""Settings that are valid each by itself and contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spacetime_rl import metrics
from spacetime_rl.config.algorithms import ON_POLICY, REPLAYING, readers, scheduled
from spacetime_rl.config.imitation_rules import imitation_problems
from spacetime_rl.config.league import league_problems
from spacetime_rl.config.lesson import SCENARIO, own_lessons
from spacetime_rl.config.policy import UNMEASURED, ModelConfig
from spacetime_rl.config.sampler import param_problems
from spacetime_rl.config.section import Section
from spacetime_rl.config.sections import GameConfig
from spacetime_rl.config.settings import RunSettings
from spacetime_rl.config.words import did_you_mean

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What is wrong at `path`, and the other settings it disagrees with."""

    path: Path
    message: str
    others: tuple[Path, ...] = ()


class ContradictionError(ValueError):
    """All contradictions of a configuration."""

    def __init__(self, found: Sequence[Contradiction]) -> None:
        self.found = tuple(found)
        super().__init__("\n".join(f"{'.'.join(map(str, c.path))}: {c.message}" for c in found))


def attach_problems(config: RunSettings, sources: Sequence[Path]) -> Iterator[Contradiction]:
    """What a game that a person starts, and of which there is one, cannot do."""
    attach = (("game", "attach"),)
    for path in sources:
        yield Contradiction(path, "game.attach waits for a game that you start; leave one of them out", attach)
    for key in ("runners", "games_per_runner"):
        if getattr(config.rollout, key) not in ("auto", 0, 1):
            message = "game.attach plays the one game that you start; set 1, or leave it out"
            yield Contradiction(("rollout", key), message, attach)
    unused: dict[Path, bool] = {
        ("game", "unchanged"): config.game.unchanged is not None,
        ("game", "render"): config.game.render != "auto",
        ("game", "viz"): config.game.viz,
        ("game", "port_range"): config.game.port_range is not None,
        ("game", "http_port"): config.game.http_port is not None,
        ("game", "end_on_script_error"): config.game.end_on_script_error,
        ("rewards", "scripts"): bool(config.rewards.terms),
        ("rollout", "record_every"): config.rollout.record_every is not None,
        ("evaluation", "every_agent_steps"): config.evaluation.every_agent_steps is not None,
    }
    for path in [path for path, is_set in unused.items() if is_set]:
        message = "is only for games that this program starts; leave it out with game.attach"
        yield Contradiction(path, message, attach)


def contradictions(config: RunSettings) -> list[Contradiction]:
    """All conflicts between settings."""
    return [
        *_game(config),
        *_params(config),
        *_curriculum(config),
        *_tasks(config),
        *_league(config),
        *_ports(config),
        *_algorithm(config),
        *_overlap(config),
        *_learners(config),
        *_networks(config),
        *_critics(config),
        *_batches(config),
        *_policies(config),
        *_stop(config),
        *_schedules(config),
        *(Contradiction(*problem) for problem in imitation_problems(config)),
    ]


def _game(config: RunSettings) -> Iterator[Contradiction]:
    sources: dict[Path, object] = {
        ("scenario", "name"): config.scenario.name,
        ("game", "env_path"): config.game.env_path,
        ("game", "project"): config.game.project,
    }
    given = [path for path, value in sources.items() if value is not None]
    if config.game.attach is not None:
        yield from attach_problems(config, [path for path in given if path[0] == "game"])
    elif config.game.attach_address != GameConfig().attach_address:
        yield Contradiction(("game", "attach_address"), "is read only with game.attach", (("game", "attach"),))
    if not given and config.game.attach is None:
        yield Contradiction(
            ("scenario", "name"), "no game to play: set scenario.name, game.env_path or game.project", tuple(sources)
        )
    for path in given[1:]:
        first = ".".join(map(str, given[0]))
        yield Contradiction(
            path, f"contradicts {first} ({str(sources[given[0]])!r}): set one of them, the other null", (given[0],)
        )
    yield from _http(config)
    if config.game.scene is not None and config.game.project is None and config.game.via_http is None:
        yield Contradiction(("game", "scene"), "is a scene of game.project, which is not set", (("game", "project"),))
    for name in ("observe_performance", "penalise_performance"):
        if getattr(config.game, name) and not config.game.monitor:
            yield Contradiction(("game", name), "needs game.monitor: true", (("game", "monitor"),))
    if config.game.unchanged is not None and config.game.project is None:
        message = "says how game.project is played, which is not set"
        yield Contradiction(("game", "unchanged"), message, (("game", "project"),))
    for name, usual in (("speed", "max"), ("viz", False)):
        if config.game.unchanged is not None and getattr(config.game, name) != usual:
            message = "an unchanged project is played headless and as fast as it goes; leave it out"
            yield Contradiction(("game", name), message, (("game", "unchanged"),))


def _http(config: RunSettings) -> Iterator[Contradiction]:
    game = config.game
    if game.via_http is not None and game.attach is None:
        yield Contradiction(("game", "via_http"), "needs game.attach, the port of the training", (("game", "attach"),))
    if game.http_port is not None and game.unchanged is not None:
        yield Contradiction(("game", "http_port"), "an unchanged project has none", (("game", "unchanged"),))
    if game.reload_scene_every is None:
        return
    path = ("game", "reload_scene_every")
    if game.via_http is None and game.http_port is None:
        yield Contradiction(path, "needs game.http_port or game.via_http", (("game", "http_port"),))
    if config.rollout.record_every is not None:
        message = "what is recorded of an episode ends with its scene; leave one of them out"
        yield Contradiction(path, message, (("rollout", "record_every"),))


def _params(config: RunSettings) -> Iterator[Contradiction]:
    for name, problem in param_problems(config.scenario.params):
        yield Contradiction(("scenario", "params", name), problem)


def _curriculum(config: RunSettings) -> Iterator[Contradiction]:
    if config.curriculum == SCENARIO:
        if config.scenario.name is None:
            others: tuple[Path, ...] = (("scenario", "name"),)
            yield Contradiction(("curriculum",), "only a scenario of this package has lessons; list yours", others)
        return
    names = [lesson.lesson for lesson in own_lessons(config.curriculum)]
    for index, lesson in enumerate(own_lessons(config.curriculum)):
        if lesson.lesson in names[:index]:
            yield Contradiction(("curriculum", index, "lesson"), f"another lesson is called {lesson.lesson!r}, too")
        for name, problem in param_problems(lesson.params):
            yield Contradiction(("curriculum", index, "params", name), problem)


def _tasks(config: RunSettings) -> Iterator[Contradiction]:
    if config.tasks and config.curriculum:
        message = (
            "lessons set the parameters of one scenario; with tasks, draw parameters by samplers, and write "
            "`curriculum: []` where an extended file has lessons"
        )
        yield Contradiction(("curriculum",), message, (("tasks",),))
    if config.tasks and not any(task.weight for task in config.tasks):
        yield Contradiction(("tasks",), "no task has a weight above 0, so none would be played")
    names = [task.name for task in config.tasks]
    for index, task in enumerate(config.tasks):
        if task.name in names[:index]:
            yield Contradiction(("tasks", index, "name"), f"another task is called {task.name!r}, too")
        if task.scenario is not None and config.scenario.name is None:
            message = "only a run of a scenario of this package can have such a task; name a scene of game.project"
            yield Contradiction(("tasks", index, "scenario"), message, (("scenario", "name"),))
        if task.scene is not None and config.game.project is None:
            message = "is a scene of game.project, which is not set"
            yield Contradiction(("tasks", index, "scene"), message, (("game", "project"),))
        for name, problem in param_problems(task.params):
            yield Contradiction(("tasks", index, "params", name), problem)


def _league(config: RunSettings) -> Iterator[Contradiction]:
    if config.league is not None:
        for path, problem in league_problems(config.league):
            yield Contradiction(("league", *path), problem)


def _ports(config: RunSettings) -> Iterator[Contradiction]:
    ports = config.game.port_range
    if ports is not None and ports[0] > ports[1]:
        yield Contradiction(("game", "port_range"), f"the first port, {ports[0]}, is above the last, {ports[1]}")


def _algorithm(config: RunSettings) -> Iterator[Contradiction]:
    """Settings of `training` that the algorithm would never look at; null takes back what an extended file sets."""
    for path, section in _training_sections(config):
        for key in sorted(section.model_fields_set):
            algorithms = readers(type(section), key)
            if config.algorithm not in algorithms and getattr(section, key) is not None:
                yield Contradiction(
                    (*path, key),
                    f"is read by {_listed(algorithms)}, not by {config.algorithm}; leave it out, or write null where "
                    "an extended file sets it",
                    (("algorithm",),),
                )


def _overlap(config: RunSettings) -> Iterator[Contradiction]:
    if config.rollout.overlap is True and config.algorithm != "PPO":
        yield Contradiction(
            ("rollout", "overlap"), f"{config.algorithm} always overlaps; leave it out", (("algorithm",),)
        )


def _learners(config: RunSettings) -> Iterator[Contradiction]:
    learners, gpus = config.resources.learners, config.resources.gpus
    if learners != "auto" and learners > 1 and gpus != "auto" and gpus % learners:
        yield Contradiction(
            ("resources", "gpus"),
            f"{learners} learners cannot share {gpus} GPUs out; set {learners}, or 0 to learn on CPU cores",
            (("resources", "learners"),),
        )


def _networks(config: RunSettings) -> Iterator[Contradiction]:
    """What the networks of SAC and DQN do not have."""
    if config.algorithm not in REPLAYING:
        return
    sections: dict[Path, ModelConfig] = {("model",): config.model}
    sections |= {("policies", name, "model"): policy.model for name, policy in config.policies.items()}
    for path, model in sections.items():
        if model.lstm is not None:
            yield Contradiction(
                (*path, "lstm"),
                f"{config.algorithm} has no recurrent state; {_listed(ON_POLICY)} can have one",
                (("algorithm",),),
            )
        if model.share_trunk:
            yield Contradiction(
                (*path, "share_trunk"), f"{config.algorithm} has no value function to share with", (("algorithm",),)
            )


def _critics(config: RunSettings) -> Iterator[Contradiction]:
    """A value function that sees other agents has hidden layers of its own."""
    for policy in config.policies or [""]:
        scope = config.policy_training(policy).critic
        if scope != "own" and config.policy_model(policy).share_trunk:
            place = _place_of(config, policy, "training", "critic")
            trunk = _place_of(config, policy, "model", "share_trunk")
            message = f"{scope} needs hidden layers of its own: set {'.'.join(map(str, trunk))} to false"
            yield Contradiction(place, message, (trunk,))


def _place_of(config: RunSettings, policy: str, section: str, key: str) -> Path:
    """Where a policy's setting is set: by itself, or for all policies."""
    own = getattr(config.policies.get(policy), section, None)
    return ("policies", policy, section, key) if own and key in own.model_fields_set else (section, key)


def _batches(config: RunSettings) -> Iterator[Contradiction]:
    training = config.training
    limits = (
        (("replay_capacity", "warmup_steps"), ("replay_capacity", "minibatch_size"))
        if config.algorithm in REPLAYING
        else (("train_batch_size", "minibatch_size"),)
    )
    for most, what in limits:
        limit, wanted = getattr(training, most), getattr(training, what)
        limit = UNMEASURED[most] if limit == "auto" else limit  # `auto` takes no larger one
        if wanted != "auto" and wanted > limit:
            yield Contradiction(
                ("training", what),
                f"{wanted} is more than training.{most}, {limit}",
                (("training", most),),
            )


def _policies(config: RunSettings) -> Iterator[Contradiction]:
    """Names are checked against each other only where the configuration itself says which policies there are."""
    if config.policies:
        for index, rule in enumerate(config.policy_mapping):
            if rule.policy not in config.policies:
                yield _unknown_policy(("policy_mapping", index, "policy"), rule.policy, list(config.policies))
    named = {rule.policy for rule in config.policy_mapping}
    trained = config.policies_to_train
    if trained is not None and not trained:
        yield Contradiction(("policies_to_train",), "no policy would learn; null trains all of them")
    for policy, own in config.policies.items():
        if own.scripted:
            yield from _scripted(config, policy)
    if named and trained is not None:
        for index, policy in enumerate(trained):
            if policy not in named:
                yield _unknown_policy(("policies_to_train", index), policy, sorted(named))


def _scripted(config: RunSettings, policy: str) -> Iterator[Contradiction]:
    path = ("policies", policy, "scripted")
    if policy in (config.policies_to_train or ()):
        message = f"{policy} is among policies_to_train: a script plays its agents, so it has nothing to learn from"
        yield Contradiction(path, message, (("policies_to_train",),))
    if config.policy_mapping:
        message = "the game knows only its own policies by name; leave out policy_mapping"
        yield Contradiction(path, message, (("policy_mapping",),))
    if config.league is not None:
        yield Contradiction(path, "a league chooses who plays; leave out `scripted` or `league`", (("league",),))


def _unknown_policy(path: Path, policy: str, known: list[str]) -> Contradiction:
    hint = did_you_mean(policy, known) or f"; known: {', '.join(known)}"
    return Contradiction(path, f"unknown policy {policy!r}{hint}", (("policies",), ("policy_mapping",)))


def _stop(config: RunSettings) -> Iterator[Contradiction]:
    for name in config.stop.metrics:
        if not name.startswith(metrics.GROUPS):
            message = f"no metric is called {name!r}; names begin with {', '.join(metrics.GROUPS)}"
            yield Contradiction(("stop", "metrics", name), message)
        elif metrics.is_of_evaluation(name):
            message = "an evaluation in training ends after the iteration that it is of, and so ends no run"
            yield Contradiction(("stop", "metrics", name), f"{message}; take a metric of scenario/ or policy/")
    if all(value is None for value in (config.stop.agent_steps, config.stop.iterations, config.stop.time_s)):
        yield Contradiction(("stop",), "training may never end: set agent_steps, iterations or time_s", (("stop",),))


def _schedules(config: RunSettings) -> Iterator[Contradiction]:
    """What is approached until the last agent step."""
    if config.stop.agent_steps is not None:
        return
    for path, section in _training_sections(config):
        for key in scheduled(type(section)).values():
            if getattr(section, key) is not None:
                message = "is reached at stop.agent_steps, which is null"
                yield Contradiction((*path, key), message, (("stop", "agent_steps"),))


def _training_sections(config: RunSettings) -> Iterator[tuple[Path, Section]]:
    """`training`, and what policies set of it for themselves."""
    yield ("training",), config.training
    for name, policy in config.policies.items():
        yield ("policies", name, "training"), policy.training


def _listed(words: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
