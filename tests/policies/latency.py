"""How long a forward takes in the game: `python -m tests.policies.latency docs/in-game.md` writes the table."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.made_policies import make_layout, make_policy

from spacetime_rl.config import LstmConfig
from spacetime_rl.export.onnx import export_module
from spacetime_rl.export.schema import Origin
from spacetime_rl.formats.markdown import fill, table
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.project import OWN_PROJECT, import_project
from spacetime_rl.game.spec import ActionField, ImageField, ObservationField

BEGIN, END = "<!-- latency: begin -->", "<!-- latency: end -->"
SEEN = (ObservationField("seen", 48),)
MOVES = (ActionField("move", "continuous", 3), ActionField("grab", "discrete", 2))
NETWORKS: dict[str, dict[str, Any]] = {
    "64x64": {"hiddens": (64, 64)},
    "128x128": {"hiddens": (128, 128)},
    "256x256": {"hiddens": (256, 256)},
    "lstm_64": {"hiddens": (64,), "lstm": LstmConfig(cell_size=64)},
    "cnn_36x36": {"hiddens": (64,)},
}
ROWS = (1, 8, 32, 128)
SECONDS = 2.0  # for each figure, by a guess of what a forward takes


def measure(folder: Path) -> Iterator[tuple[str, int, float, float]]:
    """Network, agents, median and 99th percentile in ms."""
    godot = find_godot()
    project = import_project(OWN_PROJECT, godot)
    for name, model in NETWORKS.items():
        images = [ImageField("camera", (36, 36, 3))] if "cnn" in name else []
        policy = make_policy(make_layout(*MOVES, fields=SEEN, images=images), **model)
        file = export_module(policy, name, folder, Origin("latency", 90, 8, {})).onnx
        for rows in ROWS:
            forwards = max(20, int(SECONDS / (rows * (0.02 if "cnn" in name else 0.0005))))
            command = [str(godot.path), "--headless", "--path", str(project), "--xr-mode", "off"]
            script = ["--script", "res://tests/support/time_onnx.gd", "--", str(file), str(rows), str(forwards)]
            done = subprocess.run([*command, *script], capture_output=True, text=True, timeout=300, check=True)
            line = next(line for line in done.stdout.splitlines() if line.startswith(f"{name}.onnx "))
            _, _, median, late = line.split()
            yield name, rows, float(median), float(late)


def main() -> None:
    page = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            (name.replace("_", " "), str(n), f"{p50:.2f}", f"{p99:.2f}") for name, n, p50, p99 in measure(Path(folder))
        ]
    text = table(("network", "agents", "median, ms", "99 % within, ms"), rows)
    page.write_text(fill(page.read_text(), BEGIN, END, text))


if __name__ == "__main__":
    main()
