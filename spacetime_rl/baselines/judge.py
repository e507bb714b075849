"""How the seeds of a baseline are judged: by which episodes, against whom, and which of them is shipped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spacetime_rl.baselines.trained import TrainedRun
from spacetime_rl.config import RunConfig
from spacetime_rl.contract import make_launch
from spacetime_rl.errors import GateError
from spacetime_rl.evaluation.comparison import by_episode
from spacetime_rl.evaluation.evaluate import evaluate
from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.evaluation.sources import HeuristicSource, MixedSource, OnnxSource, RandomSource, Source
from spacetime_rl.runs.shipped import OVERALL
from spacetime_rl.statistics.intervals import mean
from spacetime_rl.statistics.paired import Difference, compare_means, compare_rates

TEST_SEED = 20_261_129  # of the episodes that baselines are reported on, and nothing else uses
DRAWN = 3  # episodes in a baseline's picture
Say = Callable[[str], None]
Rows = Mapping[str, EvalReport]  # the report that decides about each row: OVERALL alone, or each adversary


@dataclass(frozen=True, slots=True)
class Episodes:
    """A set of numbered episodes."""

    count: int
    seed: int

    def of(self, config: RunConfig) -> RunConfig:
        """The configuration, evaluated on these episodes."""
        plan = config.evaluation.model_copy(update={"episodes": self.count, "seed": self.seed})
        return config.model_copy(update={"evaluation": plan})


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What one player reached in one row, episode by episode, in the order of the episodes.

    `success` is 1 if every agent succeeded, otherwise 0; in the row of one of several adversaries it is the share of
    that policy's agents that did. It is empty if the game reports no success. `gained` is the return, the mean over the
    row's agents.
    """

    success: Sequence[float]
    gained: Sequence[float]

    @classmethod
    def of(cls, report: EvalReport, row: str) -> Outcomes:
        """Those of a report: of the policy `row`, or of all agents if it is OVERALL."""
        policy = None if row == OVERALL else row
        shares = list(by_episode(report, policy, "success").values())
        success = [float(share >= 1.0) for share in shares] if policy is None else shares
        return cls(success, list(by_episode(report, policy, "return").values()))

    @property
    def score(self) -> tuple[float, float]:
        """The success rate (0 if the game reports none) and the mean return: the larger pair is the better one."""
        return mean(self.success) if self.success else 0.0, mean(self.gained)


@dataclass(frozen=True, slots=True)
class JudgedSeed:
    """A training with its policies' files, its validation score (None if it is the only one) and its test reports."""

    run: TrainedRun
    onnx: Path
    validation: tuple[float, float] | None
    rows: Rows


def play(config: RunConfig, source: Source, say: Say, traced: int = 0) -> EvalReport:
    """Let a player play the configuration's episodes, all of them. Raises GateError if one was not finished."""
    say(f"playing {config.evaluation.episodes} episodes of seed {config.evaluation.seed}: {source.name}")
    plan = config.evaluation
    launch = replace(make_launch(config), arenas=plan.arenas)
    report = evaluate(launch, config, source, plan.episodes, plan.seed, plan.games, traced=traced)
    if report.bounded:
        raise GateError(f"{source.name}: a baseline plays all of its episodes, but {report.bounded.note}")
    return report


def play_rows(config: RunConfig, own: Source, adversaries: Sequence[str], say: Say, traced: int = 0) -> Rows:
    """The reports that a player is judged by.

    Without adversaries there is one, OVERALL. The success of adversaries depends on their opponents. So each policy has
    a report of its own, in which all other policies are played by their scripts. This holds for every player.
    """
    if not adversaries or own.control == "heuristic":
        report = play(config, own, say, traced)
        return dict.fromkeys(adversaries or (OVERALL,), report)
    return {policy: play(config, against_scripts(own, policy, adversaries), say) for policy in adversaries}


def play_others(
    config: RunConfig, trained: Source, ours: Rows, scripted: Rows, adversaries: Sequence[str], say: Say
) -> Sequence[EvalReport]:
    """The reports that a baseline keeps: trained, scripted and random; of adversaries those against scripts, too.

    `ours` and `scripted` are the rows of the trained and of the scripted player, which were played before.
    """
    random = RandomSource()
    if not adversaries:
        return [ours[OVERALL], scripted[OVERALL], play(config, random, say)]
    together = play(config, trained, say, traced=DRAWN)
    alone = [play(config, against_scripts(random, policy, adversaries), say) for policy in adversaries]
    return [together, scripted[adversaries[0]], play(config, random, say), *ours.values(), *alone]


def against_scripts(own: Source, policy: str, policies: Sequence[str]) -> Source:
    """A player of which one policy is kept, and all others are played by their scripts."""
    return MixedSource(own, {other: HeuristicSource() for other in policies if other != policy})


def validate(config: RunConfig, onnx: Path, name: str, adversaries: Sequence[str], say: Say) -> tuple[float, float]:
    """The score of a seed on the validation episodes: success rate and return, means over the rows."""
    rows = play_rows(config, OnnxSource(onnx, name=name), adversaries, say)
    scores = [Outcomes.of(report, row).score for row, report in rows.items()]
    return mean([success for success, _ in scores]), mean([gained for _, gained in scores])


def choose_median(scores: Mapping[int, tuple[float, float]]) -> int:
    """The seed that is shipped: the median by success rate, then by return, on the validation episodes.

    Of an even number of seeds it is the lower one of the two in the middle; of equal seeds the smaller number counts
    as the worse one. `scores` are those of `validate`, by seed.
    """
    ordered = sorted(scores, key=lambda seed: (*scores[seed], seed))
    return ordered[(len(ordered) - 1) // 2]


def compare_to(ours: Outcomes, theirs: Outcomes) -> dict[str, Difference | None]:
    """Ours against theirs on the same episodes, by the gate's statistics: `success` (None without it) and `return`.

    Success is compared by the exact test where an episode is either a success or none, and otherwise as means are.
    """
    success: Difference | None = None
    if ours.success and theirs.success:
        if {*ours.success, *theirs.success} <= {0.0, 1.0}:
            success = compare_rates([one == 1.0 for one in ours.success], [one == 1.0 for one in theirs.success])
        else:
            success = compare_means(ours.success, theirs.success)
    return {"success": success, "return": compare_means(ours.gained, theirs.gained)}
