"""Sizes of a rollout, from measured costs and the cores there are."""

from __future__ import annotations

import pytest

from spacetime_rl.sizing.arithmetic import (
    BatchSizes,
    Cost,
    LearnerCost,
    choose_arenas,
    choose_batch,
    choose_runners,
    fit_learner_cost,
    share_cores,
)

LEARNER = LearnerCost(per_gradient_step_s=1.5e-3, per_agent_step_s=3e-6)


def make_costs(game_s: float, runner_s: float = 3e-4) -> list[Cost]:
    """Of 1, 2, 4 … arenas of four agents each."""
    return [Cost(n, 4 * n, game_s=n * game_s, runner_s=runner_s + n * 1e-5) for n in (1, 2, 4, 8, 16, 32)]


def test_every_core_gets_a_runner_with_a_game() -> None:
    assert choose_runners(agents=32, cores=2, batch=8192) == (2, 1)
    assert choose_runners(agents=32, cores=1, batch=8192) == (1, 1)


def test_fewer_runners_than_cores_get_more_games() -> None:
    assert choose_runners(32, cores=8, batch=100_000, runners=4) == (4, 2)
    assert choose_runners(32, cores=64, batch=100_000, runners=4) == (4, 4)
    assert choose_runners(32, cores=2, batch=100_000, runners=0) == (0, 2)
    assert choose_runners(32, cores=2, batch=100_000, runners=5) == (5, 1)


def test_a_small_batch_gets_fewer_of_both() -> None:
    assert choose_runners(32, cores=16, batch=32 * 32 * 4) == (4, 1)
    assert choose_runners(32, cores=16, batch=32 * 32 * 4, games=2) == (2, 2)
    assert choose_runners(32, cores=16, batch=32 * 32 * 4, runners=2) == (2, 2)
    assert choose_runners(32, cores=16, batch=100) == (1, 1)


@pytest.mark.parametrize(("runners", "games"), [(3, None), (None, 4), (0, 1), (5, 7)])
def test_numbers_that_are_given_stay(runners: int | None, games: int | None) -> None:
    chosen = choose_runners(32, 8, 100_000, runners, games)
    assert runners in (None, chosen[0])
    assert games in (None, chosen[1])


def test_the_fewest_arenas_are_taken_that_are_nearly_the_fastest() -> None:
    speeds = {cost.arenas: cost.agent_steps_per_core_s for cost in make_costs(2e-4)}
    chosen = choose_arenas(make_costs(2e-4), batch=100_000)
    assert speeds[chosen // 2] < 0.9 * max(speeds.values()) <= speeds[chosen]


def test_arenas_leave_a_batch_fragments_of_some_length() -> None:
    assert choose_arenas(make_costs(1e-5), batch=32 * 4 * 4) == 4
    assert choose_arenas(make_costs(1e-5), batch=10) == 1


def test_ray_reserves_a_core_for_every_game_where_there_are_so_many() -> None:
    assert share_cores([2], runners=2, games=2) == 0.75
    assert share_cores([64], runners=4, games=2) == 2.0
    assert share_cores([2], runners=0, games=1) == 1.0
    assert 2 * share_cores([1], runners=2, games=1) + 0.5 <= 1


@pytest.mark.parametrize(
    ("sampling_us", "sizes"),
    [
        (1000, BatchSizes(1024, 128, 10)),  # the learner would wait for the game
        (40, BatchSizes(4096, 256, 10)),
        (20, BatchSizes(8192, 512, 6)),
        (5, BatchSizes(8192, 1024, 4)),  # the game would wait for the learner
    ],
)
def test_the_slower_the_game_the_smaller_the_batch_and_the_more_is_learned_from_it(
    sampling_us: float, sizes: BatchSizes
) -> None:
    assert choose_batch(1e-6 * sampling_us, LEARNER, smallest=1024) == sizes


def test_a_batch_leaves_every_game_fragments_of_some_length() -> None:
    assert choose_batch(1.0, LEARNER, smallest=200).batch == 1024
    assert choose_batch(1.0, LEARNER, smallest=4000).batch == 4096
    assert choose_batch(1.0, LEARNER, smallest=1_000_000).batch == 8192


def test_a_minibatch_and_epochs_that_are_given_stay() -> None:
    assert choose_batch(1.0, LEARNER, 1024, minibatch=3000) == BatchSizes(4096, 3000, 10)
    assert choose_batch(1.0, LEARNER, 1024, epochs=2) == BatchSizes(1024, 128, 2)


def test_the_cost_of_learning_is_fitted_through_two_minibatches() -> None:
    epoch_s = {size: LEARNER.per_agent_step_s + LEARNER.per_gradient_step_s / size for size in (128, 512)}
    fitted = fit_learner_cost((128, 512), (epoch_s[128], epoch_s[512]))
    assert fitted.per_gradient_step_s == pytest.approx(LEARNER.per_gradient_step_s)
    assert fitted.per_agent_step_s == pytest.approx(LEARNER.per_agent_step_s)


@pytest.mark.parametrize(
    ("nodes", "runners", "games", "trials", "expected"),
    [
        ((2, 2), 1, 3, 1, 2.0),  # 3.5 are left, but no node has three
        ((2, 2), 4, 1, 1, 0.75),  # two on each, one of them beside the main process
        ((2, 2), 1, 1, 4, 0.5),  # two trials a node
        ((8, 2), 4, 3, 1, 2.0),  # three on the larger one
        ((1,), 1, 1, 4, 0.01),  # there is no room at all
    ],
)
def test_every_runner_finds_its_cores_on_one_node(
    nodes: tuple[float, ...], runners: int, games: int, trials: int, expected: float
) -> None:
    assert share_cores(nodes, runners, games, trials) == expected
