"""A round robin: who meets whom, what is kept of it, and that it goes on where it was stopped."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.toy_game import FakeGameOpener, make_group, make_layout

from spacetime_rl.config import RunConfig, change
from spacetime_rl.config.league import LeagueConfig
from spacetime_rl.contract import assign_policies
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.entrants import Entrant, find_entrants
from spacetime_rl.evaluation.match_source import MatchSource
from spacetime_rl.evaluation.report import AgentResult
from spacetime_rl.evaluation.round_robin import MatchSide, Rules, pairings, play_round_robin
from spacetime_rl.evaluation.sources import HeuristicSource, RandomSource
from spacetime_rl.export.weights import save_weights
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.league.lineage import Lineage, write_lineage
from spacetime_rl.league.payoff import PayoffTable
from spacetime_rl.league.report import report_on
from spacetime_rl.modules.spec import make_module_spec
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.runs.layout import snapshot_file, trial_folder

CHASE = FakeGameOpener((make_group("chaser", 1, make_layout()), make_group("runner", 2, make_layout(4))), arenas=3)
FEW = ("evaluation.games=1", "league.result=return")


def make_run(config: RunConfig, results: Path, spec: GameSpec, *steps: int) -> RunFolder:
    """A run with untrained snapshots of all its policies at these agent steps."""
    config = change(config.model_copy(update={"results": results, "league": LeagueConfig()}), ["model.hiddens=[8]"])
    folder = RunFolder.create(config, "one")
    folder.write_config(config, spec)
    folder.keep()
    folder.release()
    trial = folder.paths.tune / trial_folder("abc_00000")
    for plan in assign_policies(spec, config):
        for taken in steps:
            file = snapshot_file(trial, plan.name, taken)
            file.parent.mkdir(parents=True, exist_ok=True)
            save_weights(make_module_spec(plan.layout, config.policy_model(plan.name), config.algorithm).build(), file)
    return folder


@pytest.fixture
def chase(config: RunConfig, tmp_path: Path) -> RunFolder:
    return make_run(config, tmp_path / "results", CHASE.spec, 0, 500, 1000)


def entrants(policy: str, *players: str) -> list[Entrant]:
    return [Entrant(name, policy, HeuristicSource() if name == "scripted" else RandomSource()) for name in players]


def test_everybody_meets_everybody_and_the_table_has_all_of_it(chase: RunFolder) -> None:
    lines: list[str] = []

    played = play_round_robin(chase.path, 2, FEW, episodes=6, open_game=CHASE, say=lines.append)

    results = PayoffTable(chase.paths.round_robin).results
    players = {policy: {"random", "scripted", f"{policy}@0", f"{policy}@1000"} for policy in ("chaser", "runner")}
    assert {result.sides for result in results} == {
        (("chaser", chaser), ("runner", runner)) for chaser in players["chaser"] for runner in players["runner"]
    }
    assert played == len(lines) == len(results) == 16
    assert {result.episodes for result in results} == {6}
    assert "chaser=chaser@0 against runner=scripted" in " ".join(lines)
    found = {one.player: one.rating for one in report_on([chase.path]).standings.players}
    assert found["runner@1000"].rating is not None


def test_a_stopped_round_robin_goes_on_and_is_the_same_bit_for_bit(chase: RunFolder) -> None:
    play_round_robin(chase.path, 1, FEW, episodes=3, open_game=CHASE)
    file = chase.paths.round_robin
    whole = file.read_bytes()
    assert play_round_robin(chase.path, 1, FEW, episodes=3, open_game=CHASE) == 0

    file.write_bytes(whole[: whole.rfind(b"\n", 0, len(whole) // 2) + 20])  # in the middle of a line
    played = play_round_robin(chase.path, 1, FEW, episodes=3, open_game=CHASE)

    assert 0 < played < 9
    assert file.read_bytes() == whole


def test_another_seed_adds_other_episodes_and_an_earlier_one_is_refused(chase: RunFolder) -> None:
    for seed in (7, 8):
        assert play_round_robin(chase.path, 1, [*FEW, f"evaluation.seed={seed}"], episodes=2, open_game=CHASE) == 9
    assert {result.iteration for result in PayoffTable(chase.paths.round_robin).results} == {7, 8}

    with pytest.raises(UsageError, match="went on to seed 8"):
        play_round_robin(chase.path, 1, [*FEW, "evaluation.seed=7"], episodes=2, open_game=CHASE)


def test_a_trial_s_copies_of_another_one_s_snapshots_do_not_enter_twice(chase: RunFolder, tmp_path: Path) -> None:
    first, second = (chase.paths.tune / trial_folder(trial) for trial in ("abc_00000", "abc_00001"))
    shutil.copytree(first, second)
    snapshot_file(second, "runner", 1000).rename(snapshot_file(second, "runner", 1500))
    write_lineage(second, Lineage("abc_00000").copied("abc_00001", 2, 500))
    layouts = {plan.name: plan.layout for plan in assign_policies(CHASE.spec, chase.config()) if plan.name == "runner"}

    found = find_entrants(chase.path, chase.config(), CHASE.spec, layouts, 1, tmp_path)

    assert [one.player for one in found["runner"]] == [
        "random", "scripted", "abc_00000:runner@1000", "abc_00001-2:runner@1500"
    ]  # fmt: skip


def test_a_run_without_snapshots_and_checkpoints_has_nobody_to_play(config: RunConfig, tmp_path: Path) -> None:
    folder = make_run(config, tmp_path, CHASE.spec)
    (folder.paths.tune / trial_folder("abc_00000")).mkdir(parents=True)

    with pytest.raises(UsageError, match="neither snapshots of a league nor checkpoints"):
        play_round_robin(folder.path, 2, FEW, open_game=CHASE)


def test_a_match_is_decided_by_the_means_of_the_sides() -> None:
    rules = Rules((MatchSide("red", frozenset({"a", "b"})), MatchSide("blue", frozenset({"c"}))), "won")

    def ended(episode: int, **results: float) -> list[AgentResult]:
        return [AgentResult(episode, name, "any", {"won": value}) for name, value in results.items()]

    unfinished = [AgentResult(3, name, "any", {}) for name in "abc"]
    found = list(
        rules.ranks([*ended(0, a=1, b=0, c=0.2), *ended(1, a=0, b=0, c=1), *ended(2, a=1, b=1, c=1), *unfinished])
    )

    assert found == [(0, 1), (1, 0), (0, 0)]


def test_two_sides_of_one_policy_meet_once_and_take_turns_with_their_sides() -> None:
    rules = Rules((MatchSide("runner", frozenset({"a"})), MatchSide("runner", frozenset({"b"}))), "won")

    found = pairings(rules, {"runner": entrants("runner", "random", "scripted", "runner@1", "runner@2", "runner@3")})

    names = [tuple(one.player for one in players) for players in found]
    assert {frozenset(pair) for pair in names} == {
        *map(frozenset, [("random", "runner@1"), ("random", "runner@2"), ("random", "runner@3")]),
        *map(frozenset, [("runner@1", "runner@2"), ("runner@1", "runner@3"), ("runner@2", "runner@3")]),
    }
    assert len(names) == 6
    assert {pair == tuple(sorted(pair)) for pair in names} == {True, False}


def test_of_many_sides_a_sample_meets() -> None:
    sides = tuple(MatchSide("runner", frozenset({name})) for name in "abcdef")

    found = pairings(Rules(sides, "won"), {"runner": entrants("runner", "random", "runner@1", "runner@2")})

    assert 1 < len(found) <= 9


def test_sides_of_one_policy_act_through_their_own_players() -> None:
    """A random player decides for an agent as it does alone, whoever plays the other side."""
    spec = replace(FakeGameOpener((make_group("runner", 2, make_layout()),), arenas=3).spec)
    plans = assign_policies(spec, RunConfig.model_validate({"scenario": {"name": "fake"}}))
    both, one = (
        MatchSource(
            [
                (frozenset({"runner_0"}), "runner", RandomSource()),
                (frozenset({"runner_1"}), "runner", RandomSource() if random else HeuristicSource()),
            ],
            "match",
        )
        for random in (True, False)
    )
    rows, episodes = np.arange(6), np.full(6, 4)
    actions = []
    for source in (RandomSource(), both, one):
        (actor,) = source.make_actors(spec, plans, 1, False)
        actor.begin(rows, episodes)
        actions.append(actor.act(np.zeros((6, 3), np.float32)))

    assert np.array_equal(actions[1], actions[0])
    first = np.array([agent % 2 == 0 for agent in rows])  # of every arena
    assert np.array_equal(actions[2][first], actions[0][first])
    assert not actions[2][~first].any()


def test_scripts_play_a_policy_if_all_its_sides_are_scripted() -> None:
    scripted, random = HeuristicSource(), RandomSource()
    mixed = MatchSource([(frozenset("a"), "red", scripted), (frozenset("b"), "blue", random)], "match")
    all_scripted = MatchSource([(frozenset("a"), "red", scripted), (frozenset("b"), "blue", scripted)], "match")

    assert (mixed.control, mixed.scripted) == ("policy", ("red",))
    assert (all_scripted.control, all_scripted.scripted) == ("heuristic", ())


@pytest.mark.slow
def test_the_scripts_of_a_real_game_beat_the_random_policy(godot_bin: Path, config: RunConfig, tmp_path: Path) -> None:
    """Nine pairings start a game each."""
    with open_game(GameLaunch(project=config.game.project, scene=config.game.scene)) as game:
        folder = make_run(config, tmp_path / "results", game.spec, 0)

    played = play_round_robin(folder.path, 1, ["evaluation.games=1"], episodes=8)

    assert played == 9
    ratings = {one.player: one.rating.rating or 0.0 for one in report_on([folder.path]).standings.players}
    assert ratings["walker=scripted"] > 0.0
