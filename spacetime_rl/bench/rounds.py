"""Measurements side by side: all are open at once and take turns in every round, so that noise affects all alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from spacetime_rl.bench.measure import Measurement, NotMeasurable, Throughput, median_of

Progress = Callable[[int, int, str], None]  # receives pieces of work done, their total, and the present one


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement's median, and the agent steps per second of every round; or the reason why it is `missing`."""

    median: Throughput | None
    rounds: tuple[float, ...] = ()
    missing: str = ""


@contextmanager
def opened(
    measurements: Sequence[Measurement], progress: Progress
) -> Iterator[tuple[list[Measurement], dict[str, Result]]]:
    """Open all measurements, and close them at the end. Yields the open ones, and for others results with reasons."""
    able: list[Measurement] = []
    refused: dict[str, Result] = {}
    with ExitStack() as stack:
        for index, measurement in enumerate(measurements):
            progress(index, len(measurements), f"opening {measurement.name}")
            stack.callback(measurement.close)
            try:
                measurement.open()
                able.append(measurement)
            except NotMeasurable as reason:
                refused[measurement.name] = Result(None, missing=str(reason))
        yield able, refused


def interleave(
    measurements: Sequence[Measurement], rounds: int, seconds: float, progress: Progress
) -> dict[str, Result]:
    """Play open measurements in turn for `rounds` rounds, each for about `seconds` seconds a turn."""
    turns: dict[str, list[Throughput]] = {measurement.name: [] for measurement in measurements}
    total = rounds * len(measurements)
    for number in range(rounds):
        for index, measurement in enumerate(measurements):
            done = number * len(measurements) + index
            progress(done, total, f"round {number + 1} of {rounds}: {measurement.name}")
            turns[measurement.name].append(measurement.play(seconds))
    progress(total, total, "done")
    return {name: Result(median_of(own), tuple(turn.agent_steps_per_s for turn in own)) for name, own in turns.items()}
