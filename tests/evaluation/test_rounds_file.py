"""Rounds as a table: roles, winners, seconds and tags of each episode."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.report import AgentResult
from spacetime_rl.evaluation.rounds import write_rounds


def agent(episode: int, name: str, **metrics: float) -> AgentResult:
    return AgentResult(episode, name, name.rpartition("_")[0], metrics)


def test_a_round_is_a_row_with_roles_winner_seconds_and_tags(tmp_path: Path) -> None:
    played = [
        agent(1, "player_0", won=0, seeker=0, tags=0, seconds=3.5),
        agent(1, "player_1", won=1, seeker=1, tags=1, seconds=3.5),
        agent(0, "player_0", won=0.5, seeker=1, tags=1, seconds=20),
        agent(0, "player_1", won=0, seeker=0, tags=0, seconds=4),
        agent(0, "player_2", won=1, seeker=0, tags=0, seconds=20),
    ]

    write_rounds(played, 7, tmp_path / "new" / "rounds.csv")

    assert (tmp_path / "new" / "rounds.csv").read_text().splitlines() == [
        "round,seed,roles,winner,seconds,tags",
        "0,7,player_0=seeker player_1=hider player_2=hider,draw,20,1",
        "1,7,player_0=hider player_1=seeker,seeker,3.5,1",
    ]


def test_without_roles_and_tags_the_policies_are_the_sides(tmp_path: Path) -> None:
    write_rounds([agent(0, "red_0", won=1), agent(0, "blue_0", won=0)], 1, tmp_path / "rounds.csv")

    assert (tmp_path / "rounds.csv").read_text().splitlines()[1] == "0,1,red_0=red blue_0=blue,red,,"


def test_a_game_without_winners_has_no_rounds(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="reports no metric `won`"):
        write_rounds([agent(0, "red_0", success=1)], 1, tmp_path / "rounds.csv")
    assert not (tmp_path / "rounds.csv").exists()
