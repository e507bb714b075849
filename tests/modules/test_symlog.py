"""Observations on a logarithmic scale."""

from __future__ import annotations

import numpy as np
import torch

from spacetime_rl.modules.symlog import AT_ONE, symlog, symlog_numpy


def test_it_keeps_sign_and_order_and_spreads_what_is_small() -> None:
    x = torch.tensor([-1.0, -0.001, 0.0, 0.001, 0.002, 0.5, 1.0])

    y = symlog(x, 1000.0)

    assert (y.diff() > 0).all()
    torch.testing.assert_close(y, -symlog(-x, 1000.0))
    assert y[-1] == AT_ONE
    assert y[4] - y[3] > 0.1  # 1 and 2 m where 1 is a kilometre


def test_numpy_and_torch_agree() -> None:
    x = np.random.default_rng(0).normal(0.0, 3.0, (20, 5)).astype(np.float32)
    x[0] = 0.0

    np.testing.assert_allclose(symlog_numpy(x, 30.0), symlog(torch.from_numpy(x), 30.0).numpy(), rtol=1e-6)
