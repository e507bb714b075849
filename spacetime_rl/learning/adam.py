"""torch's Adam, without the decorators for torch's compiler, which nothing here uses.

The first call of a decorated method imports the compiler, with sympy: 700 modules, more than a second of processor
time and 68 MB in every process that learns, before its first gradient step.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch.optim.optimizer import Optimizer


class Adam(torch.optim.Adam):
    """torch's own methods as they are below the decorators."""

    add_param_group: Any = inspect.unwrap(Optimizer.add_param_group)
    load_state_dict: Any = inspect.unwrap(Optimizer.load_state_dict)
    state_dict: Any = inspect.unwrap(Optimizer.state_dict)
    step: Any = torch.no_grad()(inspect.unwrap(torch.optim.Adam.step))
    zero_grad: Any = inspect.unwrap(Optimizer.zero_grad)
