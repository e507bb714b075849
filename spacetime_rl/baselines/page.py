"""The tables and pictures of docs/baselines.md, from the `baseline.json` files.

`python -m spacetime_rl.baselines.page docs/baselines.md` writes them between the page's marks.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spacetime_rl.formats.markdown import fill, table
from spacetime_rl.runs.shipped import SOURCES, TRAINED, Baseline, against_heuristics, read_baselines

BEGIN, END = "<!-- baselines: begin -->", "<!-- baselines: end -->"
_NOTHING = "\N{EN DASH}"

Figures = Mapping[str, Any]


def update(page: str, baselines: Sequence[Baseline], folder: Path) -> str:
    """The text `page` with new tables between its marks; paths of pictures are relative to its folder `folder`."""
    blocks = [_overview(baselines), *(_section(baseline, folder) for baseline in baselines)]
    written = "\n\n".join(blocks) if baselines else "None yet."
    return fill(page, BEGIN, END, written)


def _overview(baselines: Sequence[Baseline]) -> str:
    heads = ["baseline", "trained", "heuristic", "random", "agent steps", "wall time"]
    rows = [
        [
            f"[{baseline.name}](#{baseline.name})",
            *(_successes(baseline, source) for source in SOURCES),
            f"{baseline.document['training']['agent_steps']:,}",
            _minutes(baseline.document["training"]),
        ]
        for baseline in baselines
    ]
    meaning = (
        "Episodes in which every agent succeeded, with 95 % intervals; of adversaries each policy's success, that of a "
        "trained one against the heuristics of the others:"
    )
    return f"{meaning}\n\n{table(heads, rows)}"


def _section(baseline: Baseline, folder: Path) -> str:
    document, training = baseline.document, baseline.document["training"]
    facts = (
        f"{training['algorithm']}, {training['agent_steps']:,} agent steps in {_minutes(training)}; "
        f"{document['episodes']} episodes of seed {document['seed']}; {document['date']}."
    )
    parts = [f"### {baseline.name}", facts, f"```sh\n{document['command']}\n```"]
    if training["differs"]:
        parts.append(
            "Trained with other settings than those of the evaluation: "
            + "; ".join(f"`{line}`" for line in training["differs"])
        )
    picture = baseline.folder / "paths.png"
    if picture.is_file():
        parts.append(f"![Paths of the trained policies]({os.path.relpath(picture, folder)})")
    return "\n\n".join([*parts, *(_measured(baseline, policy) for policy in baseline.policies)])


def _measured(baseline: Baseline, policy: str) -> str:
    found = {source: report["policies"][policy] for source, report in baseline.reports.items()}
    names = [name for name in found[TRAINED]["metrics"] if not name.startswith("reward/")]
    rows = [
        ["success of an agent", *(_share(f["success_rate"], f["success_ci"]) for f in found.values())],
        ["return", *(_mean(f["return_mean"], f["return_ci"]) for f in found.values())],
        ["decisions", *(_mean(f["length_mean"], f["length_ci"]) for f in found.values())],
    ]
    for name in names:
        rows.append([name, *(_mean(f["metrics"].get(name), f["metrics_ci"].get(name)) for f in found.values())])
    return table([f"`{policy}`", *found], rows)


def _successes(baseline: Baseline, source: str) -> str:
    if len(baseline.reports) == len(SOURCES):
        overall = baseline.reports[source]["overall"]
        return _share(overall["episode_success_rate"], overall["episode_success_ci"])
    cells = []
    for policy in baseline.policies:
        played = against_heuristics(policy, baseline.policies) if source == TRAINED else source
        found = baseline.reports[played]["policies"][policy]
        cells.append(f"{policy} {_share(found['success_rate'], found['success_ci'])}")
    return "<br>".join(cells)


def _share(rate: float | None, interval: Sequence[float] | None) -> str:
    if rate is None or interval is None:
        return _NOTHING
    return f"{rate:.1%} ({100 * interval[0]:.1f}{_NOTHING}{100 * interval[1]:.1f})"


def _mean(value: float | None, interval: Sequence[float] | None) -> str:
    if value is None or interval is None:
        return _NOTHING
    half = (interval[1] - interval[0]) / 2.0
    return f"{_round(value, 3)} ± {_round(half, 2)}"


def _round(value: float, digits: int) -> str:
    """A value with `digits` significant digits, without an exponent unless it is tiny."""
    return f"{float(f'{value:.{digits}g}'):,.10g}"


def _minutes(training: Figures) -> str:
    return f"{training['wall_time_s'] / 60.0:.0f} min on {training['cores']} cores"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(update(path.read_text(encoding="utf-8"), read_baselines(), path.parent), encoding="utf-8")
