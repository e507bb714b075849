"""Height and vertical speed over time, for agents that fly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spacetime_rl.game.trace import Trace
from spacetime_rl.pictures.style import ENDINGS, LINES, MARKS, canvas, ending_key, grid, policy_key

MUCH_M = 10.0  # difference in height within an episode from which the picture is drawn

_LEAST_HEIGHT_M = 0.1  # lower end of the logarithmic axis


def heights_vary(traces: Sequence[Trace]) -> bool:
    """Whether an agent's height changes by more than `MUCH_M` metres within an episode."""
    return any(np.ptp(agent.positions[:, 1]) > MUCH_M for trace in traces for agent in trace.agents)


def draw_heights(traces: Sequence[Trace], title: str, out: Path) -> Path:
    """Draw height and vertical speed over time, and vertical speed against the height above the end. Returns `out`."""
    policies = list(dict.fromkeys(agent.policy for trace in traces for agent in trace.agents))
    with canvas(title, out, 1500, 620) as figure:
        over_time, speeds, descent = figure.subplots(1, 3)
        for trace in traces:
            for agent in trace.agents:
                seconds, height = agent.ticks / trace.physics_hz, agent.positions[:, 1].astype(np.float64)
                if len(seconds) < 2:  # an agent that ended before its first decision has no line
                    continue
                speed = np.gradient(height, seconds) if agent.velocities is None else agent.velocities[:, 1]
                line: dict[str, Any] = {
                    "color": ENDINGS[agent.ending],
                    "linestyle": LINES[policies.index(agent.policy) % len(LINES)],
                    "marker": MARKS[agent.ending],
                    "markevery": [-1],
                    "linewidth": 1.8,
                    "alpha": 0.85,
                }
                over_time.plot(seconds, height, **line)
                speeds.plot(seconds, speed, **line)
                descent.plot(np.maximum(height - height[-1], _LEAST_HEIGHT_M), speed, **line)
        over_time.set(xlabel="time (s)", ylabel="height (m)")
        speeds.set(xlabel="time (s)", ylabel="vertical speed (m/s)")
        descent.set(xlabel="height above the end (m), logarithmic", ylabel="vertical speed (m/s)", xscale="log")
        descent.invert_xaxis()
        for axes in (over_time, speeds, descent):
            grid(axes)
        key = [*ending_key({agent.ending for trace in traces for agent in trace.agents}), *policy_key(policies)]
        figure.legend(handles=key, loc="outside lower left", ncols=8, frameon=False)
    return out
