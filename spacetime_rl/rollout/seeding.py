"""Seeds the random generators of a process."""

from __future__ import annotations

import random

import numpy as np
import torch


def seed_process(seed: int, *where: int) -> None:
    """Seed Python's, numpy's and torch's generators from the run's seed and the process's place in the run.

    RLlib's function for this also makes torch deterministic on GPUs, which imports torch's compiler: 70 MB and seconds.
    """
    python, numpy, pytorch = np.random.SeedSequence([seed, *where]).generate_state(3)
    random.seed(int(python))
    np.random.seed(int(numpy))
    torch.manual_seed(int(pytorch))
