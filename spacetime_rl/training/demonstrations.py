"""What a run imitates, gathered before it trains: recorded episodes, and those that the scripted player now plays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from spacetime_rl.config import RunConfig
from spacetime_rl.console.progress import Progress
from spacetime_rl.demonstrations.keep import has_demonstrations, keep_demonstrations
from spacetime_rl.evaluation.clock import Progress as EpisodesDone
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.rollout.plan import RolloutPlan

_APART = 2_000_000_011  # between the seeds of these episodes and those of the evaluation after training
_MOST_ARENAS = 64
_STAGES = 4  # lines of progress


def gather_demonstrations(config: RunConfig, plan: RolloutPlan, folder: Path, progress: Progress) -> None:
    """Read what the run imitates, compare it with the game, and write it into `folder`; a resumed run has it there.

    The scripted player is recorded first where `imitation.from` names it. Raises ConfigError for demonstrations that do
    not fit, and what `evaluate_player` raises.
    """
    if not config.imitation.is_on or has_demonstrations(folder):
        return
    with scratch_folder("demonstrations") as scratch:
        scripted = scratch / "episodes"
        if config.imitation.records_script:
            _record_script(config, plan, scripted, progress)
        progress.stage("reading the demonstrations")
        progress.stage(keep_demonstrations(config, plan.spec, plan.policies, folder, scripted))


def _record_script(config: RunConfig, plan: RolloutPlan, folder: Path, progress: Progress) -> None:
    from spacetime_rl.evaluation.story import evaluate_player  # with onnxruntime, which runs without a script spare

    episodes = config.imitation.episodes
    arenas = min(_MOST_ARENAS, episodes, plan.spec.arenas)

    def prepare(launch: GameLaunch) -> GameLaunch:
        return replace(launch, arenas=arenas, log_dir=plan.launch.log_dir)

    @contextmanager
    def show(_: RunConfig) -> Iterator[EpisodesDone]:
        told = -1

        def tell(done: int, total: int) -> None:
            nonlocal told
            stage = _STAGES * done // total
            if stage > told:
                told = stage
                progress.stage(f"recording the scripted player: {done} of {total} episodes")

        tell(0, episodes)
        yield tell

    seed = (config.evaluation.seed + _APART + config.seed) % 2**31
    evaluate_player(
        "heuristic",
        config,
        [f"evaluation.episodes={episodes}", f"evaluation.seed={seed}"],
        record_to=folder,
        prepare=prepare,
        show=show,
    )
