"""What is made of readings of a game's memory."""

from __future__ import annotations

import os
from types import SimpleNamespace

import psutil
import pytest

from spacetime_rl.rollout.memory import GameMemory


class Leaking:
    """A process that holds 100 MB and gains `mb_per_s`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, mb_per_s: float) -> None:
        self.now_s = 0.0
        self.gone = False
        self._mb_per_s = mb_per_s
        monkeypatch.setattr(psutil, "Process", lambda pid: self)

    def memory_info(self) -> SimpleNamespace:
        if self.gone:
            raise psutil.NoSuchProcess(1)
        return SimpleNamespace(rss=(100 + self._mb_per_s * self.now_s) * 2**20)

    def watch(self) -> GameMemory:
        return GameMemory(1, lambda: self.now_s)


@pytest.mark.parametrize("readings", [3, 256, 5000])
def test_growth_and_slope_are_over_the_whole_life(monkeypatch: pytest.MonkeyPatch, readings: int) -> None:
    process = Leaking(monkeypatch, mb_per_s=0.5)
    game = process.watch()
    for second in range(readings):
        process.now_s = second
        game.read()
    assert game.rss_mb == 100 + 0.5 * (readings - 1)
    assert game.growth_mb == 0.5 * (readings - 1)
    assert game.slope_mb_per_h == pytest.approx(1800.0)
    assert len(game._readings) <= 256


def test_too_few_readings_tell_no_slope(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Leaking(monkeypatch, mb_per_s=5.0)
    game = process.watch()
    assert (game.rss_mb, game.growth_mb, game.slope_mb_per_h) == (0.0, 0.0, 0.0)
    for process.now_s in (0.0, 1.0):
        game.read()
    assert (game.growth_mb, game.slope_mb_per_h) == (5.0, 0.0)


def test_the_last_reading_stays_when_the_game_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Leaking(monkeypatch, mb_per_s=0.0)
    game = process.watch()
    game.read()
    process.gone = True
    game.read()
    assert game.rss_mb == 100


def test_a_real_process_is_read() -> None:
    game = GameMemory(os.getpid())
    game.read()
    assert game.rss_mb == pytest.approx(psutil.Process().memory_info().rss / 2**20, rel=0.2)
