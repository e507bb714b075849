"""Observations on a logarithmic scale: a network distinguishes 1 cm from 2 cm as well as 100 m from 200 m."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# The result for an observation of 1: about the size of normalised observations.
AT_ONE = 2.0


def symlog(x: Tensor, scale: float) -> Tensor:
    """sign(x) · log(1 + scale · |x|), scaled so that an x of 1 gives `AT_ONE` (after Hafner et al. 2023, eq. 9)."""
    return torch.sign(x) * torch.log1p(x.abs() * scale) * (AT_ONE / math.log1p(scale))


def symlog_numpy(x: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """`symlog` in numpy."""
    y = np.log1p(np.abs(x) * np.float32(scale))
    y *= np.float32(AT_ONE / math.log1p(scale))
    return np.copysign(y, x, out=y)
