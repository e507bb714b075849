"""Who meets whom among trained and held-out players, and the table of what came of it."""

from __future__ import annotations

from league.held_out import Field, rows

from spacetime_rl.evaluation.entrants import Entrant
from spacetime_rl.evaluation.sources import RandomSource
from spacetime_rl.league.payoff import Ranks
from spacetime_rl.league.player import RANDOM, SCRIPTED

ROLES = ("hider", "seeker")
WON: Ranks = (0, 1)  # of the hider and the seeker
LOST: Ranks = (1, 0)


def players(policy: str, *names: str) -> list[Entrant]:
    return [Entrant(name, policy, RandomSource()) for name in names]


FIELD = Field(
    {
        "own": {"hider": players("hider", "a:hider@9"), "seeker": players("seeker", "a:seeker@9")},
        "league": {"hider": players("hider", "b:hider@9"), "seeker": players("seeker", "b:seeker@9")},
    },
    {"hider": players("hider", RANDOM, SCRIPTED), "seeker": players("seeker", RANDOM, SCRIPTED)},
)


def test_the_trained_meet_those_that_nobody_met_and_the_other_kind_but_not_their_own() -> None:
    met = [(hider.player, seeker.player) for hider, seeker in FIELD.matches(ROLES)]

    assert len(met) == len(set(met)) == 2 * 4 + 2
    assert ("a:hider@9", "b:seeker@9") in met
    assert not any(hider[:2] == seeker[:2] in ("a:", "b:") for hider, seeker in met)
    assert (RANDOM, RANDOM) not in met


def test_the_table_has_scores_for_every_role_and_kind() -> None:
    results = {(hider.player, seeker.player): [WON, LOST] for hider, seeker in FIELD.matches(ROLES)}
    results["a:hider@9", RANDOM] = [WON, WON]
    results["a:hider@9", "b:seeker@9"] = [LOST, LOST]

    table = {(role, kind): rest for role, kind, *rest in rows(FIELD, ROLES, results)}

    assert list(table) == [(role, kind) for role in ROLES for kind in ("own", "league")]
    each_seed, _, against_league, rating = table["hider", "own"]
    assert each_seed == "75.0%"
    assert against_league.startswith("0.0%")
    assert table["seeker", "league"][2].startswith("100.0%")
    assert table["seeker", "own"][0] == "50.0%"
    assert " to " in rating
