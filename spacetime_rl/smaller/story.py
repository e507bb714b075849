"""Make smaller policies of a run, and judge them by the run's own episodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from spacetime_rl.evaluation.story import Show
from spacetime_rl.export.checkpoint import read_checkpoint
from spacetime_rl.export.onnx import export_checkpoint, export_module, origin_of
from spacetime_rl.export.weights import save_weights
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.smaller.distil import Budget, distil
from spacetime_rl.smaller.int8 import quantise
from spacetime_rl.smaller.judge import Judged, judge

WEIGHTS = ".weights.npz"  # beside an ONNX file: the whole network, from which training can go on


def distil_run(
    checkpoint: Path,
    hiddens: tuple[int, ...],
    out: Path,
    *,
    agent_steps: int,
    seed: int,
    overrides: Sequence[str],
    show: Show,
    say: Callable[[str], None],
) -> Judged:
    """Distil the policies of a checkpoint into the folder `out`, and compare them with the originals.

    `overrides` change the configuration of the comparison. Raises what an evaluation and an export raise.
    """
    source = read_checkpoint(checkpoint)
    with scratch_folder("distill") as folder:
        students = distil(source, hiddens, folder / "logs", Budget(agent_steps), seed, say)
        out.mkdir(parents=True, exist_ok=True)
        for name in source.choose(None):
            student = students[name]
            export_module(student, name, out, origin_of(source))
            save_weights(student, out / f"{name}{WEIGHTS}")
        export_checkpoint(checkpoint, folder / "original")
        return judge(folder / "original", out, source.config, overrides, show)


def quantise_run(checkpoint: Path, exported: Path, out: Path, overrides: Sequence[str], show: Show) -> Judged:
    """Write the exported policies of a checkpoint with 8-bit weights into `out`, and compare both."""
    quantise(exported, out)
    return judge(exported, out, read_checkpoint(checkpoint).config, overrides, show)
