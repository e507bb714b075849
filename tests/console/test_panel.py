"""What a user sees while a run goes on: the panel on a terminal, lines in a pipe, nothing of anybody else's."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from support.made_up import make_result

from spacetime_rl.config import StopConfig
from spacetime_rl.config.sweep import Objective
from spacetime_rl.console.lines import EVERY, LineView, MetricLines
from spacetime_rl.console.panel import PanelFrame
from spacetime_rl.console.panel_parts import MISSING, count, seconds, sparkline
from spacetime_rl.console.progress import Progress
from spacetime_rl.tuning.progress_callback import ProgressCallback


def make_progress(**stop: Any) -> Progress:
    return Progress("demo", StopConfig.model_validate(stop))


def report(progress: Progress, iterations: range, index: int = 0, **more: str) -> None:
    for iteration in iterations:
        times = {"training_iteration": iteration, "time_total_s": 1.6 * iteration, "time_this_iter_s": 1.6}
        progress.update(f"ab12c_{index:05d}", "RUNNING", f"lr=0.{index}", make_result(iteration) | times | more)


def drawn(progress: Progress, width: int = 80, height: int = 50, *, last: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, height=height)
    frame = PanelFrame(progress)
    if last:
        frame.finish()
    with console.capture() as capture:
        console.print(frame.render())
    return capture.get()


def test_before_any_result_the_panel_says_what_is_being_started() -> None:
    progress = make_progress()
    progress.stage("starting Ray")
    progress.stage("starting games")
    text = drawn(progress)
    assert "✓ starting Ray" in text
    assert "starting games…" in text


def test_the_panel_shows_steps_speed_policies_times_and_restarts_in_80_columns() -> None:
    progress = make_progress(agent_steps=491_520)
    progress.stage("training")
    report(progress, range(1, 41))
    text = drawn(progress)
    assert "iteration 40  ·  328 k of 492 k agent steps" in text
    assert re.search(r"67%  start 0 s, training \d s, \d+ s left", text)
    assert re.search(r"giver +1\d\.\d +[▁▂▃▄▅▆▇█]{10} +\d\d% +[▁▂▃▄▅▆▇█]{10} +1\d\d ", text)
    assert "taker" in text
    assert "game 46%  ■ wire 5%  ■ forward 17%  ■ learner 29%" in text
    assert "limit the game: 46% of the time; more arenas would not help" in text
    assert "1 restart, 1.2 s lost" in text
    assert max(len(line) for line in text.splitlines()) == 80


def test_what_the_game_costs_is_shown_where_it_is_measured() -> None:
    progress = make_progress(agent_steps=491_520)
    report(progress, range(1, 3))
    assert "cost" not in drawn(progress)
    costs = {"physics_frame_time_ms": 0.5, "physics_frame_time_ms_max": 12.0, "cpu_ms_a_tick": 0.25}
    result = make_result(3) | {f"performance/{name}": value for name, value in costs.items()}
    progress.update("ab12c_00000", "RUNNING", "lr=0", result | {"training_iteration": 3, "time_total_s": 5.0})
    assert "cost  physics 0.50 ms a tick, at most 12.0 ms  ·  CPU 0.25 ms a tick" in drawn(progress)


def test_a_league_is_shown_with_its_snapshots_and_the_win_rates_of_policies() -> None:
    progress = make_progress()
    out = io.StringIO()
    progress.views.append(LineView(progress, out, every_s=0))
    league = {"league/snapshots": 12, "league/giver/win_rate": 0.61}
    progress.update("ab12c_00000", "RUNNING", "", make_result(1) | league)
    assert "league 12 snapshots  ·  wins giver 61%, taker \N{EN DASH}" in drawn(progress)
    assert "league_snapshots=12 league_giver_win_rate=0.61 league_taker_win_rate=- giver/" in out.getvalue()
    progress.update("ab12c_00000", "RUNNING", "", make_result(2) | league | {"league/other_trials": 3})
    assert "league 12 snapshots  ·  3 other trials  ·  wins giver 61%" in drawn(progress)


def test_the_best_checkpoint_is_shown_from_the_first_evaluation_on() -> None:
    progress = make_progress()
    out = io.StringIO()
    progress.views.append(LineView(progress, out, every_s=0))
    progress.update("ab12c_00000", "RUNNING", "", make_result(1))
    assert "best " not in drawn(progress)
    found = {"agent_steps": 24576.0, "best_agent_steps": 16384.0, "best_success_rate": 0.875, "best_return_mean": 9.5}
    result = make_result(4) | {f"evaluation/{name}": value for name, value in found.items()}
    progress.update("ab12c_00000", "RUNNING", "", result)
    assert "best at 16.4 k steps  ·  success 88%  ·  return 9.50  ·  evaluated to 24.6 k" in drawn(progress)
    assert "best_at=16384 best_return_mean=9.5 best_success_rate=0.875 agent_steps_per_s=" in out.getvalue()


def test_the_lesson_is_shown_and_said_once_when_it_begins() -> None:
    progress = make_progress(agent_steps=491_520)
    out = io.StringIO()
    progress.views.append(LineView(progress, out))
    for iteration, (number, name) in enumerate([(0, "near"), (0, "near"), (1, "far")], start=1):
        lesson = {"curriculum/lesson": number, "lesson": name, "lessons_left": 1 - number}
        rate = {"curriculum/near/success_rate": 0.25}
        progress.update("ab12c_00000", "RUNNING", "", make_result(iteration) | lesson | rate)
        if name == "near":
            assert "lesson 1 of 2, near  ·  success 25%" in drawn(progress)
    assert "lesson 2 of 2, far  ·  success \N{EN DASH}" in drawn(progress)
    stages = [line.partition(" elapsed")[0] for line in out.getvalue().splitlines() if line.startswith("stage=")]
    assert stages == ['stage="training, lesson near"', 'stage="training, lesson far"']
    assert "lesson=near lesson_success_rate=0.25" in out.getvalue()


def test_what_is_missing_is_a_dash() -> None:
    progress = make_progress()
    progress.update("t_0", "RUNNING", "", {"training_iteration": 1, "policy/giver/kl": float("nan")})
    text = drawn(progress)
    assert re.search(rf"giver +{MISSING} +{MISSING} +{MISSING}", text)
    assert f"{MISSING} restarts" in text
    assert f"{MISSING} left" in text


def test_several_trials_are_listed_the_best_first() -> None:
    progress = make_progress()
    report(progress, range(1, 10), index=0)
    report(progress, range(30, 50), index=1)
    for index in range(2, 14):
        progress.update(f"ab12c_{index:05d}", "PENDING")
    lines = drawn(progress).splitlines()
    rows = [line for line in lines if re.search(r"│ 000\d\d ", line)]
    assert rows[0].startswith("│ 00001")
    assert len(rows) == 8
    assert any("6 more" in line for line in lines)


def test_of_a_sweep_the_panel_says_how_many_trials_are_done_and_how_long_all_will_take() -> None:
    progress = make_progress(agent_steps=81_920)
    progress.expect(4, Objective(metric="scenario/success_rate"))
    progress.stage("training")
    report(progress, range(1, 2))
    assert f"{MISSING} left" in drawn(progress)
    report(progress, range(2, 6))
    progress.update("ab12c_00000", "TERMINATED")
    report(progress, range(1, 6), index=1)
    text = drawn(progress)
    assert re.search(r"training  1 of 4 trials done, 1 running  ·  [\d.]+ k/s", text)
    assert re.search(r"38%  start \d+ s, training \d+ s, \d+ s left", text)  # one trial and half of another
    assert re.search(r"policy of 0000\d +return", text)


def test_a_sweep_leads_with_what_is_best_by_its_own_metric() -> None:
    progress = make_progress()
    progress.expect(2, Objective(metric="scenario/collisions", mode="min"))
    for index, (collisions, success) in enumerate([(0.5, 0.9), (0.1, 0.6)]):
        result = make_result(1) | {"scenario/collisions": collisions, "scenario/success_rate": success}
        progress.update(f"ab12c_{index:05d}", "RUNNING", "", result)
    assert progress.leading is progress.trials["ab12c_00001"]
    assert re.search(r"collisions +success", drawn(progress))
    assert re.search(r"│ 00001 .* 0\.10 +60%", drawn(progress))


def test_trials_of_an_earlier_process_count_as_done() -> None:
    progress = make_progress(agent_steps=81_920)
    progress.expect(2, Objective(metric="scenario/success_rate"))
    old = SimpleNamespace(trial_id="ab12c_00000", status="TERMINATED", evaluated_params={}, last_result=make_result(5))
    callback = ProgressCallback(progress)
    for _ in range(2):
        callback.on_step_begin(iteration=0, trials=[old])
    report(progress, range(1, 2), index=1)
    assert "1 of 2 trials done, 1 running" in drawn(progress)


def test_a_resumed_run_shows_how_it_starts() -> None:
    progress = make_progress(agent_steps=81_920)
    progress.stage("starting games")
    old = SimpleNamespace(trial_id="ab12c_00000", status="PENDING", evaluated_params={}, last_result=make_result(5))
    ProgressCallback(progress).on_step_begin(iteration=0, trials=[old])
    assert "starting games…" in drawn(progress)


def test_what_was_drawn_takes_the_room_that_is_left() -> None:
    progress = make_progress(agent_steps=81_920)
    drawn_values = {
        "training.lr": 0.0008727093859002809,
        "policies.giver.model.hiddens": [128, 128],
        "scenario.params.smoothing": 0.2,
    }
    trial = SimpleNamespace(trial_id="ab12c_00003", evaluated_params=drawn_values, checkpoint=None)
    ProgressCallback(progress).on_trial_start(trial=trial)
    report(progress, range(1, 3), index=2)
    report(progress, range(1, 3), index=3)
    assert re.search(r"│ 00003  running +16\.4 k +\d+%  lr=0\.000873, hiddens=\[128, 1.*… │", drawn(progress))


def test_trials_on_several_nodes_are_listed_with_them() -> None:
    progress = make_progress()
    lines = io.StringIO()
    progress.views.append(LineView(progress, lines, every_s=0.0))
    report(progress, range(1, 3), index=0, node_ip="10.0.0.1")
    report(progress, range(1, 3), index=1, node_ip="10.0.0.1")
    assert "node" not in drawn(progress)
    report(progress, range(3, 4), index=1, node_ip="10.0.0.2")
    assert re.search(r"│ 00001 +running +10\.0\.0\.2 ", drawn(progress, width=120))
    assert "trial=00001 node=10.0.0.2 agent_steps" in lines.getvalue()


def test_warnings_are_shown_below() -> None:
    progress = make_progress()
    progress.note("MLflow does not answer\nand much more")
    text = drawn(progress)
    assert "! MLflow does not answer" in text
    assert "much more" not in text


def test_the_time_left_is_that_to_the_nearest_stop_criterion() -> None:
    progress = make_progress(agent_steps=10_000_000, iterations=20)
    report(progress, range(1, 11))
    trial = progress.leading
    assert trial is not None
    assert progress.remaining_s(trial) == pytest.approx(16, abs=0.5)
    assert progress.done(trial) == pytest.approx(0.5)


def test_a_line_holds_every_policy_the_shares_once_and_the_time() -> None:
    progress, out = make_progress(), io.StringIO()
    progress.views.append(LineView(progress, out, every_s=0.0))
    progress.stage("starting Ray")
    report(progress, range(1, 3))
    progress.note('it said "no"')
    lines = out.getvalue().splitlines()
    assert lines[0].startswith('stage="starting Ray" elapsed_s=0')
    assert lines[1].startswith('stage="training"')
    assert [line.split()[:2] for line in lines[2:4]] == [[f"iteration={i}", "trial=00000"] for i in (1, 2)]
    pairs = dict(pair.split("=") for pair in lines[2].split())
    figures = ("return_mean", "success_rate", "length_mean", "entropy", "kl", "explained_variance")
    assert list(pairs)[2:] == [
        "agent_steps",
        *(f"{policy}/{figure}" for policy in ("giver", "taker") for figure in figures),
        *("agent_steps_per_s", "share_game", "share_wire", "share_forward", "share_learner", "limited_by"),
        *("restarts", "elapsed_s", "eta_s", "time"),
    ]
    assert pairs["agent_steps"] == "8192"
    assert pairs["limited_by"] == "game"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", pairs["time"])
    assert lines[4].startswith('warning="it said \\"no\\"" time=')


def test_between_two_lines_lies_some_time_and_the_last_result_is_printed_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(EVERY, "3600")
    progress, out = make_progress(), io.StringIO()
    view = LineView(progress, out)
    progress.views.append(view)
    report(progress, range(1, 5))
    assert [line.split()[0] for line in out.getvalue().splitlines()[1:]] == ["iteration=1"]
    progress.update("ab12c_00000", "TERMINATED")
    view.stop()
    assert [line.split()[0] for line in out.getvalue().splitlines()[1:]] == ["iteration=1", "iteration=4"]


def test_neither_of_two_equal_parts_is_called_the_limit() -> None:
    progress, out = make_progress(), io.StringIO()
    progress.views.append(LineView(progress, out))
    progress.update("ab12c_00000", "RUNNING", "", make_result(1) | {"perf/share_learner": 0.44})
    assert "limited_by=- " in out.getvalue()
    assert "the game (46%) and the learner (44%)" in drawn(progress, width=120)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 18), (140, 18)])
def test_the_panel_is_as_high_and_wide_as_the_terminal_at_most(width: int, height: int) -> None:
    progress = make_progress(agent_steps=491_520)
    report(progress, range(1, 41))
    lines = drawn(progress, width, height).splitlines()
    assert max(map(len, lines)) == width
    assert len(lines) <= height
    shown = "\n".join(lines)
    assert ("page 1 of 2" in shown) == (height == 18 and width == 80)
    assert ("expl. var." in shown) == (height == 24 or width == 140)


def test_the_second_page_and_the_last_frame_hold_what_the_learner_reports() -> None:
    progress = make_progress()
    report(progress, range(1, 3))
    progress._started_s -= 8.0
    page = drawn(progress, height=18)
    assert "page 2 of 2" in page
    assert re.search(r"policy +policy loss +value loss +entropy +KL +expl. var.", page)
    assert re.search(r"giver rewards  comfort -1\.\d+  ·  handover 0\.\d+", page)
    progress.end("done")
    last = drawn(progress, height=18, last=True)
    assert "✓ done  iteration 2" in last
    assert "return" in last
    assert "value loss" in last


def test_a_resumed_run_shows_its_trends_from_the_beginning() -> None:
    progress = make_progress()
    progress.earlier = {"ab12c_00000": [make_result(iteration) for iteration in range(1, 31)]}
    report(progress, range(31, 32))
    trial = progress.leading
    assert trial is not None
    assert len(trial.trend("policy/giver/return_mean")) == 31


def test_a_controller_gets_a_line_for_every_iteration() -> None:
    progress, out = make_progress(), io.StringIO()
    progress.views.append(MetricLines(progress, out))
    report(progress, range(1, 3))
    records = [json.loads(line.removeprefix("@METRIC ")) for line in out.getvalue().splitlines()]
    assert [(record["kind"], record["training_iteration"]) for record in records] == [
        ("iteration", 1),
        ("iteration", 2),
    ]
    assert records[1]["num_agent_steps_sampled"] == 2 * 8192
    giver = records[0]["policies"]["giver"]
    assert giver["custom_metrics"].keys() >= {"reward/handover", "reward/comfort"}
    assert giver["custom_metrics"].keys().isdisjoint({"return_mean", "success_rate", "kl", "value_loss"})
    assert giver["learner_stats"].keys() >= {"policy_loss", "vf_loss", "entropy", "kl", "lr"}
    assert "trial" not in records[0]


def test_a_line_of_a_sweep_says_which_trial_it_is_of() -> None:
    progress, out = make_progress(), io.StringIO()
    progress.views.append(MetricLines(progress, out))
    report(progress, range(1, 2))
    report(progress, range(1, 2), index=1)
    assert json.loads(out.getvalue().splitlines()[-1].removeprefix("@METRIC "))["trial"] == "00001"


def test_the_panel_can_be_up_before_ray_is_imported() -> None:
    code = "import sys, spacetime_rl.console.screen; sys.exit('ray' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_tune_feeds_the_progress_and_may_pickle_the_callback() -> None:
    import pickle

    progress = make_progress()
    trial = SimpleNamespace(trial_id="ab12c_00003", evaluated_params={"lr": 0.1}, checkpoint=None)
    ProgressCallback(progress).on_trial_start(iteration=0, trials=[trial], trial=trial)
    ProgressCallback(progress).on_trial_result(iteration=1, trials=[trial], trial=trial, result=make_result(1))
    ProgressCallback(progress).on_trial_complete(iteration=1, trials=[trial], trial=trial)
    known = progress.trials["ab12c_00003"]
    assert (known.status, known.settings, known.agent_steps) == ("TERMINATED", "lr=0.1", 8192)
    pickle.loads(pickle.dumps(ProgressCallback(progress))).on_trial_start(trial=trial)


def test_numbers_are_short() -> None:
    assert [count(n) for n in (950, 12_400, 1_250_000)] == ["950", "12.4 k", "1.25 M"]
    assert [seconds(n) for n in (4.9, 62, 7384)] == ["4 s", "1:02", "2:03:04"]
    assert sparkline([]) == ""
    assert sparkline([1, 1]) == "▁▁"
    assert len(sparkline(list(range(1000)))) == 10


TESTS = str(Path(__file__).parents[1])
SCRIPT = textwrap.dedent(
    """
    import logging, os, sys, time
    from pathlib import Path
    from spacetime_rl.config import StopConfig
    from spacetime_rl.console.screen import show_progress
    from support.made_up import make_result

    try:
        with show_progress("demo", StopConfig(agent_steps=16384), Path(sys.argv[1]), "--json" in sys.argv) as progress:
            progress.stage("starting Ray")
            print("noise from python")
            os.write(2, b"noise from C\\n")
            logging.getLogger("spacetime_rl.tracking").warning("MLflow does not answer")
            time.sleep(0.5)
            progress.update("t_00000", "RUNNING", "", make_result(1) | {"training_iteration": 1})
            time.sleep(float(sys.argv[2]))
        print('{"ok": true}')
    except KeyboardInterrupt:
        print("interrupted")
    """
)


def command(log: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", SCRIPT, str(log), *arguments]


def run_in_terminal(log: Path, linger_s: float, interrupt: bool = False) -> str:
    """What a terminal of 100 columns receives from the script, escape codes included."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": TESTS, "COLUMNS": "100", "LINES": "40", "TERM": "xterm-256color"}
    environment.pop("CONTROLLER_METRICS", None)
    process = subprocess.Popen(
        command(log, str(linger_s)), stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    received = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not chunk:
            break
        received += chunk
        if interrupt and b"agent steps" in received:
            process.send_signal(signal.SIGINT)
            interrupt = False
    os.close(ours)
    process.wait(timeout=30)
    return received.decode()


def test_on_a_terminal_there_is_a_panel_and_nothing_else_and_the_cursor_comes_back(tmp_path: Path) -> None:
    text = run_in_terminal(tmp_path / "driver.log", 1.5)
    assert "starting Ray…" in text
    assert "MLflow does not answer" in text
    assert "training 0 s" in text
    assert "training 1 s" in text
    assert "done" in text
    assert "noise" not in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert text.rstrip().endswith('{"ok": true}')
    log = (tmp_path / "driver.log").read_text()
    assert "noise from python" in log
    assert "noise from C" in log


def test_ctrl_c_gives_the_terminal_back(tmp_path: Path) -> None:
    text = run_in_terminal(tmp_path / "driver.log", 60, interrupt=True)
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert text.rstrip().endswith("interrupted")


def test_in_a_pipe_there_are_only_lines(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": TESTS}
    done = subprocess.run(
        command(tmp_path / "driver.log", "0"),
        capture_output=True, text=True, timeout=60, check=True, env=environment,
    )  # fmt: skip
    first_words = [line.split("=")[0] for line in done.stdout.splitlines()[:-1]]
    assert first_words == ["stage", "warning", "stage", "iteration", "stage"]
    assert done.stderr == ""


def test_with_json_stdout_holds_the_document_alone(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": TESTS, "CONTROLLER_METRICS": "1"}
    done = subprocess.run(
        command(tmp_path / "driver.log", "0", "--json"),
        capture_output=True, text=True, timeout=60, check=True, env=environment,
    )  # fmt: skip
    assert done.stdout == '{"ok": true}\n'
    assert "iteration=1" in done.stderr
    assert "@METRIC" in done.stderr


def test_how_far_an_evaluation_is_replaces_its_stage_and_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = io.StringIO()
    progress = make_progress()
    now = [0.0]
    monkeypatch.setattr(Progress, "elapsed_s", property(lambda _: now[0]))
    progress.views.append(LineView(progress, out))
    progress.stage("evaluating: trained")
    for done in range(1, 25):
        now[0] = float(done)
        progress.refine(f"evaluating: trained, {done} of 100 episodes")

    assert [text for text, _ in progress.stages] == ["evaluating: trained, 24 of 100 episodes"]
    lines = [line.split('"')[1] for line in out.getvalue().splitlines()]
    assert lines == [
        "evaluating: trained",
        "evaluating: trained, 10 of 100 episodes",
        "evaluating: trained, 20 of 100 episodes",
    ]


def test_in_an_evaluation_the_panel_shows_how_far_it_is_and_how_long_it_takes() -> None:
    progress = make_progress(agent_steps=491_520)
    report(progress, range(1, 41))
    progress.stage("evaluating: heuristic")
    progress.refine("evaluating: heuristic, 112 of 500 episodes, about 11:20 min left")

    assert "evaluating: heuristic, 112 of 500 episodes, about 11:20 min left  " in drawn(progress, 80)
