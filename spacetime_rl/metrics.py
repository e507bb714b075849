"""The public names of metrics, and an iteration's result by these names. No other file builds or splits a name.

A name is a path: `policy/<policy>/return_mean`, `perf/share_game`. `docs/training.md` lists all names; its table of the
learners' metrics is generated from `LEARNER`.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Counters of a result, and where it was computed.
AGENT_STEPS = "agent_steps"
EPISODES = "episodes"
ITERATION = "training_iteration"
TIME_S = "time_total_s"  # sum over all iterations
ITERATION_S = "time_this_iter_s"
TIMESTAMP = "timestamp"  # seconds of Unix time
# Counters that no tracking records: what an iteration added, and what controllers are shown.
EPISODES_NOW = "episodes_this_iter"
EPISODES_BY_POLICY = "episodes_this_iter_by_policy"
ENV_STEPS = "env_steps"  # decisions of an arena, whatever the number of its agents
ENV_STEPS_NOW = "env_steps_this_iter"
ENV_STEPS_TRAINED = "env_steps_trained"
AGENT_STEPS_TRAINED = "agent_steps_trained"
TRIAL_ID = "trial_id"
NODE = "node_ip"
LESSON = "lesson"  # the name of the active lesson
LESSONS_LEFT = "lessons_left"  # number of lessons after the active one

# Metrics of an evaluation, or of a window of episodes: of a policy, the scenario, a task or a lesson.
RETURN = "return_mean"
SUCCESS = "success_rate"
LENGTH = "length_mean"
OUTCOMES = (RETURN, SUCCESS, LENGTH)
RETURN_MIN = "return_min"
RETURN_MAX = "return_max"
_OF_EPISODES = {"return": RETURN, "length": LENGTH, "success": SUCCESS}  # a game's own metrics keep their names
# The last parts of former names, which configurations may still use.
_RENAMED = {"dead_time_s": "downtime_s", "hooked_return": "shaped_return"}

_POLICY, _SCENARIO, _TASK, _LESSON = "policy", "scenario", "task", "curriculum"
_PERF, _HEALTH, _CUSTOM, _COST = "perf", "health", "custom", "performance"
_LEAGUE = "league"
_EVALUATION = "evaluation"
NOVELTY = "novelty"  # the reward term that pays for new places
GROUPS = tuple(
    f"{group}/" for group in (_SCENARIO, _POLICY, _TASK, _CUSTOM, _PERF, _HEALTH, _LESSON, _COST, _LEAGUE, _EVALUATION)
)
_COUNTERS = (AGENT_STEPS, EPISODES, ITERATION, TIME_S)
ALL = "all"  # group of metrics over all policies, as MLflow shows it
SYSTEM = "system"  # group of metrics of the machine; MLflow uses the same name for its own
_FIRST = (f"{_SCENARIO}/", *(f"/{name}" for name in (SUCCESS, RETURN, LENGTH)), AGENT_STEPS, EPISODES, f"{_POLICY}/")
_LONGEST = 250  # characters of a metric's name that MLflow accepts
_SHARE = "share_"
_REWARD = "reward/"
_SHAPED = "shaped_return"

# The parts of an iteration's time; `perf/share_<part>` is a part's share.
PARTS = ("game", "wire", "forward", "learner")


@dataclass(frozen=True, slots=True)
class LearnerMetric:
    """A metric that learners report: our name, RLlib's names for it, its title and its meaning."""

    name: str
    theirs: tuple[str, ...]
    title: str
    meaning: str
    of_update: bool = False  # whether it is about how updates are made, not about their results


