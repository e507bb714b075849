"""Whose a trial's players were, after it went on from another trial's copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacetime_rl.errors import ResumeError
from spacetime_rl.league.lineage import Lineage, read_lineage, write_lineage
from spacetime_rl.league.payoff import PayoffTable, Result, tally
from spacetime_rl.league.tables import read_tables
from spacetime_rl.runs.layout import RunPaths, lineage_file, payoff_file, trial_folder

COPY = Lineage("b").copied("a", 2, 300)


def result(agent_steps: int, player: str, other: str) -> Result:
    (one,) = tally(agent_steps // 100, agent_steps, [((("seeker", player), ("hider", other)), (0, 1))])
    return one


def players(lineage: Lineage, agent_steps: int, player: str, other: str) -> dict[str, str]:
    return dict(lineage.tell(result(agent_steps, player, other)).sides)


@pytest.mark.parametrize(
    ("agent_steps", "opponent", "expected"),
    [
        (200, "hider@100", {"seeker": "b:seeker@latest", "hider": "b:hider@100"}),
        (300, "hider@300", {"seeker": "a-2:seeker@latest", "hider": "b:hider@300"}),
        (500, "hider@400", {"seeker": "a-2:seeker@latest", "hider": "a-2:hider@400"}),
        (500, "a:hider@400", {"seeker": "a-2:seeker@latest", "hider": "a:hider@400"}),
        (500, "random", {"seeker": "a-2:seeker@latest", "hider": "random"}),
    ],
)
def test_players_have_the_name_of_the_trial_that_made_them(
    agent_steps: int, opponent: str, expected: dict[str, str]
) -> None:
    assert players(COPY, agent_steps, "seeker@latest", opponent) == expected


def test_a_trial_that_copied_nothing_has_its_own_name_and_no_file(tmp_path: Path) -> None:
    trial = tmp_path / trial_folder("a")
    assert read_lineage(trial) == Lineage("a")
    assert players(Lineage("a"), 0, "seeker@latest", "hider@0") == {"seeker": "a:seeker@latest", "hider": "a:hider@0"}
    write_lineage(trial, COPY)
    assert read_lineage(trial) == COPY
    write_lineage(trial, Lineage("a"))
    assert not lineage_file(trial).exists()


def test_a_copy_of_a_copy_keeps_all_owners() -> None:
    again = COPY.copied("c", 2, 600)
    found = [players(again, steps, "seeker@latest", f"hider@{steps}")["hider"] for steps in (300, 301, 600, 601)]
    assert found == ["b:hider@300", "a-2:hider@301", "a-2:hider@600", "c-2:hider@601"]


def test_a_trial_has_taken_its_own_snapshots_in_all_its_lives() -> None:
    again = COPY.copied("a", 3, 600)  # from its own checkpoint
    assert [again.owner_of(steps) for steps in (300, 301, 601)] == ["b", "a-2", "a-3"]
    assert [again.has_taken(steps) for steps in (300, 301, 601)] == [False, True, True]
    assert Lineage("a").has_taken(0)


def test_a_file_that_is_no_lineage_is_named(tmp_path: Path) -> None:
    lineage_file(tmp_path).parent.mkdir()
    lineage_file(tmp_path).write_text("[]")
    with pytest.raises(ResumeError, match=r"lineage.json: not the lineage of a trial"):
        read_lineage(tmp_path)


def test_matches_that_a_trial_copied_count_once(tmp_path: Path) -> None:
    tables = {trial: PayoffTable(payoff_file(RunPaths(tmp_path).tune / trial_folder(trial))) for trial in ("a", "b")}
    before = [result(steps, "seeker@latest", "hider@0") for steps in (0, 100, 200)]
    for table in tables.values():
        for one in before:
            table.append([one])
        table.append([result(300, "seeker@latest", "hider@300")])
    assert len(read_tables([tmp_path]).training) == 8

    write_lineage(RunPaths(tmp_path).tune / trial_folder("a"), COPY)

    told = [tuple(player for _, player in each.sides) for each in read_tables([tmp_path]).training]
    assert sorted(told) == [
        ("b:hider@0", "b:seeker@latest"),
        ("b:hider@0", "b:seeker@latest"),
        ("b:hider@0", "b:seeker@latest"),
        ("b:hider@300", "a-2:seeker@latest"),
        ("b:hider@300", "b:seeker@latest"),
    ]
