"""What every implementation of `api.Game` has to do: the real engine, both wires, the benchmark's, the tests' own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from support.game_contract import check, draw
from support.toy_game import FakeGameOpener, make_group, make_layout
from support.toy_game import make_launch as toy_launch

from spacetime_rl.bench.null_game import NullGameOpener
from spacetime_rl.errors import ActionError, UsageError
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch

SUPPORT = Path(__file__).parents[1] / "support"
DECISIONS = 40
Open = Callable[[], Game]

TOY = FakeGameOpener((make_group("walker", 2, make_layout(choices=3)), make_group("seer", 1, make_layout())), 2, (5, 3))


def open_real(touch: Callable[..., GameLaunch]) -> Game:
    return open_game(touch(arenas=2))


GAMES: dict[str, Callable[[Callable[..., GameLaunch]], Game]] = {
    "engine": open_real,
    "our wire": lambda _: open_game(GameLaunch(env_path=SUPPORT / "fake_game.py", arenas=2)),
    "stock wire": lambda _: open_game(GameLaunch(env_path=SUPPORT / "fake_stock_game.py")),
    "benchmark": lambda _: NullGameOpener(6)(toy_launch()),
    "tests": lambda _: TOY(toy_launch()),
}
# Their actions change nothing, and are not looked at: what is measured with them is everything else.
BLIND = {"benchmark"}


@pytest.fixture(params=GAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def game(name: str, touch: Callable[..., GameLaunch]) -> Iterator[Game]:
    with ExitStack() as stack:
        yield stack.enter_context(GAMES[name](touch))


def test_results_have_the_shapes_that_the_game_declares(game: Game) -> None:
    check(game, game.reset(seed=1))
    actions = draw(game)
    for _ in range(DECISIONS):
        check(game, game.step(next(actions)))


def test_an_agent_that_waits_sees_and_earns_nothing(game: Game) -> None:
    before = game.reset(seed=1).active.copy()
    actions = draw(game)
    for _ in range(DECISIONS):
        result = game.step(next(actions))
        assert not result.rewards[~before].any()
        for group, seen in enumerate(result.observations):
            assert not seen[~result.active[game.spec.group_slice(group)]].any()
        before = result.active.copy()


def test_every_agent_comes_to_the_end_of_an_episode_and_begins_another(game: Game) -> None:
    game.reset(seed=1)
    actions = draw(game)
    ends = np.zeros(game.spec.num_agents, int)
    for _ in range(1000):
        result = game.step(next(actions))
        for end in result.ended:
            ends[end.agent] += 1
        if (ends >= 2).all():
            return
    raise AssertionError(f"ends after 1000 decisions, agent by agent: {ends.tolist()}")


def test_a_request_may_be_made_in_two_halves(game: Game) -> None:
    game.reset(seed=1)
    actions = draw(game)
    game.send(next(actions))
    check(game, game.receive())
    check(game, game.step(next(actions)))


def test_the_same_seed_and_actions_give_the_same_results(name: str, touch: Callable[..., GameLaunch]) -> None:
    played = [play(GAMES[name](touch)) for _ in range(2)]
    assert played[0] == played[1]


def play(game: Game) -> list[bytes]:
    with game:
        actions = draw(game, seed=5)
        results = [game.reset(seed=3)]
        found = [b"".join(seen.tobytes() for seen in results[-1].observations)]
        for _ in range(20):
            result = game.step(next(actions))
            found.append(b"".join([*(seen.tobytes() for seen in result.observations), result.rewards.tobytes()]))
        return found


def test_what_is_no_action_is_refused_and_the_game_goes_on(name: str, game: Game) -> None:
    if name in BLIND:
        return  # see BLIND
    with pytest.raises(UsageError, match="before reset"):
        game.step(next(draw(game)))
    game.reset(seed=1)
    wrong = next(draw(game))
    wrong[0] = np.full_like(wrong[0], np.nan)
    for actions in (wrong, wrong[1:], [array[:, :0] for array in wrong]):
        with pytest.raises(ActionError):
            game.step(actions)
    check(game, game.step(next(draw(game))))


def test_time_is_counted_and_closing_may_be_repeated(game: Game) -> None:
    game.reset(seed=1)
    before = game.timing.steps
    actions = draw(game)
    for _ in range(3):
        game.step(next(actions))
    assert game.timing.steps in (before + 3, 0)  # the benchmark's takes none
    game.close()
    game.close()
