"""A league in training: snapshots, matchmaking, results, checkpoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.fake_runs import make_config, make_ppo
from support.toy_game import FakeGameOpener, make_group, make_layout

from spacetime_rl.config.league import LeagueConfig
from spacetime_rl.league.lineage import Lineage, read_lineage
from spacetime_rl.league.payoff import PayoffTable
from spacetime_rl.learning.algorithm import NETWORKS
from spacetime_rl.learning.league import League
from spacetime_rl.rollout.matches import MatchResult
from spacetime_rl.rollout.opponents import Opponent
from spacetime_rl.rollout.sides import MatchPlan, Side
from spacetime_rl.runs.layout import payoff_file

CHASE = (make_group("chaser", 1, make_layout()), make_group("runner", 2, make_layout(4)))
SIDES = (
    Side("chaser", "chaser", np.array([[0]]), True),
    Side("runner", "runner", np.array([[1, 2]]), True),
)
BOTH = (("chaser", "chaser@latest"), ("runner", "runner@latest"))


def make_league(folder: Path, plan: MatchPlan | None = None, **settings: Any) -> League:
    return League(LeagueConfig.model_validate(settings), plan or MatchPlan(SIDES, "won"), folder, seed=1)


def save(policy: str, file: Path) -> dict[str, Any]:
    file.write_bytes(policy.encode())
    return {"weights": policy}


def load(policy: str, file: Path) -> dict[str, Any]:
    assert file.read_bytes() == policy.encode()
    return {"weights": policy}


def grown(league: League, steps: range) -> League:
    """The league after a snapshot and an iteration with two matches at each of these agent steps."""
    for iteration, step in enumerate(steps, start=1):
        if league.needs_snapshot(step):
            league.add_snapshot(step, save)
        lost = (("chaser", "chaser@latest"), ("runner", "runner@0"))
        league.note([MatchResult(BOTH, (0, 1)), MatchResult(lost, (1, 0))])
        league.end_iteration(iteration, step)
    return league


def test_before_the_first_snapshot_only_the_latest_policies_play(tmp_path: Path) -> None:
    opponents = make_league(tmp_path).opponents
    assert opponents.draws["runner"].players == ("runner@latest",)
    assert (opponents.players, opponents.learners, opponents.all_learn) == ((), ("chaser", "runner"), True)


def test_snapshots_are_taken_every_save_steps_and_drawn_from_a_window(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "save_steps": 100,
        "window": 2,
        "play_against_latest_model_ratio": 0.5,
        "matchmaking": "uniform",
    }
    league = grown(make_league(tmp_path / "trial", **settings), range(0, 400, 50))
    draw = league.opponents.draws["runner"]
    assert dict(zip(draw.players, draw.chances, strict=True)) == {
        "runner@latest": 0.5,
        "runner@200": 0.25,
        "runner@300": 0.25,
    }
    assert {player.id for player in league.opponents.players} == {
        f"{policy}@{step}" for policy in ("chaser", "runner") for step in (200, 300)
    }
    files = {file.name for file in (tmp_path / "trial" / "league").iterdir()}
    assert files == {f"{p}@{step}.npz" for p in ("chaser", "runner") for step in (0, 100, 200, 300)} | {"payoff.jsonl"}


def test_the_share_of_agents_that_learn_follows_from_sides_and_chances(tmp_path: Path) -> None:
    assert make_league(tmp_path).learning_share == 1.0
    ratio: dict[str, Any] = {"play_against_latest_model_ratio": 0.25}
    league = grown(make_league(tmp_path / "two", **ratio), range(1))
    # One of 1 and 2 agents learns for certain, the others in a quarter of the matches.
    assert league.learning_share == pytest.approx(((1 + 2 * 0.25) + (2 + 1 * 0.25)) / 2 / 3)
    alone = grown(make_league(tmp_path / "one", team_change=100, **ratio), range(1))
    assert alone.learning_share == pytest.approx(1 / 3)


def test_a_team_change_lets_one_side_learn_at_a_time(tmp_path: Path) -> None:
    league = grown(make_league(tmp_path, team_change=100), range(0, 400, 50))
    seen = []
    for steps in (350, 400, 450, 500):
        league.end_iteration(99 + steps, steps)
        seen.append((league.opponents.learners, league.opponents.all_learn))
    assert seen == [(("runner",), False), (("chaser",), False), (("chaser",), False), (("runner",), False)]


def test_swap_steps_keep_one_opponent_for_a_while(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "save_steps": 10,
        "swap_steps": 100,
        "play_against_latest_model_ratio": 0.0,
        "matchmaking": "uniform",
    }
    league = grown(make_league(tmp_path, **settings), range(0, 100, 10))
    met = []
    for index, steps in enumerate(range(100, 1100, 50)):
        league.end_iteration(100 + index, steps)
        (player,) = league.opponents.draws["runner"].players
        met.append(player)
    assert met[0::2] == met[1::2]
    assert len(set(met)) > 2


def test_fixed_opponents_have_their_share(tmp_path: Path) -> None:
    plan = MatchPlan(SIDES, "won", (Opponent("random", "runner", "random"), Opponent("random", "chaser", "random")))
    league = make_league(tmp_path, plan, fixed={"random": 0.2})
    draw = league.opponents.draws["chaser"]
    assert dict(zip(draw.players, draw.chances, strict=True)) == pytest.approx({"chaser@latest": 0.8, "random": 0.2})


def test_beyond_the_limit_the_snapshot_nearest_to_its_neighbours_goes(tmp_path: Path) -> None:
    league = make_league(tmp_path, save_steps=1, window=2, max_snapshots=4)
    for steps in (0, 100, 110, 200, 300, 400):
        league.add_snapshot(steps, save)
    assert sorted(file.name for file in (tmp_path / "league").glob("runner*")) == [
        f"runner@{steps}.npz" for steps in (0, 200, 300, 400)
    ]


def test_a_win_rate_counts_matches_of_the_latest_policy_against_others_only(tmp_path: Path) -> None:
    league = grown(make_league(tmp_path), range(0, 100, 50))
    # The runners that won were a snapshot, and the latest runners met the latest chasers alone.
    assert league.metrics() == {"league/snapshots": 1, "league/chaser/win_rate": 0.0}


def test_a_trial_has_another_name_each_time_it_goes_on_from_another_one_s_copy(tmp_path: Path) -> None:
    leagues = {name: grown(make_league(tmp_path / name, save_steps=100), range(0, 300, 50)) for name in ("a", "b")}
    for source, name in (("b", "a"), ("a", "b"), ("b", "a")):
        leagues[source].save_table(tmp_path / "table")
        saved = json.loads(json.dumps(leagues[source].to_dict()))
        leagues[name] = make_league(tmp_path / name, save_steps=100)
        leagues[name].resume(saved, tmp_path / "table", 250, load)

    assert read_lineage(tmp_path / "a") == Lineage("a", 3, (("b", 250), ("a-2", 250), ("b-2", 250)))
    assert read_lineage(tmp_path / "b") == Lineage("b", 2, (("b", 250), ("a-2", 250)))

    own = json.loads(json.dumps(leagues["a"].to_dict()))
    again = make_league(tmp_path / "a", save_steps=100)
    again.resume(own, tmp_path / "table", 300, load)
    assert read_lineage(tmp_path / "a").owner == "a-3"  # it went on from its own


def test_a_resumed_league_is_the_one_that_was_saved(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"save_steps": 100, "swap_steps": 70}
    league = grown(make_league(tmp_path / "trial", **settings), range(0, 300, 50))
    league.save_table(tmp_path / "table")
    expected = league.opponents
    saved = league.to_dict()
    table = payoff_file(tmp_path / "trial").read_bytes()
    for iteration, steps in enumerate(range(300, 600, 50), start=7):
        if league.needs_snapshot(steps):
            league.add_snapshot(steps, save)
        league.note([MatchResult(BOTH, (1, 0))])
        league.end_iteration(iteration, steps)
    assert payoff_file(tmp_path / "trial").read_bytes().startswith(table)

    for folder in ("trial", "another"):
        again = make_league(tmp_path / folder, **settings)
        again.resume(json.loads(json.dumps(saved)), tmp_path / "table", 250, load)
        assert payoff_file(tmp_path / folder).read_bytes() == table
        copied = {"trial": folder, "lives": 2, "before": [["trial", 250]]}
        assert again.to_dict() == {**saved, "trial": folder, **({} if folder == "trial" else {"lineage": copied})}
        assert again.opponents == expected
        assert sorted(file.name for file in (tmp_path / folder / "league").glob("runner*")) == [
            f"runner@{steps}.npz" for steps in (0, 100, 200)
        ]


def test_only_where_trials_meet_an_algorithm_knows_what_its_networks_are_built_from() -> None:
    opener = FakeGameOpener(CHASE)
    alone, meeting = (
        make_ppo(opener, make_config(league={"result": "success", "across_trials": share})).env_config
        for share in (0.0, 0.1)
    )
    assert NETWORKS not in alone
    assert {
        policy: (plan.algorithm, plan.model.hiddens) for policy, plan in meeting[NETWORKS].items()
    } == dict.fromkeys(("chaser", "runner"), ("PPO", (16,)))


@pytest.mark.usefixtures("ray_cluster")
def test_a_training_saves_snapshots_plays_against_them_and_resumes(tmp_path: Path) -> None:
    def build(**changes: Any) -> Any:
        config = make_config(
            training={"train_batch_size": 300, "minibatch_size": 100},
            rollout={"runners": 1},
            league={"save_steps": 400, "result": "success"},
        )
        return make_ppo(FakeGameOpener(CHASE, arenas=4, lengths=(5,)), config, **changes).build_algo()

    algorithm = build()
    results = [algorithm.train() for _ in range(5)]
    folder = Path(algorithm.logdir)
    algorithm.save_checkpoint(str(tmp_path))
    table = payoff_file(folder).read_bytes()
    results += [algorithm.train() for _ in range(3)]
    assert payoff_file(folder).read_bytes().startswith(table)
    algorithm.stop()
    assert [result["league/snapshots"] for result in results][0::7] == [1, results[-1]["agent_steps"] // 400 + 1]
    assert 0 <= results[-1]["league/chaser/win_rate"] <= 1
    rows = PayoffTable(payoff_file(folder)).results
    assert {result.iteration for result in rows} == set(range(1, 9))
    assert any(player == "runner@0" for result in rows for _, player in result.sides)
    for result in results[1:]:  # the fragments are long enough for a whole batch to learn from
        assert result["agent_steps"] - results[0]["agent_steps"] >= 300 * (result["training_iteration"] - 1)

    again = build()
    again.load_checkpoint(str(tmp_path))
    assert payoff_file(Path(again.logdir)).read_bytes() == table
    again.train()
    again.stop()
