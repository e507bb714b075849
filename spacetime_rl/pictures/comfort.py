"""Comfort for a VR player: distributions of the comfort proxies over episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.pictures.style import BLUE, VERMILION, canvas, grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The metrics that ComfortMeter reports, each with title and unit.
METRICS = {
    "comfort_score": ("Comfort score", "mean, 0 to 1"),
    "comfort_dose": ("Comfort dose", "m/s^1.5"),
    "acceleration": ("Acceleration", "rms, m/s²"),
    "yaw_rate": ("Yaw rate", "rms, rad/s"),
    "jerk": ("Jerk", "rms, m/s³"),
    "vignette": ("Vignette", "share of the time"),
}
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

Values = NDArray[np.float64]


def comfort_of(report: EvalReport) -> dict[str, dict[str, Values]]:
    """The comfort proxies by policy: float64 values over its agents and episodes. Policies without any are left out."""
    found: dict[str, dict[str, Values]] = {}
    for policy in (policy.policy for policy in report.policies):
        own = [result.metrics for result in report.results if result.policy == policy]
        columns = {
            name: np.array([metrics[name] for metrics in own if name in metrics], np.float64) for name in METRICS
        }
        found[policy] = {name: values for name, values in columns.items() if values.size}
    return {policy: columns for policy, columns in found.items() if columns}


def write_comfort(report: EvalReport, title: str, folder: Path) -> list[Path]:
    """Write `comfort.json` and a picture per policy, if any policy reports comfort proxies. Returns the files."""
    found = comfort_of(report)
    if not found:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "scenario": report.scenario,
        "source": report.source,
        "episodes": report.episodes,
        "seed": report.seed,
        "note": "comfort proxies, computed from motion; they do not measure a person",
        "policies": {
            policy: {name: _summary(name, values) for name, values in columns.items()}
            for policy, columns in found.items()
        },
    }
    file = folder / "comfort.json"
    file.write_text(to_json(document, indent=2) + "\n", encoding="utf-8")
    pictures = [
        _draw(columns, f"{policy}: comfort  ·  {title}", folder / f"comfort_{policy}.png")
        for policy, columns in found.items()
    ]
    return [file, *pictures]


def _summary(name: str, values: Values) -> dict[str, Any]:
    quantiles = {f"q{q:.0%}".rstrip("%"): float(np.quantile(values, q)) for q in QUANTILES}
    spread = {"mean": float(values.mean()), "least": float(values.min()), "greatest": float(values.max())}
    return {"unit": METRICS[name][1], "values": int(values.size), **spread, **quantiles}


def _draw(columns: Mapping[str, Values], title: str, out: Path) -> Path:
    across = min(3, len(columns))
    rows = -(-len(columns) // across)
    with canvas(title, out, 500 * max(2, across), 370 * rows + 60) as figure:
        panels = figure.subplots(rows, across, squeeze=False)
        for axes, (name, values) in zip(panels.flat, columns.items(), strict=False):
            _draw_distribution(axes, name, values)
        for axes in list(panels.flat)[len(columns) :]:
            axes.axis("off")
        for row in panels:
            row[0].set_ylabel("agents' episodes")
    return out


def _draw_distribution(axes: Axes, name: str, values: Values) -> None:
    from matplotlib.ticker import MaxNLocator

    label, unit = METRICS[name]
    axes.hist(values, bins=_bins(values, name), color=BLUE, alpha=0.75, edgecolor="white", linewidth=0.6)
    low, median, high = np.quantile(values, (0.05, 0.5, 0.95))
    axes.axvspan(low, high, color=BLUE, alpha=0.10, linewidth=0)
    axes.axvline(median, color=VERMILION, linewidth=2.2)
    axes.set_title(label, loc="left", fontsize=12)
    axes.set_title(f"median {median:.3g}", loc="right", fontsize=12, color=VERMILION, fontweight="bold")
    axes.set_xlabel(f"{unit};  90 % between {low:.3g} and {high:.3g}")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    grid(axes)


def _bins(values: Values, name: str) -> Sequence[float]:
    """The edges of 8 to 40 bins over the values; shares are always shown over their whole range, 0 to 1."""
    if name in ("comfort_score", "vignette"):
        return list(np.linspace(0.0, 1.0, 41))
    least, greatest = float(values.min()), float(values.max())
    room = max(greatest - least, 0.05 * abs(greatest), 1e-3)
    count = int(np.clip(np.sqrt(values.size) * 2, 8, 40))
    return list(np.linspace(least - 0.02 * room, least + 1.02 * room, count))
