"""How long an action takes: `python -m tests.serving.latency docs/websocket.md` writes the table, in two minutes.

The server is a process of its own, and so are all clients together: on two idle cores, each has one.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.made_policies import make_layout, make_policy
from support.serving import Client

from spacetime_rl.export.onnx import export_module
from spacetime_rl.export.schema import Origin
from spacetime_rl.formats.markdown import fill, table
from spacetime_rl.game.spec import ActionField, ObservationField
from spacetime_rl.serving.access import Access
from spacetime_rl.serving.messages import write_message

BEGIN, END = "<!-- serving: begin -->", "<!-- serving: end -->"
SEEN = 48
MOVES = (ActionField("move", "continuous", 3), ActionField("grab", "discrete", 2))
SECONDS = 15.0  # for each row
WARM_S = 2.0
HEADER = (
    "games",
    "agents each",
    "decisions a second each",
    "frames",
    "decisions",
    "p50, ms",
    "p99, ms",
    "server's core",
)


@dataclass(frozen=True)
class Load:
    """Games that all ask `rate` times a second for the actions of `agents`; 0 asks again at once."""

    games: int
    agents: int
    rate: float
    binary: bool


LOADS = (
    Load(1, 32, 0, True),
    Load(1, 32, 0, False),
    Load(10, 32, 15, True),
    Load(100, 1, 10, True),
    Load(100, 32, 5, True),
    Load(100, 32, 5, False),
    Load(100, 32, 10, True),
)


async def play(at: Access, load: Load, phase: float, end: float) -> list[float]:
    """Seconds from each question to its answer, without those of the first `WARM_S`."""
    rows = np.random.default_rng(int(phase * 1e6)).standard_normal((load.agents, SEEN)).astype(np.float32)
    # Written once: what writing costs a game is its own affair, and here it would make the other games late.
    frame = write_message({"type": "act_batch", "obs": rows if load.binary else rows.round(4)}, load.binary)
    times = []
    async with Client(at) as client:
        begun = time.perf_counter()
        due = begun + phase
        while time.perf_counter() < end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()) if load.rate else 0.0)
            asked = time.perf_counter()
            await client.send(frame)
            answer = await client.receive()
            took = time.perf_counter() - asked
            assert len(answer["actions"]) == load.agents
            if asked - begun > WARM_S:
                times.append(took)
            due += 1.0 / load.rate if load.rate else 0.0
    return times


async def measure(at: Access, load: Load, server: psutil.Process) -> tuple[str, ...]:
    """A row of the table."""
    rng = np.random.default_rng(0)
    end = time.perf_counter() + WARM_S + SECONDS
    before, begun = sum(server.cpu_times()[:2]), time.perf_counter()
    phases = rng.uniform(0.0, 1.0 / load.rate if load.rate else 0.01, load.games)
    found = await asyncio.gather(*(play(at, load, float(phase), end) for phase in phases))
    share = (sum(server.cpu_times()[:2]) - before) / (time.perf_counter() - begun)
    times = np.concatenate(found) * 1000.0
    p50, p99 = np.percentile(times, (50, 99))
    rate = f"{load.rate:g}" if load.rate else "as many as it can"
    frames = "binary" if load.binary else "JSON"
    return (
        *(str(load.games), str(load.agents), rate, frames),
        *(f"{len(times):,}", f"{p50:.2f}", f"{p99:.2f}", f"{share:.0%}"),
    )


def rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """All rows of the table, from one server."""
    layout = make_layout(*MOVES, fields=(ObservationField("seen", SEEN),))
    export_module(make_policy(layout, hiddens=(128, 128)), "walker", folder, Origin("latency", 90, 8, {}))
    command = [sys.executable, "-m", "spacetime_rl", "serve", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"ws://127.0.0.1:(\d+)", server.stdout.readline())
            assert found is not None
            at = Access("127.0.0.1", int(found.group(1)))
            for load in LOADS:
                row = asyncio.run(measure(at, load, psutil.Process(server.pid)))
                print(*row, sep="\t", file=sys.stderr)
                yield row
        finally:
            server.terminate()


def main() -> None:
    page = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        text = table(HEADER, list(rows(Path(folder))))
    page.write_text(fill(page.read_text(), BEGIN, END, text))


if __name__ == "__main__":
    main()
