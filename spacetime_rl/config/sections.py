"""The sections of a run's configuration that no other file of this folder describes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from spacetime_rl.config.metric_name import MetricName
from spacetime_rl.config.policy import (
    Auto,
)
from spacetime_rl.config.section import Section

Port = Annotated[int, Field(ge=1024, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=1e9)]  # waits take no longer ones; null is for ever, where that may be


class ScenarioConfig(Section):
    """Which scenario is played, and with which parameters."""

    name: str | None = Field(
        default=None, description="A scenario of this package (`spacetime-rl scenarios`); null for a game of your own."
    )
    params: Mapping[str, Any] = Field(
        default={},
        description="Parameters of the scenario, or samplers that draw them for every episode (docs/curriculum.md); "
        "the game refuses a name it does not know.",
    )


class UnchangedConfig(Section):
    """How a project is played that knows nothing of reinforcement learning."""

    watch: tuple[str, ...] = Field(
        default=(),
        description="Nodes to watch, the player first: `group:NAME`, a pattern for a node's name, or a class; empty: "
        "the likely player, then other bodies.",
    )
    actions: tuple[str, ...] = Field(
        default=(),
        description="Patterns for the actions of the input map that are pressed; empty: the project's own, and those "
        "of the engine (`ui_…`) that its scripts name; if one calls `grab_focus`, those of menus.",
    )
    clicks: bool = Field(default=True, description="Click anywhere in the window, too, not only on controls.")
    seconds: float = Field(default=30.0, gt=0, le=86_400, description="Game time of an episode.")


class GameConfig(Section):
    """How the game is started."""

    env_path: Path | None = Field(
        default=None, description="An exported game to train instead of a scenario, from the folder you start in."
    )
    project: Path | None = Field(
        default=None, description="A Godot project folder to train instead of a scenario, from the folder you start in."
    )
    scene: str | None = Field(
        default=None, description="The scene of `project` to run (`res://…`); null for its main scene."
    )
    unchanged: UnchangedConfig | None = Field(
        default=None,
        description="`project` knows nothing of reinforcement learning, and is played as it is (docs/any-game.md).",
    )
    attach: Port | None = Field(
        default=None,
        description="Wait on this port for a game that you start yourself, in the editor for example, instead of "
        "starting one (docs/attach.md); 11008 is where games look by themselves.",
    )
    attach_address: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address of this machine on which `attach` waits. From another one than 127.0.0.1 games need a "
        "token, which is printed.",
    )
    via_http: str | None = Field(
        default=None,
        pattern=r"^https?://[^/\s]+/?$",
        description="URL of the HTTP API of a running game, which loads the scene and connects to `attach` "
        "(docs/http-api.md).",
    )
    http_port: Port | None = Field(
        default=None,
        description="Games have an HTTP API on this port of 127.0.0.1, or the next free one; null: none.",
    )
    reload_scene_every: int | None = Field(
        default=None,
        ge=1,
        description="Agent steps of a game after which it loads its scene anew, by its HTTP API; null: never.",
    )
    arenas: Auto | Annotated[int, Field(ge=1, le=1024)] = Field(
        default="auto",
        description="Copies of the scene in one game process; auto measures the fewest that give nearly the best "
        "speed. A stock game has one.",
    )
    action_repeat: int | None = Field(
        default=None, ge=1, le=1000, description="Physics ticks a decision; null for the scenario's own."
    )
    episode_steps: int | None = Field(
        default=None,
        ge=1,
        lt=2**31,
        description="Decisions until an episode is truncated; null for the scenario's own limit. A stock game "
        "continues after its agents are cut off (docs/your-game.md).",
    )
    physics_hz: Auto | Annotated[int, Field(ge=1, le=1000)] = Field(
        default="auto",
        description="Physics ticks a second of game time; auto is the project's own rate. A stock game sets its own.",
    )
    launch_timeout_s: Seconds = Field(
        default=60.0, description="Seconds from the start of the process until the game connects."
    )
    step_timeout_s: Seconds = Field(
        default=30.0, description="Seconds after which a game that does not answer a step is restarted."
    )
    render: Literal["auto", "none", "window", "xvfb"] = Field(
        default="auto",
        description="Where a game draws: nowhere, in a window on your screen, or on a virtual screen (Xvfb); "
        "auto draws only where agents have cameras that need it: in Xvfb, or else in a window.",
    )
    speed: Literal["max"] | Annotated[float, Field(gt=0, le=1000)] = Field(
        default="max",
        description="How many times faster than the wall clock games are played: 1 is real time, max as fast as they "
        "go (in the window of `play`: real time). What is played does not depend on it.",
    )
    viz: bool = Field(
        default=False,
        description="Show the first game of a training in a window, as `train --viz` does; the other games stay "
        "headless.",
    )
    end_on_script_error: bool = Field(
        default=False,
        description="A stock game is replaced at its first script error, as one with our addon always is, and an "
        "episode of an unchanged project ends there. Otherwise errors are counted and shown, or are findings.",
    )
    monitor: bool = Field(
        default=False,
        description="Measure what the game costs (time, processor time, memory, objects, chunks), and report it as "
        "the metrics `performance/…` (docs/monitor.md).",
    )
    observe_performance: bool = Field(
        default=False,
        description="With `monitor`, every agent observes frame times and chunks, each divided by its budget.",
    )
    penalise_performance: bool = Field(
        default=False,
        description="With `monitor`, every agent pays 5 for a tick over 11.11 ms, and 2 for one with more than 512 "
        "chunks.",
    )
    port_range: tuple[Port, Port] | None = Field(
        default=None, description="First and last port to listen on; null takes any free port."
    )
    max_lifetime_restarts: int = Field(
        default=100, ge=0, description="Restarts of games that a runner may make in all."
    )
    restarts_rate_limit_n: int = Field(
        default=10, ge=1, description="Restarts that a runner may make within `restarts_rate_limit_period_s`."
    )
    restarts_rate_limit_period_s: Seconds = Field(
        default=60.0, description="Seconds within which `restarts_rate_limit_n` restarts are allowed."
    )
    max_growth_mb: float | None = Field(
        default=1024.0,
        gt=0,
        description="Resident memory that a game may gain after its first fragment; a game that gains more is replaced "
        "between two fragments, which does not count as a restart. Null: no limit.",
    )


class MappingRule(Section):
    """Agents whose name matches a pattern are played by a policy."""

    agents: str = Field(min_length=1, description="A pattern (`*`, `?`, `[…]`) for the name inside an arena.")
    policy: str = Field(min_length=1, description="The policy's name.")


MANY_UPDATES = 300  # of a run, from which on PPO's runners play while the learner learns (docs/decisions/0088)


class RolloutConfig(Section):
    """How experience is gathered."""

    runners: Auto | Annotated[int, Field(ge=0)] = Field(
        default="auto",
        description="Ray actors that play; 0 plays inside the training process, auto takes one for each core.",
    )
    games_per_runner: Auto | Annotated[int, Field(ge=1, le=64)] = Field(
        default="auto",
        description="Games that a runner plays at the same time; auto takes one, or more where cores are left over.",
    )
    overlap: Auto | bool = Field(
        default="auto",
        description="PPO's runners play the next batch while the learner learns from the last one; auto does so where "
        f"a run makes at least {MANY_UPDATES} updates. A run that is to be repeated exactly says false. The other "
        "algorithms always overlap.",
    )
    fragment_length: int | None = Field(
        default=None,
        ge=1,
        description="Decisions in a fragment that a game hands over; null: computed from `training.train_batch_size`.",
    )
    record_every: int | None = Field(
        default=None,
        ge=1,
        description="Every n-th episode of a game is written to a file for `replay`, for this n; null: none.",
    )


class ResourcesConfig(Section):
    """What a run takes from the Ray cluster."""

    learners: Auto | Annotated[int, Field(ge=0, le=256)] = Field(
        default="auto",
        description="Ray actors that learn together from every batch, each on a GPU or on CPU cores of its own; 0 and "
        "1 learn inside the training process, auto takes one for each of the learner's GPUs (docs/scaling.md).",
    )
    gpus: Auto | Annotated[int, Field(ge=0)] = Field(
        default="auto",
        description="GPUs of all learners; auto takes one for each learner where the cluster has them, but leaves "
        "PPO's one learner on the CPU if it is measured to be faster there.",
    )
    cpus_per_runner: Auto | Annotated[float, Field(gt=0)] = Field(
        default="auto", description="CPU cores that Ray reserves for a runner; auto takes one for each of its games."
    )


class StopConfig(Section):
    """When training ends: as soon as one of these is reached."""

    agent_steps: int | None = Field(default=1_000_000, ge=1, description="Agent steps over all policies.")
    iterations: int | None = Field(default=None, ge=1, description="Training iterations.")
    time_s: Seconds | None = Field(default=None, description="Wall-clock seconds of training.")
    success_rate: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="The scenario's success rate, over the latest hundred agents' episodes or more.",
    )
    metrics: Mapping[MetricName, float] = Field(
        default={},
        description="Metrics by their public names (docs/training.md), such as `policy/giver/success_rate: 0.9`: any "
        "of them at this value or above, after a hundred episodes and in the last lesson.",
    )


class CheckpointConfig(Section):
    """When the state of training is saved."""

    every_iterations: int = Field(
        default=10, ge=1, description="Iterations between two checkpoints; one is saved at the end."
    )
    every_agent_steps: int | None = Field(
        default=None, ge=1, description="Agent steps between two checkpoints, in place of iterations."
    )
    keep: int = Field(default=3, ge=1, description="Latest checkpoints that are kept.")
    max_failures: int = Field(
        default=3,
        ge=0,
        description="How many times a run whose training process or node is lost restarts from its latest checkpoint, "
        "on another node if one is available. The trials of a sweep follow `sweep.max_failures`.",
    )


class EvaluationConfig(Section):
    """The seeded episodes on which trained policies are evaluated."""

    episodes: int = Field(default=100, ge=1, lt=2**31, description="Episodes.")
    games: int = Field(default=2, ge=1, le=64, description="Games that play them at the same time.")
    seed: int = Field(
        default=10_000, ge=0, lt=2**31, description="Seed of the episodes; no training run plays the same ones."
    )
    arenas: int = Field(default=8, ge=1, le=1024, description="Arenas in each of these games.")
    max_decisions: int = Field(
        default=20_000,
        ge=1,
        description="Decisions after which an episode that has not ended is cut off, together with the episodes that "
        "its arena (in a stock game: its agent) would have played next. They are counted, and left out of the figures.",
    )
    max_time_s: Seconds = Field(
        default=1800.0,
        description="Seconds after which the evaluation of one player ends; the finished episodes are reported.",
    )
    every_agent_steps: int | None = Field(
        default=None,
        ge=1,
        description="Agent steps between two evaluations while the run trains, which keep its best checkpoint; null: "
        "none (docs/tracking.md).",
    )
    training_episodes: int = Field(
        default=30,
        ge=1,
        lt=2**31,
        description="Episodes of each of these: always the same ones, and others than those of `seed`.",
    )
    best_by: Literal["auto", "success_rate", "return_mean"] = Field(
        default="auto",
        description="What makes a checkpoint the best; auto is the success rate where the game reports success, "
        "otherwise the return.",
    )
    cpu_share: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="Share of one CPU core that evaluations take while the run trains.",
    )
    stochastic: bool = Field(
        default=False,
        description="Policies sample their actions as in training, from a seeded generator, instead of taking the most "
        "probable ones: for policies that get stuck otherwise.",
    )


class TrackingConfig(Section):
    """Where a run is recorded."""

    uri: str | None = Field(
        default=None,
        description="MLflow server; null takes $MLFLOW_TRACKING_URI, or else a database in the results folder.",
    )
    experiment: str | None = Field(
        default=None, min_length=1, max_length=400, description="MLflow experiment; null takes the run's `name`."
    )
    register_models: bool = Field(
        default=True, description="Register the exported policies as models with the alias `candidate`."
    )
    tensorboard: bool = Field(
        default=False,
        description="Also write TensorBoard's event files into the run's folder, with all metrics and settings.",
    )