VALUE_LOSS = "value_loss"
ENTROPY = "entropy"
KL = "kl"
EXPLAINED_VARIANCE = "explained_variance"
IMITATION_VALIDATION_LOSS = "imitation_validation_loss"
ADVANTAGE_MEAN, ADVANTAGE_STD = "advantage_mean", "advantage_std"
LEARNER = (
    LearnerMetric("policy_loss", ("policy_loss", "mean_pi_loss"), "policy loss", "loss of the policy"),
    # IMPALA's vf_loss is a sum over the batch. Its mean has another name, which comes later so that it wins.
    LearnerMetric(VALUE_LOSS, ("vf_loss", "mean_vf_loss"), "value loss", "loss of the value function"),
    LearnerMetric(
        ADVANTAGE_MEAN,
        (ADVANTAGE_MEAN,),
        "advantage",
        "mean advantage of a batch's actions, before advantages are standardised (PPO)",
        of_update=True,
    ),
    LearnerMetric(ADVANTAGE_STD, (ADVANTAGE_STD,), "adv. std", "their standard deviation", of_update=True),
    LearnerMetric("q_loss", ("qf_loss",), "Q loss", "loss of the Q functions (SAC, DQN)"),
    LearnerMetric("q_mean", ("qf_mean",), "Q", "mean Q value (SAC, DQN)"),
    LearnerMetric(ENTROPY, ("entropy",), "entropy", "entropy of the actions, in nats"),
    LearnerMetric(KL, ("mean_kl_loss",), "KL", "KL divergence of an update, in nats (PPO)"),
    LearnerMetric(
        EXPLAINED_VARIANCE,
        ("vf_explained_var",),
        "expl. var.",
        "share of the returns' variance that the value function explains",
    ),
    LearnerMetric("alpha", ("alpha_value",), "alpha", "weight of the entropy in the return (SAC)"),
    LearnerMetric("epsilon", ("epsilon",), "epsilon", "share of random actions (DQN)"),
    LearnerMetric(
        "intrinsic_reward",
        ("intrinsic_reward",),
        "intrinsic",
        "mean reward of a step for what is new, its weight included ([curiosity](#curiosity))",
    ),
    LearnerMetric(
        "imitation_loss",
        ("imitation_loss",),
        "imitation",
        "distance from the demonstrated actions ([demonstrations](demonstrations.md))",
    ),
    LearnerMetric(
        IMITATION_VALIDATION_LOSS,
        ("imitation_validation_loss",),
        "validation",
        "the same for demonstrations that are held out: after the pre-training, and in every iteration of `--offline`",
    ),
    LearnerMetric("lr", ("default_optimizer_learning_rate",), "lr", "learning rate", of_update=True),
    LearnerMetric(
        "grad_norm",
        ("gradients_default_optimizer_global_norm",),
        "grad norm",
        "mean norm of an update's gradients, before they are clipped",
        of_update=True,
    ),
    LearnerMetric("kl_coeff", ("curr_kl_coeff",), "KL coeff.", "weight of the KL penalty, where there is one", True),
    LearnerMetric("imitation_weight", ("imitation_weight",), "imit. weight", "weight of the imitation loss", True),
    LearnerMetric("entropy_coeff", ("curr_entropy_coeff",), "entropy coeff.", "weight of the entropy bonus", True),
)


def of_policy(policy: str, name: str) -> str:
    """The name of a policy's metric."""
    return f"{_POLICY}/{policy}/{name}"


def of_scenario(name: str) -> str:
    """The name of a metric over the agents of all policies."""
    return f"{_SCENARIO}/{name}"


def of_task(task: str, name: str) -> str:
    """The name of a task's metric."""
    return f"{_TASK}/{task}/{name}"


def of_lesson(lesson: str, name: str = SUCCESS) -> str:
    """The name of a lesson's metric."""
    return f"{_LESSON}/{lesson}/{name}"


def of_league(policy: str, name: str) -> str:
    """The name of a policy's metric in its league."""
    return f"{_LEAGUE}/{policy}/{name}"


def of_evaluation(name: str) -> str:
    """The name of a metric of the evaluations while a run trains."""
    return f"{_EVALUATION}/{name}"


def of_perf(name: str) -> str:
    """The name of a metric of speed."""
    return f"{_PERF}/{name}"


def of_health(name: str) -> str:
    """The name of a metric of the games' and machines' health."""
    return f"{_HEALTH}/{name}"


def of_custom(name: str) -> str:
    """The name of a metric that a user's callbacks log."""
    return f"{_CUSTOM}/{name}"


