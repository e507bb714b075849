"""What processes notice for the user: counted, shown, and kept to the summary."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from spacetime_rl.cli.run_summary import print_summary
from spacetime_rl.config import StopConfig
from spacetime_rl.config.sweep import Objective
from spacetime_rl.console.lines import LineView
from spacetime_rl.console.panel import PanelFrame
from spacetime_rl.console.progress import Progress
from spacetime_rl.notices import ONCE, Notice, Notices, collect_warnings, from_data, to_data
from spacetime_rl.reports.summary import RunSummary, to_note
from spacetime_rl.tuning.result_log import ResultLog

LEFT_OUT = "policy pilot: {n} gradient steps left out"


def lines(notices: Notices) -> list[str]:
    return [notice.line for notice in notices]


def test_the_same_sentence_is_counted() -> None:
    notices = Notices([Notice(LEFT_OUT, 5), Notice("a game failed"), Notice(LEFT_OUT, 7), Notice("a game failed")])
    assert lines(notices) == ["policy pilot: 12 gradient steps left out", "a game failed (2 times)"]


def test_sentences_that_differ_in_a_number_alone_count_as_one() -> None:
    notices = Notices([Notice("no answer within 30.5 s, policy p_0"), Notice("no answer within 31 s, policy p_0")])
    assert lines(notices) == ["no answer within 31 s, policy p_0 (2 times)"]
    assert len(lines(Notices([Notice("policy p_0"), Notice("policy p_1")]))) == 2


def test_a_notice_is_shown_again_when_its_count_has_doubled() -> None:
    notices = Notices()
    shown = [notices.add(Notice("a game failed")) for _ in range(8)]
    assert [index + 1 for index, notice in enumerate(shown) if notice is not None] == [1, 2, 4, 8]


def test_what_is_not_counted_is_shown_once() -> None:
    notices = Notices()
    assert notices.add(Notice("Godot on PATH is too old", 0)) is not None
    assert notices.add(Notice("Godot on PATH is too old", 0)) is None
    assert lines(notices) == ["Godot on PATH is too old"]


def test_a_process_that_warns_of_ever_new_things_does_not_fill_its_memory() -> None:
    notices = Notices(Notice(f"game {'x' * index} failed") for index in range(1000))
    assert len(lines(notices)) == 50


def test_warnings_of_a_worker_are_taken_with_a_result_and_read_back_from_it() -> None:
    collected = collect_warnings()
    collected.take()
    logger = logging.getLogger("spacetime_rl.rollout.sampler")
    for _ in range(3):
        logger.warning("a game failed and is replaced: %s", "x: it ended (exit code 7); its log ends:\n  | tail")
    logger.warning("passed over", extra=ONCE)
    logger.info("of no concern")

    travelled = json.loads(json.dumps(to_data(collected.take())))

    assert [notice.line for notice in from_data(travelled)] == [
        "a game failed and is replaced: x: it ended (exit code 7) (3 times)",
        "passed over",
    ]
    assert collected.take() == []
    assert from_data(None) == []


def test_a_fact_is_no_warning_and_earlier_files_held_only_warnings() -> None:
    fact = Notice("pre-trained on 8 decisions", is_warning=False)
    assert from_data(json.loads(json.dumps(to_data([fact])))) == [fact]
    assert from_data([["a game failed", 2]]) == [Notice("a game failed", 2)]


@pytest.fixture
def shown() -> tuple[Progress, io.StringIO]:
    progress, out = Progress("demo", StopConfig()), io.StringIO()
    progress.views.append(LineView(progress, out))
    return progress, out


def test_what_a_worker_noticed_is_shown_in_the_panel_and_in_lines(shown: tuple[Progress, io.StringIO]) -> None:
    progress, out = shown
    for iteration in (1, 2):
        progress.update("a_00000", "RUNNING", "", {"training_iteration": iteration, "notices": [[LEFT_OUT, 6]]})
    console = Console(file=io.StringIO(), width=80)
    console.print(PanelFrame(progress).render())
    assert "! policy pilot: 12 gradient steps left out" in console.file.getvalue()  # type: ignore[attr-defined]
    shown_lines = [line.partition(" time=")[0] for line in out.getvalue().splitlines()]
    assert [line for line in shown_lines if line.startswith("warning=")] == [
        'warning="policy pilot: 6 gradient steps left out"',
        'warning="policy pilot: 12 gradient steps left out"',
    ]


def test_a_fact_is_shown_without_alarm(shown: tuple[Progress, io.StringIO]) -> None:
    progress, out = shown
    fact = Notice("pre-trained on 8 decisions", is_warning=False)
    progress.update("a_00000", "RUNNING", "", {"training_iteration": 1, "notices": to_data([fact])})
    assert 'note="pre-trained on 8 decisions" time=' in out.getvalue()
    assert "warning=" not in out.getvalue()
    console = Console(file=io.StringIO(), width=80)
    console.print(PanelFrame(progress).render())
    print_summary(RunSummary("demo", "fake", Path("demo"), 1, 1.0, notices=[fact]), console)
    panel, _, summary = console.file.getvalue().rpartition("- pre-trained on 8 decisions")  # type: ignore[attr-defined]
    assert "- pre-trained on 8 decisions" in panel
    assert "! " not in panel + summary
    assert "- pre-trained on 8 decisions" in to_note(RunSummary("demo", "fake", Path("demo"), 1, 1.0, notices=[fact]))


def test_what_a_sweeps_workers_noticed_is_shown_by_trial(shown: tuple[Progress, io.StringIO]) -> None:
    progress, out = shown
    progress.expect(2, Objective(metric="scenario/success_rate"))
    for index in (0, 1):
        progress.update(f"a_0000{index}", "RUNNING", "", {"notices": [[LEFT_OUT, 6]]})
    assert out.getvalue().count("gradient steps left out") == 2
    assert 'warning="trial 00001: policy pilot: 6 gradient steps left out"' in out.getvalue()


def test_notices_are_kept_with_the_results_and_are_in_every_form_of_the_summary(tmp_path: Path) -> None:
    trial = SimpleNamespace(trial_id="a_00000")
    ResultLog(tmp_path / "progress.jsonl").on_trial_result(trial, {"agent_steps": 1, "notices": [[LEFT_OUT, 6]]})
    kept = json.loads((tmp_path / "progress.jsonl").read_text())
    summary = RunSummary("demo", "fake", tmp_path, 1, 1.0, notices=from_data(kept["notices"]))
    console = Console(file=io.StringIO(), width=80)
    print_summary(summary, console)
    said = "policy pilot: 6 gradient steps left out"
    assert f"! {said}" in console.file.getvalue()  # type: ignore[attr-defined]
    assert f"- Warning: {said}" in to_note(summary)
    assert summary.to_dict()["notices"] == [{"text": said, "count": 6, "is_warning": True}]
