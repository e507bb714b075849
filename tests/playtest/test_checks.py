"""`gate metrics` and `gate reports`: figures against bounds, and against earlier ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.command import Done, run_command

from spacetime_rl.errors import UsageError
from spacetime_rl.playtest.checks import check_metrics, compare_reports

METRICS = {"scenario/return_mean": -7.5, "scenario/success_rate": 0.8}


def report(success: float | None = 0.9, returns: float = 10.0, length: float = 100.0) -> dict[str, Any]:
    return {"overall": {"success_rate": success, "return_mean": returns, "length_mean": length}}


@pytest.mark.parametrize(
    ("requirement", "passed"),
    [
        ("scenario/return_mean>=-10", True),
        ("scenario/return_mean >= -7.5", True),
        ("scenario/return_mean>-7.5", False),
        ("scenario/success_rate<=0.5", False),
        ("scenario/success_rate<1e0", True),
    ],
)
def test_a_metric_is_compared_with_its_bound(requirement: str, passed: bool) -> None:
    (check,) = check_metrics(METRICS, [requirement])
    assert check.passed is passed


def test_a_metric_that_is_missing_does_not_pass_and_the_nearest_is_named() -> None:
    (check,) = check_metrics(METRICS, ["scenario/return_man>=0"])
    assert not check.passed
    assert "scenario/return_mean" in check.hint


@pytest.mark.parametrize("requirement", ["scenario/return_mean", "scenario/return_mean=1", "a>=high", ">=3"])
def test_what_is_no_bound_is_refused(requirement: str) -> None:
    with pytest.raises(UsageError, match="expected METRIC>=NUMBER"):
        check_metrics(METRICS, [requirement])


@pytest.mark.parametrize(
    ("current", "baseline", "failed"),
    [
        (report(), report(), []),
        (report(success=0.8), report(), ["success"]),
        (report(success=0.82), report(), []),
        (report(returns=8.9), report(), ["return"]),
        (report(returns=-10.9), report(returns=-10.0), []),  # a negative baseline: lower is still worse
        (report(returns=-11.1), report(returns=-10.0), ["return"]),
        (report(returns=-9.0), report(returns=-10.0), []),
        (report(returns=-0.05), report(returns=0.0), []),
        (report(returns=-0.2), report(returns=0.0), ["return"]),
        (report(success=None), report(success=None), []),
        (report(length=500.0), report(), []),
    ],
)
def test_a_report_is_compared_with_an_earlier_one(current: Any, baseline: Any, failed: list[str]) -> None:
    assert [check.name for check in compare_reports(current, baseline, 0.1) if not check.passed] == failed


def test_length_counts_only_if_somebody_says_which_is_better() -> None:
    longer = report(length=120.0)
    assert [c.name for c in compare_reports(longer, report(), 0.1, "shorter") if not c.passed] == ["length"]
    assert [c.name for c in compare_reports(longer, report(), 0.1, "longer") if not c.passed] == []


def test_reports_in_the_form_of_the_guide_are_read() -> None:
    theirs = {"mean_reward": 10.0, "success_rate": 0.9, "mean_episode_length": 50}
    assert all(check.passed for check in compare_reports(report(), theirs, 0.1))
    with pytest.raises(UsageError, match="neither success nor return in common"):
        compare_reports({}, theirs, 0.1)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    monkeypatch.chdir(tmp_path)
    return partial(run_command, "gate", monkeypatch=monkeypatch, capsys=capsys)


def test_the_commands_end_with_1_where_something_is_worse(tmp_path: Path, command: Callable[..., Done]) -> None:
    Path("now.json").write_text(json.dumps(report(success=0.5)))
    Path("before.json").write_text(json.dumps(report()))
    assert command("reports", "before.json", "before.json").code == 0
    worse = command("reports", "now.json", "before.json")
    assert worse.code == 1
    assert "FAIL  success  0.5  expected >= 0.81 (was 0.9)" in worse.out
    assert command("reports", "now.json", "before.json", "--tolerance", "0.5", "--json").code == 0
    assert command("reports", "missing.json", "before.json").code == 2

    run = tmp_path / "results" / "mine"
    run.mkdir(parents=True)
    (run / "config.yaml").write_text("scenario: {name: vr_ui}\n")
    lines = [{"trial_id": "a", "agent_steps": step, "scenario/return_mean": -20.0 + step} for step in (1, 12)]
    (run / "progress.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert command("metrics", "mine", "--require", "scenario/return_mean>=-10").code == 0
    assert command("metrics", "mine", "--require", "scenario/return_mean>=0").code == 1
    assert command("metrics", "mine").code == 2