def is_wall_clock(name: str) -> bool:
    """Whether a metric, a reward term or an observation of a game is of the wall clock, and so differs in a replay."""
    return name.startswith(f"{_COST}/")


def is_reward(name: str) -> bool:
    """Whether a policy's metric, without the policy, is about its rewards."""
    return name.startswith(_REWARD) or name == _SHAPED


def differs_in_replay(name: str) -> bool:
    """Whether a reward term follows from more than its episode: from the wall clock, or from earlier episodes."""
    return is_wall_clock(name) or name == NOVELTY


def of_performance(name: str) -> str:
    """The name of a metric of what a game costs, which it reports where `game.monitor` is on."""
    return f"{_COST}/{name}"


def growth_of(count: str) -> str:
    """The name of what a game's count, such as `node_count`, grew by in an episode."""
    return of_performance(f"{count}_growth")


def kept_of(count: str) -> str:
    """The name of what each episode before left behind of a game's count, in the mean."""
    return of_performance(f"{count}_kept")


def share_of(part: str) -> str:
    """The name of the metric for one of `PARTS`."""
    return of_perf(f"{_SHARE}{part}")


def of_episodes(name: str) -> str:
    """The public name for the mean of a metric that games report per episode."""
    return _OF_EPISODES.get(name, name)


SCENARIO_SUCCESS = of_scenario(SUCCESS)
SCENARIO_RETURN = of_scenario(RETURN)
WIN_RATE = "win_rate"
SNAPSHOTS = f"{_LEAGUE}/snapshots"  # of each policy that learns
OTHER_TRIALS = f"{_LEAGUE}/other_trials"  # whose snapshots the trial meets; missing where trials do not meet
EVALUATED_AT = of_evaluation(AGENT_STEPS)  # agent steps of the checkpoint that was evaluated last
BEST_AT = of_evaluation(f"best_{AGENT_STEPS}")
EVALUATION_CPU_S = of_evaluation("cpu_s")  # of all evaluations so far
LESSON_NUMBER = f"{_LESSON}/lesson"  # the active lesson's number, from 0
FRAME_MS = of_performance("physics_frame_time_ms")
FRAME_MS_MAX = of_performance("physics_frame_time_ms_max")
FRAMES_OVER_BUDGET = of_performance("frames_over_budget")
RENDER_MS = of_performance("render_frame_time_ms")
CPU_MS_A_TICK = of_performance("cpu_ms_a_tick")
CHUNKS = of_performance("active_chunk_count")
GAME_MEMORY_MB = of_performance("static_memory_mb")
STEPS_PER_S = of_perf("agent_steps_per_s")
GRADIENT_STEPS = of_health("gradient_steps")
GRADIENT_STEPS_LEFT_OUT = of_health("gradient_steps_left_out")
RESTARTS = of_health("restarts")
DOWNTIME_S = of_health("downtime_s")
RSS_MB = of_health("rss_mb")
RECYCLED = of_health("recycled")
SCRIPT_ERRORS = of_health("script_errors")


