"""Play the same episodes with a policy and with its smaller form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacetime_rl.config import RunConfig
from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.evaluation.story import Show, evaluate_player
from spacetime_rl.smaller.compare import Compared, compare_costs, compare_episodes


@dataclass(frozen=True, slots=True)
class Judged:
    """Both reports, the original's first, and what they and the files say."""

    original: EvalReport
    other: EvalReport
    compared: Compared

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        reports = {"original": self.original.to_dict(), "other": self.other.to_dict()}
        return self.compared.to_dict() | {"reports": reports}


def judge(original: Path, other: Path, config: RunConfig, overrides: Sequence[str], show: Show) -> Judged:
    """Let the policies in two folders play the seeded episodes of a configuration. Raises what an evaluation raises."""
    ours, theirs = (evaluate_player(str(folder), config, overrides, show=show).report for folder in (original, other))
    return Judged(ours, theirs, Compared(compare_costs(original, other), compare_episodes(ours, theirs)))
