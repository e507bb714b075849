"""Write all pictures and data of an evaluation into one folder."""

from __future__ import annotations

from pathlib import Path

from spacetime_rl.evaluation.report import EvalReport, write_episodes
from spacetime_rl.game.trace import write_traces
from spacetime_rl.pictures.comfort import write_comfort
from spacetime_rl.pictures.heights import draw_heights, heights_vary
from spacetime_rl.pictures.paths import MOST, anybody_moves, draw_paths
from spacetime_rl.pictures.rewards import draw_rewards

TRACED = MOST  # episodes to record for the pictures


def write_pictures(report: EvalReport, folder: Path, title: str) -> list[Path]:
    """Draw the recorded episodes; write their traces and a table of all episodes. Returns the files, pictures first."""
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    if report.traces:
        if anybody_moves(report.traces):
            # A 2D game may be seen from the side.
            what = "Paths from above" if report.traces[0].unit == "m" else "Paths"
            files.append(draw_paths(report.traces, f"{what}  ·  {title}", folder / "paths.png"))
        if heights_vary(report.traces):
            files.append(draw_heights(report.traces, f"Heights  ·  {title}", folder / "heights.png"))
        for policy in dict.fromkeys(agent.policy for agent in report.traces[0].agents):
            out = folder / f"rewards_{policy}.png"
            files.append(draw_rewards(report.traces, policy, f"{policy}: rewards  ·  {title}", out))
    files += sorted(write_comfort(report, title, folder), key=lambda file: file.suffix != ".png")
    if report.traces:
        files.append(folder / "traces.json")
        files[-1].write_text(write_traces(report.traces), encoding="utf-8")
    files.append(folder / "episodes.csv")
    write_episodes(report.results, files[-1])
    return files
