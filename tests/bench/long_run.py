"""Whether a long training keeps its speed and its memory: `python -m tests.bench.long_run PAGE RESULTS CONFIG [...]`.

Trains CONFIG into the new folder RESULTS, with further options of `spacetime-rl train`, and writes a table of windows
of five minutes into PAGE. It takes as long as the training, and wants a machine that does nothing else.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import psutil

from spacetime_rl import metrics
from spacetime_rl.formats.markdown import fill, table
from spacetime_rl.runs.layout import RunPaths
from spacetime_rl.runs.result_log import read_all_progress

BEGIN, END = "<!-- long run: begin -->", "<!-- long run: end -->"
READ_EVERY_S = 15.0
WINDOW_S = 300.0
GAME, RUNNER, TRIAL, REST = "games", "runners", "training process", "the rest"
MARKS = {"--path ": GAME, "ray::GameEnvRunner": RUNNER, "ray::Trial": TRIAL}  # in the command line of a process
KINDS = (GAME, RUNNER, TRIAL, REST)
HEADER = ("minutes", "agent-steps a second", *(f"{kind}, MB" for kind in KINDS))

Memory = dict[str, float]
"""MB of each kind of process, of all of them together. Shared pages are divided among their users (PSS)."""


def read_memory(parent: psutil.Process) -> Memory:
    """The memory of all processes below `parent`, itself included."""
    found = dict.fromkeys(KINDS, 0.0)
    for process in (parent, *parent.children(recursive=True)):
        try:
            line = " ".join(process.cmdline())
            kind = next((kind for mark, kind in MARKS.items() if mark in line), REST)
            found[kind] += process.memory_full_info().pss / 2**20
        except psutil.Error:  # it has ended
            continue
    return found


def watch(command: Sequence[str]) -> list[tuple[float, Memory]]:
    """Train to the end: the memory, each with the Unix time of its reading. Raises CalledProcessError if it fails."""
    readings = []
    with subprocess.Popen(command) as training:
        parent = psutil.Process(training.pid)
        while training.poll() is None:
            readings.append((time.time(), read_memory(parent)))
            try:
                training.wait(READ_EVERY_S)
            except subprocess.TimeoutExpired:
                continue
    if training.returncode:
        raise subprocess.CalledProcessError(training.returncode, command)
    return readings


def read_steps(results: Path) -> tuple[np.ndarray, np.ndarray]:
    """Unix times and agent steps at the end of every iteration of the only run in a folder."""
    (log,) = results.glob(f"*/{RunPaths(Path()).results}")
    (rows,) = read_all_progress(log).values()
    times, steps = np.array([(row[metrics.TIMESTAMP], row[metrics.AGENT_STEPS]) for row in rows], np.float64).T
    return times, steps


def windows(
    times: np.ndarray, steps: np.ndarray, readings: Sequence[tuple[float, Memory]]
) -> Iterator[tuple[str, ...]]:
    """The rows of the table: whole windows from the end of the first iteration on."""
    for index in range(int((times[-1] - times[0]) // WINDOW_S)):
        begin = times[0] + index * WINDOW_S
        end = begin + WINDOW_S
        # Iterations do not end where windows do: agent steps in between are those of an even pace.
        done = np.interp([begin, end], times, steps)
        within = [memory for read_at, memory in readings if begin <= read_at < end]
        means = (np.mean([memory[kind] for memory in within]) for kind in KINDS)
        minutes = f"{index * WINDOW_S / 60:.0f} to {(index + 1) * WINDOW_S / 60:.0f}"
        yield minutes, f"{(done[1] - done[0]) / WINDOW_S:,.0f}", *(f"{amount:,.0f}" for amount in means)


def main() -> None:
    page, results, *training = sys.argv[1:]
    readings = watch([sys.executable, "-m", "spacetime_rl", "train", *training, "--results", results])
    text = table(HEADER, list(windows(*read_steps(Path(results)), readings)))
    print(text)
    Path(page).write_text(fill(Path(page).read_text(), BEGIN, END, text))


if __name__ == "__main__":
    main()
