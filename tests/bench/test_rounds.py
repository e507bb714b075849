"""Measurements side by side: their order, their medians, their end."""

from __future__ import annotations

import pytest

from spacetime_rl.bench.measure import Measurement, NotMeasurable, Throughput, median_of
from spacetime_rl.bench.rounds import interleave, opened


class Scripted(Measurement):
    """Gives the speeds it is told, and writes down what happens."""

    def __init__(self, name: str, speeds: list[float], happened: list[str], refuses: Exception | None = None) -> None:
        self.name = name
        self._speeds = iter(speeds)
        self._happened = happened
        self._refuses = refuses

    def open(self) -> None:
        self._happened.append(f"open {self.name}")
        if self._refuses:
            raise self._refuses

    def play(self, seconds: float) -> Throughput:
        self._happened.append(f"play {self.name} {seconds:g} s")
        return Throughput(next(self._speeds), 1.0)

    def close(self) -> None:
        self._happened.append(f"close {self.name}")


def quiet(done: int, total: int, text: str) -> None:
    assert 0 <= done <= total
    assert text


def test_every_round_plays_every_measurement_once() -> None:
    happened: list[str] = []
    measurements = [Scripted("a", [1, 5, 3], happened), Scripted("b", [2, 2, 8], happened)]

    results = interleave(measurements, rounds=3, seconds=0.5, progress=quiet)

    assert happened == ["play a 0.5 s", "play b 0.5 s"] * 3
    assert results["a"].rounds == (1, 5, 3)
    assert results["a"].median is not None
    assert results["a"].median.agent_steps_per_s == 3
    assert results["b"].median is not None
    assert results["b"].median.agent_steps_per_s == 2


def test_a_measurement_that_cannot_be_taken_is_left_out_with_its_reason() -> None:
    happened: list[str] = []
    able, unable = Scripted("a", [1], happened), Scripted("b", [], happened, NotMeasurable("two policies"))

    with opened([able, unable], quiet) as (playable, refused):
        assert playable == [able]
        assert refused["b"].missing == "two policies"
        assert refused["b"].median is None

    assert happened == ["open a", "open b", "close b", "close a"]


def test_everything_is_closed_when_one_cannot_be_opened() -> None:
    happened: list[str] = []
    measurements = [Scripted("a", [1], happened), Scripted("b", [], happened, KeyboardInterrupt())]  # type: ignore[arg-type]

    with pytest.raises(KeyboardInterrupt), opened(measurements, quiet):
        pass

    assert happened == ["open a", "open b", "close b", "close a"]


def test_figures_follow_from_decisions_agents_and_ticks() -> None:
    speed = Throughput.of(decisions=100, elapsed_s=2.0, agents=4, action_repeat=8, step_ms=[1.0] * 98 + [7.0] * 2)

    assert speed.to_dict() == {
        "agent_steps_per_s": 200.0,
        "physics_ticks_per_s": 400.0,
        "step_ms_p50": 1.0,
        "step_ms_p99": pytest.approx(7.0),
    }
    assert Throughput.of(100, 2.0, 4, 8).step_ms_p99 is None


def test_a_median_is_of_every_figure_by_itself_and_shares_still_add_up() -> None:
    turns = [
        Throughput(1.0, 30.0, 5.0, None, {"game": 0.2, "wire": 0.8}),
        Throughput(2.0, 20.0, None, None, {"game": 0.4, "wire": 0.6}),
        Throughput(9.0, 10.0, 6.0, None, {"game": 0.9, "wire": 0.1}),
    ]

    middle = median_of(turns)

    assert (middle.agent_steps_per_s, middle.physics_ticks_per_s) == (2.0, 20.0)
    assert (middle.step_ms_p50, middle.step_ms_p99) == (5.5, None)
    assert middle.shares == {"game": pytest.approx(0.5), "wire": pytest.approx(0.5)}