@dataclass(frozen=True, slots=True)
class Result:
    """A trial's report after an iteration, by public names; a metric that is missing or not finite is None."""

    values: Mapping[str, Any]

    def figure(self, name: str) -> float | None:
        """A metric by its full name."""
        return finite(self.values.get(name))

    @property
    def agent_steps(self) -> int:
        """Agent steps so far."""
        return int(self.values.get(AGENT_STEPS) or 0)

    @property
    def episodes(self) -> int:
        """Agents' episodes that have ended so far."""
        return int(self.values.get(EPISODES) or 0)

    @property
    def iteration(self) -> int:
        """Number of finished training iterations."""
        return int(self.values.get(ITERATION) or 0)

    @property
    def time_s(self) -> float:
        """Wall-clock seconds of all iterations so far."""
        return self.figure(TIME_S) or 0.0

    @property
    def step(self) -> int:
        """The x axis of every curve: agent steps, which compare across batch sizes; else the iteration."""
        return self.agent_steps or self.iteration

    @property
    def policies(self) -> tuple[str, ...]:
        """The names of the policies with any metric, sorted."""
        return policies_in(self.values)

    @property
    def tasks(self) -> dict[str, float | None]:
        """The success rate of every task, by name; empty if the game has a single task."""
        parts = (name.split("/") for name in self.values if name.startswith(f"{_TASK}/"))
        names = (middle for _, middle, *last in parts if last == [SUCCESS])
        return {name: self.figure(of_task(name, SUCCESS)) for name in names}

    @property
    def league(self) -> dict[str, float | None]:
        """How often each policy wins in its league, by name; empty without a league."""
        if SNAPSHOTS not in self.values:
            return {}
        return {policy: self.figure(of_league(policy, WIN_RATE)) for policy in self.policies}

    @property
    def best(self) -> tuple[int, dict[str, float]] | None:
        """The best checkpoint's agent steps and outcomes; None before the first evaluation in training."""
        steps = self.figure(BEST_AT)
        found = {name: self.figure(of_evaluation(f"best_{name}")) for name in OUTCOMES}
        return None if steps is None else (int(steps), {name: v for name, v in found.items() if v is not None})

    @property
    def lesson(self) -> str | None:
        """The name of the active lesson; None without a curriculum."""
        name = self.values.get(LESSON)
        return None if name is None else str(name)

    @property
    def shares(self) -> dict[str, float]:
        """Shares of the iteration's time, for those of `PARTS` that are known."""
        found = {part: self.figure(share_of(part)) for part in PARTS}
        return {part: share for part, share in found.items() if share is not None}

    def learner_figures(self, policy: str) -> dict[str, float | None]:
        """The metrics of a policy's learner, by the names in `LEARNER`."""
        found = {metric.name: of_policy(policy, metric.name) for metric in LEARNER}
        return {name: self.figure(full) for name, full in found.items() if full in self.values}

    def own_figures(self, policy: str | None = None) -> dict[str, float | None]:
        """The game's own metrics of a policy; None: those over all policies, and those that callbacks logged."""
        known = {*OUTCOMES, RETURN_MIN, RETURN_MAX, *(metric.name for metric in LEARNER)}
        prefixes = (of_scenario(""), of_custom("")) if policy is None else (of_policy(policy, ""),)
        names = {n: n.removeprefix(p) for p in prefixes for n in self.values if n.startswith(p)}
        return {short: self.figure(name) for name, short in names.items() if short not in known}

    def reward_terms(self, policy: str) -> dict[str, float]:
        """The mean of every reward term of a policy, by the term's name."""
        prefix = of_policy(policy, _REWARD)
        found = {name.removeprefix(prefix): self.figure(name) for name in self.values if name.startswith(prefix)}
        return {name: value for name, value in found.items() if value is not None}


def present_name(name: str) -> str:
    """A metric's present name; some had other names before version 0.2."""
    group, slash, last = name.rpartition("/")
    return group + slash + _RENAMED.get(last, last)


def finite(value: Any) -> float | None:
    """The value as a float; None if it is not a number or not finite."""
    if isinstance(value, (str, bytes)) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def policies_in(*results: Iterable[str]) -> tuple[str, ...]:
    """The policies that have a metric in any of these results, sorted."""
    prefix = f"{_POLICY}/"
    return tuple(sorted({name.split("/")[1] for result in results for name in result if name.startswith(prefix)}))


def without_policy(name: str) -> tuple[str, str]:
    """The name of a policy's metric without the policy, and the policy. Other names stay, with an empty policy."""
    group, _, rest = name.partition("/")
    policy, slash, metric = rest.partition("/")
    return (metric, policy) if group == _POLICY and slash else (name, "")


def lessons_in(*results: Iterable[str]) -> tuple[str, ...]:
    """The lessons with a success rate in any of these results, in order of appearance."""
    names = (name.split("/") for result in results for name in result if name.startswith(f"{_LESSON}/"))
    return tuple(dict.fromkeys(parts[1] for parts in names if parts[2:] == [SUCCESS]))


