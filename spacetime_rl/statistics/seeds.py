"""What several training seeds of one configuration reach together, from the episodes that all of them played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_TRIMMED = 0.25  # of the seeds, at each end
_RESAMPLES = 9_999
_BOUNDS = (2.5, 97.5)  # percentiles of a 95 % interval


@dataclass(frozen=True, slots=True)
class AcrossSeeds:
    """The mean and the interquartile mean of the seeds' scores; `low` to `high` is the 95 % interval of the latter."""

    mean: float
    iqm: float
    low: float
    high: float


def interquartile_mean(scores: Sequence[float]) -> float:
    """The mean without the lowest and the highest quarter (R. Agarwal et al., NeurIPS 2021, section 4.3).

    A quarter is rounded down, as in the authors' program: of up to three scores none is left out.
    """
    return float(_iqm(np.asarray(scores, np.float64)[None])[0])


def across_seeds(scores: Sequence[Sequence[float]], seed: int = 0) -> AcrossSeeds:
    """Summarise `scores` [seeds, episodes], where all seeds played the same numbered episodes.

    The interval is a percentile bootstrap. As in R. Agarwal et al. (NeurIPS 2021, section 4.1) the seeds of a task are
    resampled with replacement within that task. Their episodes are resampled, too, the same ones for all seeds, because
    a hard episode is hard for every seed (A. B. Owen, Ann. Appl. Stat. 1, 2007, 386-411). With very few seeds it is too
    narrow: three seeds do not show how far a fourth one may lie. Raises ValueError if the seeds played different
    numbers of episodes, or none.
    """
    if not scores or not scores[0] or len({len(row) for row in scores}) != 1:
        raise ValueError(f"every seed needs the same episodes, found {[len(row) for row in scores]}")
    table = np.asarray(scores, np.float64)
    seeds, episodes = table.shape
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(episodes, np.full(episodes, 1.0 / episodes), size=_RESAMPLES)
    means = counts @ table.T / episodes  # [resamples, seeds]
    drawn = np.take_along_axis(means, rng.integers(seeds, size=means.shape), axis=1)
    low, high = np.percentile(_iqm(drawn), _BOUNDS)
    own = table.mean(axis=1)
    return AcrossSeeds(float(own.mean()), float(_iqm(own[None])[0]), float(low), float(high))


def _iqm(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The interquartile mean of each row."""
    cut = int(_TRIMMED * scores.shape[1])
    ordered = np.sort(scores, axis=1)
    return np.asarray(ordered[:, cut : scores.shape[1] - cut].mean(axis=1))
