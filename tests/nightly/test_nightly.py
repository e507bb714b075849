"""The story of a night with stages of the test's own: what the others do if one fails, is stopped, or finds a fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from support.command import Done, run_command

from spacetime_rl.errors import GameError, UsageError
from spacetime_rl.evaluation.report import AgentResult, EvalReport, summarise
from spacetime_rl.nightly import story
from spacetime_rl.nightly.plan import NightlyPlan
from spacetime_rl.nightly.record import Night, Stage, nights_in, read_night, write_night
from spacetime_rl.nightly.report import HTML, PAGE, to_html, to_page
from spacetime_rl.nightly.story import Found, Place, Skipped, compare_nights, run_night

NIGHT = Night(
    "touch", "touch.yaml", (), "nightly-touch-1", "2026-11-29T00:00:00+00:00", NightlyPlan(episodes=4), "5f0c6a1e"
)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c6300010000050001"
)


def place_in(folder: Path) -> Place:
    return Place(folder / "night", folder / "findings", folder / "results")


def works(night: Night, place: Place) -> Found:
    return Found("it works", {})


def fails(night: Night, place: Place) -> Found:
    raise GameError("touch: the game died; its log ends:\n<b>loud</b>")


def breaks(night: Night, place: Place) -> Found:
    raise ZeroDivisionError("a mistake of ours")


def finds(night: Night, place: Place) -> Found:
    return Found("it got worse", {}, worse=True)


def is_stopped(night: Night, place: Place) -> Found:
    raise KeyboardInterrupt


def test_settings_of_playtest_and_gate_are_left_to_their_stages() -> None:
    night = replace(NIGHT, overrides=("training.lr=1e-3", "playtest.shorten=5", "gate.margin=0.1", "stop.time_s=9"))

    assert night.of_the_run == ["training.lr=1e-3", "stop.time_s=9"]


def test_a_stage_that_fails_does_not_lose_the_others(tmp_path: Path) -> None:
    night = run_night(NIGHT, place_in(tmp_path), {"one": fails, "two": breaks, "three": works, "four": finds})

    assert [stage.status for stage in night.stages] == ["failed", "failed", "done", "worse"]
    assert night.exit_code == 3
    assert read_night(tmp_path / "night") == night
    page = (tmp_path / "night" / PAGE).read_text()
    assert "**a stage failed**" in page
    assert "a mistake of ours" in page
    html = (tmp_path / "night" / HTML).read_text()
    assert "&lt;b&gt;loud&lt;/b&gt;" in html  # the log of a game is text, not HTML


@pytest.mark.parametrize(("stage", "code"), [(works, 0), (finds, 1), (fails, 3)])
def test_the_exit_code_says_what_became_of_the_night(tmp_path: Path, stage: story.StageFunction, code: int) -> None:
    assert run_night(NIGHT, place_in(tmp_path), {"one": works, "two": stage}).exit_code == code


def test_a_night_that_was_stopped_goes_on_where_it_ended(tmp_path: Path) -> None:
    done: list[str] = []

    def note(night: Night, place: Place) -> Found:
        done.append("noted")
        return Found("noted", {})

    with pytest.raises(KeyboardInterrupt):
        run_night(NIGHT, place_in(tmp_path), {"one": note, "two": is_stopped, "three": note})
    stopped = read_night(tmp_path / "night")
    assert [stage.status for stage in stopped.stages] == ["done", "stopped"]
    assert "stopped by the user" in (tmp_path / "night" / PAGE).read_text()

    night = run_night(stopped, place_in(tmp_path), {"one": note, "two": fails, "three": note})
    night = run_night(night, place_in(tmp_path), {"one": note, "two": note, "three": note})

    assert done == ["noted"] * 3  # each stage once
    assert [stage.status for stage in night.stages] == ["done", "done", "done"]


def test_a_stage_that_was_skipped_is_tried_again_when_the_night_goes_on(tmp_path: Path) -> None:
    def waits_for_policies(night: Night, place: Place) -> Found:
        if not place.policies.is_dir():
            raise Skipped("there are no policies of tonight")
        return works(night, place)

    stages = {"first": fails, "second": waits_for_policies}
    night = run_night(NIGHT, place_in(tmp_path), stages)
    assert [stage.status for stage in night.stages] == ["failed", "skipped"]

    place_in(tmp_path).policies.mkdir()
    night = run_night(night, place_in(tmp_path), {"first": works, "second": waits_for_policies})

    found = night.stage("second")
    assert found is not None
    assert found.message == "it works"


def test_pictures_become_part_of_the_html_page(tmp_path: Path) -> None:
    (tmp_path / "curve.png").write_bytes(PIXEL)
    night = NIGHT.with_stage(
        Stage("train", "done", "9 agent steps", 1.0, {"run": "results/x", "notices": ["hot"]}, ("curve.png",))
    )

    page = to_page(night)

    assert "![curve](curve.png)" in page
    assert 'src="data:image/png;base64,' in to_html(page, tmp_path)


def report(returns: list[float], success: list[float] | None = None) -> EvalReport:
    results = tuple(
        AgentResult(number, "Player", "player", {"return": value, "length": 5.0})
        for number, value in enumerate(returns)
    )
    if success is not None:
        results = tuple(
            replace(result, metrics={**result.metrics, "success": value})
            for result, value in zip(results, success, strict=True)
        )
    overall = summarise("all", len(results), 0, results)
    return EvalReport("a player", "touch", len(results), 0, overall, (overall,), results=results)


@pytest.mark.parametrize(
    ("success", "is_worse"), [([0.0] * 40, True), ([1.0] * 40, False), ([1.0] * 39 + [0.0], False)]
)
def test_policies_are_worse_only_if_the_whole_interval_is_below_the_margin(
    success: list[float], is_worse: bool
) -> None:
    found = compare_nights(report([1.0] * 40, success), report([1.0] * 40, [1.0] * 40), 0.05)

    assert found is not None
    assert (found.measure, found.worse) == ("success", is_worse)
    assert ("not shown to be worse" in found.sentence) is not is_worse


@pytest.mark.parametrize(("value", "is_worse"), [(-10.5, False), (-12.0, True), (-5.0, False)])
def test_without_success_the_margin_is_a_share_of_last_nights_return(value: float, is_worse: bool) -> None:
    found = compare_nights(report([value] * 20), report([-10.0] * 20), 0.1)

    assert found is not None
    assert found.margin == pytest.approx(1.0)
    assert (found.measure, found.worse) == ("return", is_worse)


def test_policies_of_a_stock_game_are_compared_as_those_that_played_other_episodes() -> None:
    ours = replace(report([0.0, 10.0] * 20), paired=False)

    found = compare_nights(ours, ours, 0.05)

    assert found is not None
    assert found.difference.low < -1.0 < 0.0 == found.difference.value  # the same episodes would leave no doubt
    assert compare_nights(replace(report([1.0]), paired=False), ours, 0.05) is None


def test_the_page_says_what_the_playtest_of_a_stock_game_could_find_out() -> None:
    figures = {"episodes": 3, "minutes": 0.1, "cells": 0, "findings": [], "notes": ["this game does not replay"]}
    page = to_page(NIGHT.with_stage(Stage("playtest", "done", "0 new errors", 1.0, figures)))
    assert "where agents were is not known" in page
    assert "- this game does not replay" in page


def test_nights_are_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    for name, begun in (("a", "2026-11-29T00:00:00+00:00"), ("b", "2026-11-28T23:00:00-05:00")):
        write_night(replace(NIGHT, begun=begun), tmp_path / name)

    assert [folder.name for folder in nights_in(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize("text", ["", "{}", '{"format": 2}', "[1]"])
def test_a_record_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "night.json").write_text(text)

    with pytest.raises(UsageError, match="is no record of a night"):
        read_night(tmp_path)


@pytest.fixture
def command(
    tmp_path: Path, godot_bin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(story, "STAGES", {"first": works, "second": finds})
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)


def test_the_command_writes_a_report_finds_the_last_night_and_refuses_what_it_cannot_do(
    tmp_path: Path, command: Callable[..., Done]
) -> None:
    first = command("nightly", "vr_ui", "--output", "results/nights/vr_ui/1", "--json")
    assert first.code == 1, first.err
    assert json.loads(first.out)["last"] == ""
    assert (tmp_path / "results/nights/vr_ui/1" / PAGE).is_file()

    second = command("nightly", "vr_ui", "--json", "--last", "no/such", "--output", "results/nights/vr_ui/2")
    assert json.loads(second.out)["last"] == ""
    policies = tmp_path / "results/nights/vr_ui/2/policies"
    policies.mkdir()
    (policies / "user.schema.json").touch()
    third = command("nightly", "vr_ui", "--json")
    assert json.loads(third.out)["last"] == json.loads(second.out)["folder"]

    again = command("nightly", "vr_ui", "--output", "results/nights/vr_ui/1")
    assert (again.code, "holds a night already" in again.err) == (2, True)
    whole = command("nightly", "vr_ui", "--resume")
    assert (whole.code, "every stage of the night" in whole.err) == (2, True)
    other = command("nightly", "vr_ui", "--resume", "--steps", "5")
    assert (other.code, "a night goes on as it began" in other.err) == (2, True)
    none = command("nightly", "vr_navigation", "--resume")
    assert (none.code, "there is no night of vr_navigation" in none.err) == (2, True)
    base = command("nightly", "vr_ui", "--base", "nowhere")
    assert (base.code, "neither a folder with a project.godot" in base.err) == (2, True)
