"""The payoff table: what it counts, and what is left of it after a crash and after a resume."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from spacetime_rl.errors import ResumeError
from spacetime_rl.league.payoff import PayoffTable, Result, ranks_of, score_of, tally

SEEKER, HIDER = ("seeker", "seeker@latest"), ("hider", "hider@500")


def results(iteration: int) -> list[Result]:
    """Results of an iteration with two different opponents."""
    played = [((SEEKER, HIDER), (0, 1)), ((SEEKER, HIDER), (1, 0)), ((SEEKER, ("hider", "random")), (0, 1))]
    return tally(iteration, iteration * 100, [*played, *[played[0]] * iteration])


def test_an_episode_is_counted_whatever_the_order_of_its_sides() -> None:
    episodes = [((SEEKER, HIDER), (0, 1)), ((HIDER, SEEKER), (1, 0)), ((HIDER, SEEKER), (0, 0))]

    (result,) = tally(3, 1200, episodes)

    assert result == Result(3, 1200, (HIDER, SEEKER), (((0, 0), 1), ((1, 0), 2)))
    assert (result.episodes, result.draws, result.scores) == (3, 1, (0.5, 2.5))


def test_the_order_of_episodes_makes_no_difference() -> None:
    draw = random.Random(1)
    episodes = [((SEEKER, ("hider", f"hider@{draw.randrange(3)}")), ranks_of([draw.random(), 0.5])) for _ in range(50)]

    assert tally(0, 0, episodes) == tally(0, 0, reversed(episodes))


def test_more_than_two_sides_are_ranked() -> None:
    assert ranks_of([1.0, 7.0, 1.0, -2.0]) == (1, 0, 1, 3)
    assert [score_of((1, 0, 1, 3), side) for side in range(4)] == pytest.approx([0.5, 1.0, 0.5, 0.0])


def test_a_table_reads_what_it_wrote(tmp_path: Path) -> None:
    table = PayoffTable(tmp_path / "league" / "payoff.jsonl")
    table.append(results(1))
    table.append([])
    table.append(results(2))

    again = PayoffTable(table.file)

    assert list(again.results) == [*results(1), *results(2)]
    assert again.iteration == 2


def test_a_torn_last_line_is_ignored_and_cut_off_before_the_next_append(tmp_path: Path) -> None:
    whole, torn = PayoffTable(tmp_path / "whole"), tmp_path / "torn"
    whole.append(results(1))
    one = whole.file.read_bytes()
    whole.append(results(2))
    for length in range(len(one), whole.file.stat().st_size, 7):
        torn.write_bytes(whole.file.read_bytes()[:length])
        table = PayoffTable(torn)
        assert [*table.results] == [*whole.results][: len(table.results)]
        table.truncate(1)
        assert torn.read_bytes() == one
        table.append(results(2))
        assert torn.read_bytes() == whole.file.read_bytes()


@pytest.mark.parametrize("length", range(0, 30, 3))
def test_a_table_whose_first_line_was_torn_is_empty(tmp_path: Path, length: int) -> None:
    whole = PayoffTable(tmp_path / "whole")
    whole.append(results(1))
    torn = tmp_path / "torn"
    torn.write_bytes(whole.file.read_bytes()[:length])

    table = PayoffTable(torn)
    table.append(results(1))

    assert torn.read_bytes() == whole.file.read_bytes()


def test_a_resumed_table_is_bit_for_bit_the_undisturbed_one(tmp_path: Path) -> None:
    undisturbed, resumed = PayoffTable(tmp_path / "undisturbed"), PayoffTable(tmp_path / "resumed")
    for iteration in range(1, 6):
        undisturbed.append(results(iteration))
    for iteration in (1, 2, 3, 4):
        resumed.append(results(iteration))

    again = PayoffTable(resumed.file)
    again.truncate(2)
    assert undisturbed.file.read_bytes().startswith(resumed.file.read_bytes())
    for iteration in (3, 4, 5):
        again.append(results(iteration))

    assert resumed.file.read_bytes() == undisturbed.file.read_bytes()
    assert list(again.results) == list(undisturbed.results)


def test_a_run_that_resumes_before_its_first_iteration_has_an_empty_table(tmp_path: Path) -> None:
    table = PayoffTable(tmp_path / "payoff.jsonl")
    table.truncate(0)
    assert not table.file.exists()
    table.append(results(1))
    first = table.file.read_bytes()
    table.truncate(0)
    table.append(results(1))

    assert table.file.read_bytes() == first


def test_an_earlier_iteration_is_refused(tmp_path: Path) -> None:
    table = PayoffTable(tmp_path / "payoff.jsonl")
    table.append(results(3))

    with pytest.raises(ValueError, match="truncate first"):
        table.append(results(2))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"kind":"payoff","format":9}\n', "a later version"),
        ("[1]\n", "line 1"),
        ('{"kind":"payoff","format":1}\n{"iteration":1}\n', "line 2"),
        ('{"kind":"payoff","format":1}\nnot json\n', "line 2"),
    ],
)
def test_another_file_is_refused_with_the_line(tmp_path: Path, content: str, problem: str) -> None:
    file = tmp_path / "payoff.jsonl"
    file.write_text(content)

    with pytest.raises(ResumeError, match=problem):
        PayoffTable(file)