def series(results: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    """The finite values of a metric in these results, in order."""
    return [value for _, value in curve(results, name)]


def curve(results: Sequence[Mapping[str, Any]], name: str) -> list[tuple[int, float]]:
    """Agent steps and value of a metric, in order, wherever the value is finite."""
    found = ((Result(values).agent_steps, finite(values.get(name))) for values in results if AGENT_STEPS in values)
    return [(steps, value) for steps, value in found if value is not None]


def headline(result: Mapping[str, Any]) -> dict[str, float]:
    """The metrics of policies and scenario, whose trends are shown."""
    chosen = {
        name: finite(value) for name, value in result.items() if name.startswith((f"{_POLICY}/", f"{_SCENARIO}/"))
    }
    return {name: value for name, value in chosen.items() if value is not None}


def is_outcome(name: str) -> bool:
    """Whether a metric measures how well a policy, the scenario, a task or a lesson does, or how far the run is."""
    group, _, rest = name.partition("/")
    if group in (_POLICY, _TASK):
        return rest.rpartition("/")[2] in OUTCOMES and rest.count("/") == 1
    return group in (_SCENARIO, _LESSON, _EVALUATION) or name in (AGENT_STEPS, STEPS_PER_S, RESTARTS)


def is_of_evaluation(name: str) -> bool:
    """Whether a metric is of the evaluations while a run trains, which results have only some iterations later."""
    return name.startswith(f"{_EVALUATION}/")


def is_success(metric: str) -> bool:
    """Whether a metric is a success rate; not every game reports one."""
    return metric.rpartition("/")[2] == SUCCESS


def learner_metrics(learners: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    """Public name and value of each metric in `LEARNER` that RLlib's learners reported, by policy."""
    for policy, reported in learners.items():
        for metric in LEARNER:
            for theirs in metric.theirs:
                value = finite(reported.get(theirs))
                if value is not None:
                    yield of_policy(policy, metric.name), value


def public_metrics(result: Mapping[str, Any]) -> dict[str, float]:
    """The public metrics of a Tune result, finite numbers only, the most important ones first."""
    found = finite_metrics({name: value for name, value in result.items() if is_public(name)})
    return {name: found[name] for name in sorted(found, key=_rank)}


def is_public(name: str) -> bool:
    """Whether a name in a Tune result is that of a public metric."""
    return name.startswith(GROUPS) or name in _COUNTERS


def finite_metrics(values: Mapping[str, Any]) -> dict[str, float]:
    """The finite numbers among the values, under names that MLflow accepts."""
    numbers = {valid_name(name): finite(value) for name, value in values.items()}
    return {name: number for name, number in numbers.items() if number is not None}


def recorded_metrics(metrics: Mapping[str, float]) -> dict[str, float]:
    """Public metrics under the names that MLflow records; MLflow sorts the groups of its charts by the alphabet.

    `all`, for all policies, comes first; `system`, the health of games and the machine, comes last. With a single
    policy `all` holds only the outcomes, because its other metrics would repeat the policy's.
    """
    several = len(policies_in(metrics)) != 1
    found = {}
    for name, value in metrics.items():
        group, _, rest = name.partition("/")
        if group == _SCENARIO and (rest in OUTCOMES or several):
            found[f"{ALL}/{rest}"] = value
        elif group != _SCENARIO:
            found[f"{SYSTEM}/{rest}" if group == _HEALTH else name] = value
    return found


def valid_name(name: str) -> str:
    """The nearest name that MLflow accepts: letters, digits and `_-. :/`, no odd path parts, at most 250 characters."""
    return posixpath.normpath(re.sub(r"[^\w\-. :/]", "_", name, flags=re.ASCII)).lstrip("./")[:_LONGEST] or "_"


def _rank(name: str) -> int:
    """A metric's position in MLflow's table, which keeps the order of recording."""
    first = (*_FIRST, f"{_PERF}/", name)
    return next(place for place, part in enumerate(first) if name.startswith(part) or name.endswith(part))


def learner_table() -> str:
    """The table rows of docs/training.md for the learners' metrics, in Markdown."""
    return "\n".join(f"| `{of_policy('<p>', metric.name)}` | {metric.meaning} |" for metric in LEARNER)
