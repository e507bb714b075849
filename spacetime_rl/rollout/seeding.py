"""Seed a process's own random generators."""

from __future__ import annotations

import random

import numpy as np
import torch


def seed_process(seed: int, *where: int) -> None:
    """Seed Python's, numpy's and torch's generators from the run's seed and the process's place in the run.

    RLlib's own way to do this also makes torch deterministic on GPUs, which imports its compiler: 70 MB and seconds.
    """
    python, numpy, pytorch = np.random.SeedSequence([seed, *where]).generate_state(3)
    random.seed(int(python))
    np.random.seed(int(numpy))
    torch.manual_seed(int(pytorch))
