"""The tables and pictures of docs/baselines.md, from the `baseline.json` files.

`python -m spacetime_rl.baselines.page docs/baselines.md` writes them between the page's marks.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacetime_rl.baselines.again import Recipe
from spacetime_rl.formats.markdown import continued, fill, table, wrapped
from spacetime_rl.runs.shipped import (
    OVERALL,
    SCRIPTED,
    TRAINED,
    Baseline,
    against_heuristics,
    read_baselines,
)
from spacetime_rl.statistics.intervals import interval_of_difference
from spacetime_rl.statistics.paired import holm

BEGIN, END = "<!-- baselines: begin -->", "<!-- baselines: end -->"
_NOTHING, _MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
_LEVEL = 0.05
_MEANING = """
Success is the share of episodes in which every agent succeeded. Where policies play against each other, each has a
row of its own with the share of its agents that succeeded, and its opponents are always the scripted ones. "Trained"
is the policy that comes with the package. "All seeds" is the interquartile mean of the trained seeds, with its 95 %
interval over seeds and episodes. The difference is the trained policy against the scripted player in percentage
points, with its 95 % interval. It is "better" or "worse" where the paired test of the gate says so at 5 %, after
Holm's correction for the number of rows. Steps and minutes are those of one seed.

A row of 1 seed shows a single training, which may have been a lucky one.
"""
_NOT_HELD_OUT = """
The trained policies marked * were reported on episodes that they may have been tuned with, and their difference is not
paired.
"""

Figures = Mapping[str, Any]


def update(page: str, baselines: Sequence[Baseline], folder: Path) -> str:
    """The text `page` with new tables between its marks; paths of pictures are relative to its folder `folder`."""
    baselines = sorted(baselines, key=lambda baseline: "/" in baseline.name)  # plain tasks before variants of them
    blocks = [_overview(baselines), *(_section(baseline, folder) for baseline in baselines)]
    written = "\n\n".join(blocks) if baselines else "None yet."
    return fill(page, BEGIN, END, written)


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the overview: a baseline, or one of its policies that play against each other."""

    baseline: Baseline
    name: str  # OVERALL, or the policy's

    @property
    def difference(self) -> Figures | None:
        """The difference in success to the scripted player; None in version 1, or if the game reports no success."""
        found: Figures | None = self.baseline.document.get("differences", {}).get(self.name, {}).get("success")
        return found

    def success(self, player: str) -> tuple[float | None, Sequence[float]]:
        """A player's success rate in this row, and its 95 % interval."""
        found = self.figures(player)
        of = "episode_success" if self.name == OVERALL else "success"
        return found[f"{of}_rate"], found[f"{of}_ci"]

    def figures(self, player: str) -> Figures:
        """What a player's report says about this row. Version 1 has no random player against scripts."""
        reports = self.baseline.reports
        if self.name == OVERALL:
            return reports[player][OVERALL]  # type: ignore[no-any-return]
        own = against_heuristics(self.name, self.baseline.policies, player)
        return reports[player if player == SCRIPTED else own]["policies"][self.name]  # type: ignore[no-any-return]


def _overview(baselines: Sequence[Baseline]) -> str:
    heads = ["task", "scripted", "trained", "difference", "seeds", "all seeds", "steps", "minutes"]
    rows = [_Row(baseline, name) for baseline in baselines for name in baseline.rows]
    tested = [row for row in rows if row.difference]
    proven = dict(zip(map(id, tested), holm([row.difference["p"] for row in tested if row.difference]), strict=True))
    cells = [_line(row, proven.get(id(row))) for row in rows]
    meaning = _MEANING + ("" if all(baseline.is_held_out for baseline in baselines) else _NOT_HELD_OUT)
    return f"{wrapped(meaning)}\n\n{table(heads, cells)}"


def _line(row: _Row, p: float | None) -> list[str]:
    baseline, training = row.baseline, row.baseline.document["training"]
    against = ""
    if row.name != OVERALL:
        others = " and ".join(other for other in baseline.policies if other != row.name)
        against = f": {row.name} against the scripted {others}"
    return [
        f"{_link(baseline.name)}{against}",
        _percent(row.success(SCRIPTED)[0]),
        _percent(row.success(TRAINED)[0]) + ("" if baseline.is_held_out else " *"),
        _difference(row, p),
        str(len(baseline.seeds)),
        _all_seeds(row),
        f"{training['agent_steps']:,}",
        _minutes(training),
    ]


