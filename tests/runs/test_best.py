"""The best checkpoint of a run: what is kept, and what of it survives a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacetime_rl.errors import UsageError
from spacetime_rl.runs.best import (
    Candidate,
    Judged,
    add_candidate,
    best_of_run,
    best_of_trial,
    find_best,
    read_judged,
    settle,
    waiting_candidates,
)
from spacetime_rl.runs.locate import find_checkpoint

TRIAL = "ab12c_00000"


def make_checkpoint(run: Path, number: int = 0) -> Path:
    folder = run / f"tune/trial_{TRIAL}/checkpoint_{number:06}"
    (folder / "learner").mkdir(parents=True)
    (folder / "spacetime.json").write_text("{}")
    (folder / "learner" / "weights").write_text(f"weights {number}")
    return folder


def make_candidate(run: Path, steps: int, trial: str = TRIAL) -> Candidate:
    return add_candidate(run, trial, steps, steps // 10, make_checkpoint(run, len(list(run.rglob("checkpoint_*")))))


def judge(candidate: Candidate, *score: float) -> Judged:
    figures = {"return_mean": score[-1], "success_rate": None}
    return Judged(candidate.trial_id, candidate.agent_steps, candidate.iteration, score, figures, {}, 4, 1, 1.0, 2.0, 3)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "results/one"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text("{}")
    return folder


def kept(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "best").glob("*/*"))


def test_a_candidate_is_the_checkpoint_itself_and_survives_its_deletion(run: Path) -> None:
    checkpoint = make_checkpoint(run)
    candidate = add_candidate(run, TRIAL, 100, 1, checkpoint)
    same = (candidate.folder / "learner/weights").samefile(checkpoint / "learner/weights")

    for file in [path for path in checkpoint.rglob("*") if path.is_file()]:
        file.unlink()

    assert same  # no second copy of the bytes
    assert (candidate.folder / "learner/weights").read_text() == "weights 0"


def test_only_the_best_is_kept_and_every_evaluation_is_recorded(run: Path) -> None:
    candidates = [make_candidate(run, steps) for steps in (100, 200, 300, 400)]

    better = [
        settle(run, candidate, judge(candidate, *score))
        for candidate, score in zip(candidates, [(0.5, 1.0), (0.5, 0.9), (0.5, 2.0), (0.5, 2.0)], strict=True)
    ]

    assert better == [True, False, True, False]  # of equal ones the earlier stays
    assert kept(run) == ["agent_steps_300"]
    assert [one.agent_steps for one in read_judged(run)] == [100, 200, 300, 400]
    assert find_best("one", run.parent).joinpath("learner/weights").read_text() == "weights 2"


def test_the_best_of_a_sweep_is_that_of_all_trials_and_a_trial_has_its_own(run: Path) -> None:
    for trial, score in ((TRIAL, 1.0), ("ab12c_00001", 3.0), ("ab12c_00002", 2.0)):
        candidate = make_candidate(run, 100, trial)
        settle(run, candidate, judge(candidate, score))
    (run / f"tune/trial_{TRIAL}").mkdir(exist_ok=True)

    best = best_of_run(run)

    assert best is not None
    assert best.trial_id == "ab12c_00001"
    assert find_best("one", run.parent).parent.name == "ab12c_00001"
    assert find_best(run / f"tune/trial_{TRIAL}", run.parent).parent.name == TRIAL


def test_what_waited_when_the_process_was_killed_is_found_again_and_half_a_copy_is_not(run: Path) -> None:
    candidate = make_candidate(run, 100)
    half = run / "best" / TRIAL / ".partial-200"
    half.mkdir()
    empty = run / "best" / TRIAL / ".waiting-300-30"
    empty.mkdir()

    assert waiting_candidates(run) == [candidate]
    assert settle(run, candidate, judge(candidate, 1.0))
    assert waiting_candidates(run) == []


def test_a_former_best_that_a_killed_process_left_goes_with_the_next_evaluation(run: Path) -> None:
    first, second = make_candidate(run, 100), make_candidate(run, 200)
    settle(run, first, judge(first, 1.0))
    left = run / "best" / TRIAL / "agent_steps_50"
    left.mkdir()  # killed between a line of a new best and the deletion of the former one

    settle(run, second, judge(second, 2.0))

    assert kept(run) == ["agent_steps_200"]


def test_a_torn_line_and_a_best_that_was_deleted_by_hand_are_overlooked(run: Path) -> None:
    first, second = make_candidate(run, 100), make_candidate(run, 200)
    settle(run, first, judge(first, 5.0))
    with (run / "evaluations.jsonl").open("a") as file:
        file.write('{"trial_id": "ab12c_00000", "agent_st\n')
    (run / "best" / TRIAL / "agent_steps_100").rename(run / "elsewhere")

    assert settle(run, second, judge(second, 1.0))
    best = best_of_trial(run, TRIAL)
    assert best is not None
    assert best.agent_steps == 200


def test_the_latest_checkpoint_of_a_run_is_never_the_best_by_mistake(run: Path) -> None:
    candidate = make_candidate(run, 100)
    settle(run, candidate, judge(candidate, 1.0))

    assert find_checkpoint("one", run.parent).name == "checkpoint_000000"


def test_a_run_without_a_best_checkpoint_is_refused_with_what_to_set(run: Path) -> None:
    make_checkpoint(run)
    with pytest.raises(UsageError, match="every_agent_steps"):
        find_best("one", run.parent)
