"""Every setting of a run does something with every algorithm and every kind of game, or is refused by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from support.fake_runs import make_config
from support.toy_game import make_group, make_launch, make_layout

import spacetime_rl
from spacetime_rl.config import RunConfig, load
from spacetime_rl.config.algorithms import ALL, readers
from spacetime_rl.config.policy import ModelConfig, TrainingConfig
from spacetime_rl.contract import assign_policies
from spacetime_rl.contract import make_launch as launch_of
from spacetime_rl.errors import ConfigError, ContractError
from spacetime_rl.game.spec import STOCK_WIRE, GameSpec, ImageField, PolicyLayout
from spacetime_rl.learning.build import make_algorithm_config
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.runs.checkpoint import CheckpointMetadata
from spacetime_rl.tuning.stopping import StopAt
from spacetime_rl.tuning.tune_run import checkpoint_config, checkpoints_by_steps

PACKAGE = Path(spacetime_rl.__file__).parent

# Another value for every setting of these sections than its default.
TRAINING: dict[str, Any] = {
    "lr": 0.1, "final_lr": 0.01, "gamma": 0.5, "lambda_": 0.5, "clip_param": 0.05, "entropy_coeff": 0.3,
    "final_entropy_coeff": 0.1, "vf_loss_coeff": 0.9, "vf_clip_param": 3.0, "use_kl_loss": True, "kl_coeff": 0.7,
    "kl_target": 0.3, "grad_clip": 7.0, "n_step": 5, "tau": 0.5, "initial_alpha": 0.9, "target_entropy": -9.0,
    "final_epsilon": 0.4, "epsilon_steps": 77, "train_batch_size": 300, "minibatch_size": 20, "num_epochs": 9,
    "training_intensity": 3.0, "warmup_steps": 77, "replay_capacity": 5555, "critic": "arena",
}  # fmt: skip
MODEL: dict[str, Any] = {
    "hiddens": [7], "activation": "elu", "lstm": {"cell_size": 3}, "normalize_observations": False,
    "observation_clip": 3.0, "symlog": 5.0, "cnn": {"filters": [[4, 2, 1]]}, "initial_log_std": -2.0,
    "share_trunk": True, "entities": "pool", "entity_width": 5,
}  # fmt: skip
GAME: dict[str, Any] = {
    "action_repeat": 3, "episode_steps": 50, "physics_hz": 60, "launch_timeout_s": 9.0, "step_timeout_s": 8.0,
    "port_range": [5000, 5001], "max_lifetime_restarts": 3, "restarts_rate_limit_n": 3,
    "restarts_rate_limit_period_s": 9.0, "max_growth_mb": 9.0, "speed": 2.5, "viz": True,
    "attach": 5000, "attach_address": "0.0.0.0", "via_http": "http://127.0.0.1:8080", "http_port": 8080,
    "reload_scene_every": 10_000,
    "monitor": True, "observe_performance": True, "penalise_performance": True,
}  # fmt: skip
NEEDS: Mapping[str, Mapping[str, Any]] = {"kl_coeff": {"use_kl_loss": True}, "kl_target": {"use_kl_loss": True}}

# Settings whose effect no value of these tests shows, and the files that read them.
READ_BY: dict[str, tuple[str, ...]] = {
    "name": ("runs/folder.py", "tracking/identity.py"),
    "seed": ("contract.py", "rollout/plan.py"),
    "results": ("training/run.py",),
    "callbacks": ("learning/build.py",),
    "initialize_from": ("learning/warm_start.py",),
    "reset_exploration": ("learning/algorithm.py",),
    "imitation": ("training/demonstrations.py", "learning/build.py"),
    "curiosity": ("learning/build.py", "learning/curiosity.py"),
    "curriculum": ("rollout/lessons.py",),
    "tasks": ("contract.py",),
    "league": ("rollout/sides.py", "learning/build.py"),
    "policies": ("contract.py",),
    "policy_mapping": ("contract.py",),
    "policies_to_train": ("contract.py",),
    "rewards": ("contract.py", "rollout/make_plan.py"),
    "scenario": ("contract.py",),
    "resources": ("sizing/settle.py", "training/execute.py"),
    "rollout": ("sizing/settle.py", "learning/build.py"),
    "evaluation": ("evaluation/story.py", "training/outputs.py"),
    "tracking": ("training/run.py", "tracking/identity.py"),
    "stop": ("tuning/stopping.py",),
    "checkpoint": ("tuning/tune_run.py",),
    "game": ("contract.py", "rollout/make_plan.py"),
}


def _spec(algorithm: str, *, images: bool = False) -> GameSpec:
    layout = make_layout(3, *((0, 3) if algorithm == "DQN" else (2,)))
    if images:
        layout = PolicyLayout(layout.fields, (ImageField("eye", (8, 8, 1)),), layout.actions)
    return GameSpec("fake", 1, 60, 1, (make_group("walker", 2, layout),))


def _write(folder: Path, data: Mapping[str, Any]) -> RunConfig:
    """Through the door that a user takes."""
    import yaml

    file = folder / "run.yaml"
    file.write_text(yaml.safe_dump({"scenario": {"name": "fake"}, **data}))
    return load(file)


def _built(config: RunConfig, spec: GameSpec) -> str:
    """Everything that a run makes of its configuration, as text."""
    plan = RolloutPlan(make_launch(), spec, assign_policies(spec, config))
    algorithm = make_algorithm_config(config, plan, CheckpointMetadata("run", {}, {}, {}))
    modules = {name: module.model_config for name, module in algorithm.rl_module_spec.rl_module_specs.items()}
    given = {k: v for k, v in vars(algorithm).items() if isinstance(v, (int, float, str, list, tuple, type(None)))}
    return repr((given, sorted(algorithm.algorithm_config_overrides_per_module.items()), modules))


def _built_or_refused(folder: Path, data: Mapping[str, Any], spec: GameSpec) -> tuple[str, list[str]]:
    try:
        return _built(_write(folder, data), spec), []
    except ConfigError as refused:  # a ContractError is one
        return "", refused.problems


def test_the_tables_hold_every_setting_there_is() -> None:
    """A new setting belongs into one of them."""
    assert set(TRAINING) == set(TrainingConfig.model_fields)
    assert set(MODEL) == set(ModelConfig.model_fields)
    assert set(READ_BY) | {"model", "training", "algorithm"} == set(RunConfig.model_fields)


@pytest.mark.parametrize("algorithm", ALL)
def test_every_setting_of_training_and_model_changes_what_is_built_or_is_refused(
    algorithm: str, tmp_path: Path
) -> None:
    without_effect = []
    for section, values in (("training", TRAINING), ("model", MODEL)):
        for key, value in values.items():
            spec = _spec(algorithm, images=key == "cnn" and algorithm not in ("SAC", "DQN"))
            needed = NEEDS.get(key, {}) if algorithm in readers(TrainingConfig, "use_kl_loss") else {}
            base: dict[str, Any] = {"algorithm": algorithm, section: dict(needed)}
            if key == "lstm":
                base["training"] = {"minibatch_size": 64}
            with_it, refusals = _built_or_refused(tmp_path, {**base, section: {**needed, key: value}}, spec)
            if refusals:
                assert any(f"{section}.{key}" in refusal for refusal in refusals), (key, refusals)
                continue
            if with_it == _built(_write(tmp_path, base), spec):
                without_effect.append(f"{section}.{key}")

    assert without_effect == []


@pytest.mark.parametrize("key", GAME)
def test_every_setting_of_the_game_reaches_it_or_its_runners(key: str, tmp_path: Path) -> None:
    needed: dict[str, Any] = {"monitor": True} if key.endswith("_performance") else {}
    needed |= {"attach": 5001} if key in ("attach_address", "via_http") else {}
    needed |= {"http_port": 5002} if key == "reload_scene_every" else {}
    plain, changed = (_write(tmp_path, {"game": game}) for game in (needed, {**needed, key: GAME[key]}))

    if launch_of(plain) == launch_of(changed):
        meeting = (PACKAGE / "rollout" / "make_plan.py").read_text()
        assert f"{key}=config.game.{key}" in meeting


@pytest.mark.parametrize("key", ["agent_steps", "iterations", "time_s", "success_rate"])
def test_every_limit_ends_a_run(key: str) -> None:
    stop = make_config(stop={"agent_steps": None, "iterations": 10**9, key: 0.5 if key == "success_rate" else 2}).stop
    name = {"iterations": "training_iteration", "time_s": "time_total_s", "success_rate": "scenario/success_rate"}

    assert StopAt(stop)("trial", {"episodes": 1000, name.get(key, key): 3})


def test_every_setting_of_checkpoints_is_used() -> None:
    config = make_config(checkpoint={"every_iterations": 7, "keep": 2})

    assert (checkpoint_config(config).checkpoint_frequency, checkpoint_config(config).num_to_keep) == (7, 2)
    assert len(checkpoints_by_steps(make_config(checkpoint={"every_agent_steps": 100}))) == 1
    assert "checkpoint.max_failures" in (PACKAGE / "training" / "execute.py").read_text()


@pytest.mark.parametrize("section", READ_BY)
def test_every_other_setting_is_read_where_the_table_says(section: str) -> None:
    sources = "".join((PACKAGE / name).read_text() for name in READ_BY[section])

    assert re.search(rf"\b{section}\b", sources)


def test_no_setting_is_read_nowhere() -> None:
    """Its name is looked up as an attribute, outside of the models that declare it, or handed on by a table."""
    handed_on = {*TRAINING, *MODEL}
    files = (p for p in PACKAGE.rglob("*.py") if not p.is_relative_to(PACKAGE / "godot") and p.name != "model.py")
    sources = "\n".join(path.read_text() for path in files)

    unread = [
        name for name in _leaves(RunConfig) if name not in handed_on and not re.search(rf"[.\"]{name}\b", sources)
    ]

    assert unread == []


STOCK: dict[str, tuple[dict[str, Any], str]] = {
    "arenas": ({"game": {"arenas": 4}}, "game.arenas: .* is a stock game, which has one arena; leave it out"),
    "physics": ({"game": {"physics_hz": 120}}, "game.physics_hz: .* ticks at the rate that its plugin sets, 60"),
    "evaluation": ({"evaluation": {"arenas": 3}}, "evaluation.arenas: .* has one arena"),
    "params": (
        {"scenario": {"params": {"speed": 2}}},
        "scenario.params.speed: .* has no such parameter; it takes none",
    ),
    "lessons": (
        {"curriculum": [{"lesson": "near", "params": {}, "agent_steps": 9}]},
        "curriculum: .* has no parameters, and so no lessons",
    ),
    "tasks": ({"tasks": [{"name": "a"}, {"name": "b"}]}, "tasks: .* plays none, as a stock game does"),
    "scripts": ({"rewards": {"scripts": ["near.gd"]}}, "rewards.scripts.0: .* is a stock game, which takes no reward"),
    "novelty": ({"rewards": {"novelty": {}}}, "rewards.novelty: .* is a stock game, which does not say where"),
}


@pytest.mark.parametrize("case", STOCK)
def test_what_a_stock_game_cannot_do_is_refused_by_its_name(case: str) -> None:
    settings, message = STOCK[case]
    spec = GameSpec("odd", 1, None, None, _spec("PPO").groups, wire=STOCK_WIRE)
    config = make_config(**{"scenario": {}, "game": {}, **settings, **_program(settings)})

    with pytest.raises(ContractError, match=message) as caught:
        assign_policies(spec, config)
    assert len(caught.value.problems) == 1


def _program(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"game": {"env_path": "odd", **settings.get("game", {})}}


def test_what_a_stock_game_can_do_is_not_refused() -> None:
    spec = GameSpec("odd", 1, None, None, _spec("PPO").groups, wire=STOCK_WIRE)
    game = {"env_path": "odd", "episode_steps": 100, "action_repeat": 4, "physics_hz": 60, "arenas": 1}

    assert assign_policies(spec, make_config(scenario={}, game=game, evaluation={"arenas": 1}, seed=5))


IDLE: dict[str, tuple[dict[str, Any], str]] = {
    "overlap": ({"rollout": {"runners": 0, "overlap": True}}, "rollout.overlap: with rollout.runners 0"),
    "episodes": (
        {"imitation": {"from": "shown", "episodes": 9}},
        "imitation.episodes: is read where imitation.from names heuristic",
    ),
    "kl": ({"training": {"kl_coeff": 0.9}}, "training.kl_coeff: is read only where training.use_kl_loss is on"),
    "clip": (
        {"model": {"normalize_observations": False, "observation_clip": 3.0}},
        "model.observation_clip: clips normalised observations, and model.normalize_observations is off",
    ),
    "untrained": (
        {"policies": {"a": {"training": {"lr": 0.1}}, "b": {}}, "policies_to_train": ["b"]},
        "policies.a.training.lr: a does not learn",
    ),
}


@pytest.mark.parametrize("case", IDLE)
def test_a_setting_that_another_one_leaves_without_effect_is_refused_with_its_line(case: str, tmp_path: Path) -> None:
    settings, message = IDLE[case]

    with pytest.raises(ConfigError, match=rf"run.yaml:\d+: {message}"):
        _write(tmp_path, settings)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"cnn": {"filters": [[4, 2, 1]]}}, "model.cnn: would have no effect: no policy that it is for sees images"),
        ({"initial_log_std": -2.0}, "model.initial_log_std: would have no effect: .* has continuous actions"),
    ],
)
@pytest.mark.parametrize("where", ["model", "policies.walker.model"])
def test_a_network_is_given_nothing_that_it_has_no_use_for(model: dict[str, Any], message: str, where: str) -> None:
    spec = GameSpec("fake", 1, 60, 1, (make_group("walker", 2, make_layout(3, 0, 3)),))
    settings = {"model": model} if where == "model" else {"policies": {"walker": {"model": model}}}

    with pytest.raises(ContractError, match=rf"^{message.replace('model.', where + '.', 1)}"):
        assign_policies(spec, make_config(**settings))


def _leaves(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        below = list(_sections(field.annotation))
        if below:
            for section in below:
                yield from _leaves(section)
        else:
            yield name


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _sections(argument)
