"""How long a decision takes: `python -m tests.policies.latency docs/in-game.md` writes the table, in three minutes."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from policies.through_wire import decide
from support.made_policies import make_layout, make_policy
from support.native_project import RUNTIMES, Runtime, make_runtime

from spacetime_rl.config import LstmConfig
from spacetime_rl.export.onnx import ExportedPolicy, export_module
from spacetime_rl.export.schema import Origin
from spacetime_rl.formats.markdown import fill, table
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.native import NativeFailed
from spacetime_rl.game.spec import ActionField, ImageField, ObservationField

BEGIN, END = "<!-- latency: begin -->", "<!-- latency: end -->"
SEEN = (ObservationField("seen", 48),)
CAMERA = ImageField("camera", (36, 36, 3))
MOVES = (ActionField("move", "continuous", 3), ActionField("grab", "discrete", 2))
NETWORKS: dict[str, dict[str, Any]] = {
    "64x64": {"hiddens": (64, 64)},
    "128x128": {"hiddens": (128, 128)},
    "256x256": {"hiddens": (256, 256)},
    "lstm_64": {"hiddens": (64,), "lstm": LstmConfig(cell_size=64)},
    "cnn_36x36": {"hiddens": (64,)},
}
ROWS = ("1", "8", "32", "128")
SECONDS = "1.5"  # for each figure; long enough for a 99th percentile
HEADER = ("network", "agents", "GDScript", "99 %", "native", "99 %", "Python", "99 %")
Times = dict[str, tuple[str, str]]  # by the number of agents the median and the 99th percentile, ms


def measure(folder: Path) -> Iterator[tuple[str, ...]]:
    """The rows of the table."""
    runtimes = [runtime for name in RUNTIMES if (runtime := available(name, folder)) is not None]
    for name, model in NETWORKS.items():
        images = [CAMERA] if "cnn" in name else []
        policy = make_policy(make_layout(*MOVES, fields=SEEN, images=images), **model)
        exported = export_module(policy, name, folder, Origin("latency", 90, 8, {}))
        found = {runtime.name: in_game(runtime, exported.onnx) for runtime in runtimes}
        found["python"] = through_wire(runtimes[0], exported, int(sum(np.prod(image.shape) for image in images)))
        for rows in ROWS:
            cells = (found[by][rows] if by in found else ("-", "-") for by in (*RUNTIMES, "python"))
            yield name.replace("_", " "), rows, *(figure for pair in cells for figure in pair)


def available(name: str, folder: Path) -> Runtime | None:
    """A runtime, or None, with the reason on stderr, where it cannot be built."""
    (folder / name).mkdir()
    try:
        return make_runtime(name, find_godot(), folder / name)
    except NativeFailed as error:
        print(error, file=sys.stderr)
        return None


def in_game(runtime: Runtime, file: Path) -> Times:
    """What the game itself computes."""
    cases = [word for rows in ROWS for word in (str(file), rows)]
    with start(runtime, "time_onnx.gd", runtime.name, SECONDS, *cases) as game:
        return times_in(game)


def through_wire(runtime: Runtime, policy: ExportedPolicy, image_bytes: int) -> Times:
    """What Python decides, while the game waits."""
    sizes = [str(sum(field.size for field in SEEN)), str(image_bytes)]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        with start(runtime, "time_wire.gd", port, SECONDS, policy.name, *sizes, *ROWS) as game:
            decide(listener, policy)
            return times_in(game)


def start(runtime: Runtime, script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [str(runtime.godot), "--headless", "--path", str(runtime.project), "--xr-mode", "off"]
    command += ["--script", f"res://tests/support/{script}", "--", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def times_in(game: subprocess.Popen[str]) -> Times:
    """What a game has printed, once it has ended."""
    output, _ = game.communicate(timeout=300)
    lines = [line.split() for line in output.splitlines() if line.startswith(tuple(NETWORKS))]
    return {rows: (median, late) for _, rows, median, late in lines}


def main() -> None:
    page = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        text = table(HEADER, list(measure(Path(folder))))
    page.write_text(fill(page.read_text(), BEGIN, END, text))


if __name__ == "__main__":
    main()
