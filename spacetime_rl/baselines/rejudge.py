"""Report a shipped baseline of one seed on the test episodes, without training it anew."""

from __future__ import annotations

import re
from pathlib import Path

from spacetime_rl.baselines.document import judged_again
from spacetime_rl.baselines.judge import DRAWN, TEST_SEED, Episodes, Say, play_others, play_rows
from spacetime_rl.baselines.make import Outcome, write_baseline
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.sources import HeuristicSource, OnnxSource
from spacetime_rl.runs.shipped import BASELINES, TRAINED, read_baseline, read_baselines


def judge_again(name: str, root: Path = BASELINES, say: Say = lambda _: None, episodes: int | None = None) -> Outcome:
    """Let a baseline's policies, the script and the random policy play the test episodes, and write what came of it.

    `episodes` are as many as before unless given. More of them give narrower intervals. Raises UsageError if the
    baseline was reported on as many already, or has several seeds; ContractError if it does not fit the game any more.
    """
    baseline = read_baseline(name, root)
    before = baseline.document["episodes"]
    if baseline.is_held_out and (episodes or before) <= before:
        raise UsageError(
            f"baseline {name}: was reported on the test episodes already, {before} of them; --episodes with a larger "
            "number reports it on more"
        )
    if len(baseline.seeds) > 1:
        raise UsageError(f"baseline {name}: is one of {len(baseline.seeds)} seeds, and only its policies are here")
    config = Episodes(episodes or before, TEST_SEED).of(baseline.config)
    adversaries = baseline.policies if baseline.is_adversarial else ()
    player = OnnxSource(baseline.folder, name=TRAINED)
    ours = play_rows(config, player, adversaries, say, traced=DRAWN)
    scripted = play_rows(config, HeuristicSource(), adversaries, say)
    reports = play_others(config, player, ours, scripted, adversaries, say)
    document = judged_again(baseline.document, config, ours, scripted, reports, adversaries)
    document["command"] = re.sub(r"(?<=--episodes )\d+", str(config.evaluation.episodes), document["command"])
    write_baseline(baseline.folder, document, baseline.folder, reports[0])
    return Outcome(name, baseline.folder, reports, True, "the same policies, judged by the test episodes")


def unjudged(root: Path = BASELINES) -> list[str]:
    """The baselines that were not reported on the test episodes."""
    return [baseline.name for baseline in read_baselines(root) if not baseline.is_held_out]
