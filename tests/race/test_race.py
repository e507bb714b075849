"""Who is first: the rules of a race with racers of known speed, and its report."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spacetime_rl.bench.measure import NotMeasurable
from spacetime_rl.config import RunConfig
from spacetime_rl.console.plain import plain_console
from spacetime_rl.race import run
from spacetime_rl.race.options import RaceOptions
from spacetime_rl.race.picture import draw
from spacetime_rl.race.racer import Racer
from spacetime_rl.race.report import Leg, Point, RaceReport
from spacetime_rl.race.table import show

RULES = RaceOptions(success=0.9, seeds=3, limit_s=100.0, judge_every_s=10.0, episodes=20)


@dataclass
class Time:
    """A clock that goes on when somebody works."""

    now: float = 0.0
    log: list[str] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now


class Made(Racer):
    """Starts in 5 s, and learns `per_s` of success in a second; a second for each iteration."""

    def __init__(self, name: str, per_s: float, time: Time, refuses: str = "") -> None:
        self.name, self.per_s, self.time, self.refuses = name, per_s, time, refuses
        self.iterations = 0

    def prepare(self) -> None:
        if self.refuses:
            raise NotMeasurable(self.refuses)
        self.time.now += 1000.0  # does not count

    def start(self, seed: int) -> None:
        self.iterations = 0
        self.time.now += 5.0
        self.time.log.append(f"{self.name} {seed}")

    def learn(self) -> int:
        self.iterations += 1
        self.time.now += 1.0
        return 100 * self.iterations

    def export(self, folder: Path) -> None:
        self.time.now += 500.0  # does not count
        (folder / "success").write_text(str(min(1.0, self.per_s * self.iterations)))

    def stop(self) -> None:
        self.time.log.append(f"{self.name} stops")


class MadeJudge:
    """Drawn actions are half as good."""

    def __init__(self, *_: object) -> None:
        pass

    def success(self, folder: Path, *, drawn: bool) -> float:
        return float((folder / "success").read_text()) * (0.5 if drawn else 1.0)

    def success_of_others(self, *, has_script: bool) -> dict[str, float]:
        assert has_script
        return {"heuristic": 0.8, "random": 0.1}


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(run, "time", time)
    monkeypatch.setattr(run, "_busy_s", lambda: 2.0 * time.now)
    monkeypatch.setattr(run, "Judge", MadeJudge)
    monkeypatch.setattr(run, "plan_target", lambda _: SimpleNamespace(spec=SimpleNamespace(is_stock=False)))
    monkeypatch.setattr(run, "_settings", lambda *_: {"seeds": 3})
    return time


def race(monkeypatch: pytest.MonkeyPatch, *racers: Racer) -> RaceReport:
    monkeypatch.setattr(run, "make_racers", lambda *_: list(racers))
    config = RunConfig.model_validate({"scenario": {"name": "bench"}, "curriculum": "scenario"})
    return run.run_race("bench", "spacetime-rl bench --race", config, RULES, lambda _: None)


def test_all_train_in_turns_until_the_goal_or_the_limit_and_only_training_counts(
    time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = race(monkeypatch, Made("training", 0.1, time), Made("stock_rllib", 0.01, time))

    starts = [line for line in time.log if "stops" not in line]
    assert starts == [f"{name} {seed}" for seed in range(3) for name in ("training", "stock_rllib")]
    assert time.log.count("training stops") == 3
    ours, theirs = report.legs[:2]
    # Judged after 15, 25 … s: 5 of them for the start. Drawn actions never reach 90 %, so that the limit ends it.
    assert [point.seconds for point in ours.points] == [15, 25, 35, 45, 55, 65, 75, 85, 95, 100]
    assert [point.agent_steps for point in ours.points[:2]] == [1000, 2000]
    assert ours.points[0].core_s == 30.0
    assert report.finish("training", "probable").seconds == 15.0
    assert report.finish("training", "drawn").seconds is None
    assert theirs.finish("probable", 0.9) == theirs.points[-2]
    assert report.times_sooner("stock_rllib", "probable") == pytest.approx(95 / 15)
    assert report.times_sooner("stock_rllib", "drawn") is None


def test_who_cannot_take_part_is_named_with_the_reason(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    report = race(monkeypatch, Made("training", 1.0, time), Made("stock_rllib", 1.0, time, refuses="it has no legs"))
    assert report.racers == ["training"]
    assert report.missing["stock_rllib"] == "it has no legs"
    assert "RLlib's own runner is missing: it has no legs" in _shown(report)


def test_a_training_that_fails_is_stopped(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    racer = Made("training", 0.1, time)
    monkeypatch.setattr(racer, "learn", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        race(monkeypatch, racer)
    assert time.log == ["training 0", "training stops"]


def leg(racer: str, seed: int, *rates: float) -> Leg:
    points = [
        Point(20.0 * (n + 1 + seed), 1000 * (n + 1), 35.0 * (n + 1), {"probable": rate, "drawn": rate / 2})
        for n, rate in enumerate(rates)
    ]
    return Leg(racer, seed, tuple(points))


def made_report() -> RaceReport:
    ours = [leg("training", seed, 0.5, 0.95) for seed in range(3)]
    theirs = [leg("stock_sb3", 0, 0.2, 0.4, 0.92), leg("stock_sb3", 1, 0.2, 0.3), leg("stock_sb3", 2, 0.1)]
    machine = {"cpu": "a", "cores": 2}
    others = {"heuristic": 0.8, "random": 0.1}
    return RaceReport("bench", "…", {}, machine, 0.9, 100.0, (*ours, *theirs), others, {"stock_rllib": "no legs"})


def test_medians_over_seeds_are_of_all_of_them_also_of_those_that_did_not_get_there() -> None:
    report = made_report()
    assert report.finish("training", "probable").seconds == 60.0
    one_of_three = report.finish("stock_sb3", "probable")
    assert (one_of_three.reached, one_of_three.seeds, one_of_three.seconds) == (1, 3, None)
    assert report.finish("training", "drawn").reached == 0


def test_a_report_is_json_a_table_and_a_picture(tmp_path: Path) -> None:
    report = made_report()
    document: dict[str, Any] = json.loads(json.dumps(report.to_dict()))
    assert document["format"] == "spacetime-race/1"
    assert document["finish"]["training"]["probable"]["agent_steps"] == 2000
    shown = _shown(report)
    rows = [" ".join(line.split()) for line in shown.splitlines()]
    assert "SpaceTime RL 3 of 3 60 1.0 2,000 70" in rows
    assert "godot-rl + SB3 1 of 3 over 100 \N{EN DASH} \N{EN DASH} \N{EN DASH}" in rows
    assert "Without learning: heuristic 80%, random 10%" in shown
    assert draw(report, tmp_path / "race.png").read_bytes().startswith(b"\x89PNG")


def _shown(report: RaceReport) -> str:
    console = plain_console(width=140)
    with console.capture() as capture:
        console.print(show(report))
    return capture.get()
