"""An agent's reward terms, stacked over an episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.trace import AgentTrace, Trace
from spacetime_rl.pictures.style import MANY, WORDS, canvas, grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 3  # episodes

_TAIL = 0.04  # share of the time axis for which the last rewards stay visible


def draw_rewards(traces: Sequence[Trace], policy: str, title: str, out: Path) -> Path:
    """Stack the reward terms of a policy's first agent in up to `MOST` episodes of different endings. Returns `out`."""
    chosen = _choose([(trace, agent) for trace in traces if (agent := _first(trace, policy)) is not None])
    terms = list(dict.fromkeys(term for _, agent in chosen for term, sums in agent.rewards.items() if np.any(sums)))
    terms.sort(key=lambda term: max(_lateness(agent.rewards[term]) for _, agent in chosen))
    colours = {term: MANY[i % len(MANY)] for i, term in enumerate(terms)}
    with canvas(title, out, 1500, 360 * len(chosen) + 60) as figure:
        panels = figure.subplots(len(chosen), 1, squeeze=False)[:, 0]
        for axes, (trace, agent) in zip(panels, chosen, strict=True):
            _draw(axes, agent, agent.ticks / trace.physics_hz, colours)
            axes.set_title(f"episode {trace.episode}, {agent.name}: {WORDS[agent.ending]}", loc="left", fontsize=12)
        panels[-1].set_xlabel("time (s)")
    return out


def _draw(axes: Axes, agent: AgentTrace, seconds: NDArray[np.float64], colours: Mapping[str, str]) -> None:
    # Rewards of the last decision would otherwise be only a line at the edge.
    seconds = np.append(seconds, seconds[-1] * (1.0 + _TAIL))
    ups, downs, total = (np.zeros(len(seconds)) for _ in range(3))
    for term, colour in colours.items():
        sums = np.append(agent.rewards[term], agent.rewards[term][-1])
        up, down = np.maximum(sums, 0.0), np.minimum(sums, 0.0)
        label = f"{term}  {sums[-1]:+.3g}"
        axes.fill_between(seconds, ups, ups + up, step="post", color=colour, alpha=0.85, linewidth=0, label=label)
        axes.fill_between(seconds, downs, downs + down, step="post", color=colour, alpha=0.85, linewidth=0)
        ups, downs, total = ups + up, downs + down, total + sums
    axes.step(seconds, total, where="post", color="black", linewidth=1.8, label=f"total  {total[-1]:+.3g}")
    axes.axhline(0.0, color="black", linewidth=0.8)
    axes.set_xlim(0.0, seconds[-1])
    axes.set_ylabel("rewards so far")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=10.5)
    grid(axes)


def _lateness(sums: NDArray[np.float32]) -> float:
    """The mean time of a term's payments within the episode, from 0 to 1; the latest terms are stacked on top."""
    paid = np.abs(np.diff(sums))
    return float(np.average(np.linspace(0.0, 1.0, len(paid)), weights=paid)) if paid.any() else 0.0


def _first(trace: Trace, policy: str) -> AgentTrace | None:
    return next((agent for agent in trace.agents if agent.policy == policy), None)


def _choose(found: Sequence[tuple[Trace, AgentTrace]]) -> list[tuple[Trace, AgentTrace]]:
    """Choose up to `MOST` episodes: the first of each ending, then others; sorted by number."""
    first_of = {agent.ending: trace.episode for trace, agent in reversed(found)}
    ranked = sorted(found, key=lambda pair: (pair[0].episode not in first_of.values(), pair[0].episode))
    return sorted(ranked[:MOST], key=lambda pair: pair[0].episode)