def _link(name: str) -> str:
    """A link to a baseline's section; anchors of headings have no slash."""
    return f"[{name}](#{name.replace('/', '')})"


def _difference(row: _Row, p: float | None) -> str:
    found = row.difference
    if found and p is not None:
        verdict = "level" if p >= _LEVEL else "better" if found["value"] > 0 else "worse"
        return f"{_points(found['value'], found['low'], found['high'])} {verdict}"
    (ours, our_ci), (theirs, their_ci) = row.success(TRAINED), row.success(SCRIPTED)
    if ours is None or theirs is None:
        return _NOTHING
    low, high = interval_of_difference(ours, (our_ci[0], our_ci[1]), theirs, (their_ci[0], their_ci[1]))
    return _points(ours - theirs, low, high)


def _points(value: float, low: float, high: float) -> str:
    return f"{_signed(value)} ({_signed(low)} to {_signed(high)})"


def _signed(value: float) -> str:
    """A share as percentage points with its sign."""
    return f"{100 * value:+.1f}".replace("-", _MINUS)


def _all_seeds(row: _Row) -> str:
    found = (row.baseline.document.get("across_seeds") or {}).get(row.name, {}).get("success")
    if not found:
        return _NOTHING
    return f"{_percent(found['iqm'])} ({100 * found['low']:.1f} to {100 * found['high']:.1f})"


def _section(baseline: Baseline, folder: Path) -> str:
    document, training = baseline.document, baseline.document["training"]
    chosen = document.get("validation")
    facts = (
        f"{training['algorithm']}, {training['agent_steps']:,} agent steps in {_minutes(training, ' min')} on "
        f"{training['cores']} cores; {document['episodes']} episodes of seed {document['seed']}; {document['date']}."
    )
    if chosen:
        facts += (
            f" The median of {len(baseline.seeds)} seeds, chosen by {chosen['count']} other episodes, of seed "
            f"{chosen['seed']}."
        )
    parts = [f"### {baseline.name}", wrapped(facts), f"```sh\n{continued(document['command'])}\n```"]
    recipe = Recipe.of(baseline)
    if recipe.policies:
        parts.append(f"The policies are those of {_link(recipe.policies)}, which never saw this task.")
    if training["differs"]:
        settings = "; ".join(f"`{line}`" for line in training["differs"])
        parts.append(wrapped(f"Trained with other settings than those of the evaluation: {settings}"))
    picture = baseline.folder / "paths.png"
    if picture.is_file():
        parts.append(f"![Paths of the trained policies]({os.path.relpath(picture, folder)})")
    seeds = [_seeds(baseline)] if len(baseline.seeds) > 1 else []
    return "\n\n".join([*parts, *seeds, *(_measured(baseline, policy) for policy in baseline.policies)])


def _seeds(baseline: Baseline) -> str:
    """What every seed reached: on the episodes that one was chosen by, and on the test episodes."""
    heads = ["seed", "validation: success", "return"]
    for row in baseline.rows:
        heads += [f"test{'' if row == OVERALL else f', {row}'}: success", "return"]
    lines = []
    for seed in baseline.seeds:
        found = [seed["validation"], *(seed["test"][row] for row in baseline.rows)]
        cells = [cell for one in found for cell in (_percent(one["success"]), _round(one["return"], 3))]
        lines.append([f"{seed['seed']}{' (shipped)' if seed['shipped'] else ''}", *cells])
    across = baseline.document["across_seeds"]
    for name, key in (("mean", "mean"), ("interquartile mean", "iqm")):
        cells = []
        for row in baseline.rows:
            success = across[row]["success"]
            cells += [_percent(success and success[key]), _round(across[row]["return"][key], 3)]
        lines.append([name, "", "", *cells])
    return table(heads, lines)


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


def _percent(rate: float | None) -> str:
    return _NOTHING if rate is None else f"{rate:.1%}"


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


def _minutes(training: Figures, unit: str = "") -> str:
    """Minutes by the clock and, where it was measured, of processor time."""
    wall = f"{training['wall_time_s'] / 60.0:.0f}{unit}"
    cpu_s = training.get("cpu_time_s")
    return wall if cpu_s is None else f"{wall} ({cpu_s / 60.0:.0f}{unit} of processor time)"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(update(path.read_text(encoding="utf-8"), read_baselines(), path.parent), encoding="utf-8")
