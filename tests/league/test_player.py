"""The names of players."""

from __future__ import annotations

import pytest

from spacetime_rl.errors import UsageError
from spacetime_rl.league.player import Player, parse_player, qualified


@pytest.mark.parametrize(
    "player",
    [
        Player("seeker@120000", "seeker", "snapshot", 120000),
        Player("abc_00000:seeker@120000", "seeker", "snapshot", 120000),
        Player("seeker@latest", "seeker", "latest"),
        Player("random", "hider", "random"),
        Player("scripted", "hider", "scripted"),
        Player("onnx:mine", "hider", "onnx"),
        Player("baseline:tag", "hider", "baseline"),
    ],
    ids=lambda player: player.id,
)
def test_a_player_is_read_from_its_id(player: Player) -> None:
    assert parse_player(player.id, "hider") == player


def test_makers_spell_the_ids() -> None:
    assert Player.snapshot("seeker", 500).id == "seeker@500"
    assert Player.latest("seeker", 700) == Player("seeker@latest", "seeker", "latest", 700)
    assert Player.fixed("onnx:mine", "hider").kind == "onnx"


@pytest.mark.parametrize("text", ["", "seeker", "seeker@", "seeker@soon", "onnx:", "a:b:seeker@1", "latest"])
def test_other_text_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected .*POLICY@AGENT_STEPS"):
        parse_player(text, "seeker")


def test_a_learning_policy_is_no_fixed_opponent() -> None:
    with pytest.raises(UsageError, match="no fixed opponent"):
        Player.fixed("seeker@latest", "seeker")


def test_a_trials_players_have_its_name_for_others_and_fixed_ones_are_the_same_for_all() -> None:
    assert qualified("seeker@500", "abc_1") == "abc_1:seeker@500"
    assert qualified("abc_0:seeker@500", "abc_1") == "abc_0:seeker@500"
    assert qualified("onnx:mine", "abc_1") == "onnx:mine"
    assert Player.snapshot("seeker", 5).of_trial("abc_1") == Player("abc_1:seeker@5", "seeker", "snapshot", 5)
