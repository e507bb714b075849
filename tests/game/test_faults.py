"""Every way a game can break the rules is found at once and told apart; the fake game breaks them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest

from spacetime_rl.errors import (
    ActionError,
    ContractError,
    GameDied,
    GameError,
    HandshakeError,
    LaunchError,
    LaunchTimeout,
    ObservationError,
    ProtocolError,
    StepTimeout,
)
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch

Fake: TypeAlias = Callable[..., GameLaunch]
ACTIONS = [np.zeros((2, 3), np.float32), np.zeros((1, 1), np.float32)]


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("dies_at_start", LaunchError, r"ended before it connected \(exit code 70: script error; SPACETIME-ERROR res:"),
        ("dies_at_handshake", LaunchError, r"ended before it answered the handshake \(exit code 7\)"),
        ("wrong_token", HandshakeError, "wrong token"),
        ("other_wire", HandshakeError, "uses wire 'spacetime/9', this client 'spacetime/1'"),
        (
            "bad_spec",
            HandshakeError,
            r"the game's spec is impossible: spec: found \[\"scenario\"\], expected the key 'groups'",
        ),
        ("garbage_json", HandshakeError, "a message that is not JSON: Expecting value.*near b'not json!'"),
        ("endless_json", HandshakeError, "announces 4000000000 bytes; at most"),
    ],
)
def test_a_bad_start_fails_at_once_with_its_reason(
    fake: Fake, fault: str, error: type[GameError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        open_game(fake(fault))
    if fault != "bad_spec":
        assert f"fake game, fault '{fault}'" in str(caught.value)  # the end of its log


@pytest.mark.parametrize(
    ("fault", "timeout_s", "error", "message"),
    [
        ("never_connects", 1.0, LaunchTimeout, r"did not connect to port \d+ within 1 s \(the process is"),
        # Long enough for it to connect, on a busy machine, too.
        ("silent", 4.0, HandshakeError, "connected but did not answer the handshake within 4 s"),
    ],
)
def test_a_game_that_does_not_come_is_given_up_at_the_deadline(
    fake: Fake, fault: str, timeout_s: float, error: type[GameError], message: str
) -> None:
    began = time.monotonic()
    with pytest.raises(error, match=message):
        open_game(fake(fault, launch_timeout_s=timeout_s))
    assert time.monotonic() - began >= timeout_s


def test_a_game_that_connects_late_but_in_time_is_welcome(fake: Fake) -> None:
    with open_game(fake("connects_late")) as game:
        assert game.spec.num_agents == 3


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("die", GameDied, r"the connection ended at STEP \(exit code 7\)"),
        ("crash", GameDied, r"the connection ended at STEP \(killed by SIGSEGV\)"),
        ("script_error", GameDied, r"exit code 70: script error; SPACETIME-ERROR res://player.gd:12: Invalid call"),
        ("hang_up", GameDied, r"the connection ended at STEP \(the process is running"),
        ("half", GameDied, "the connection ended at STEP"),
        ("error", GameDied, r"the game gave up at STEP: the arena is on fire \(exit code 5"),
        ("short", ProtocolError, "a STATE frame has 56 bytes; at least 60 are expected of 3 agents"),
        ("long", ProtocolError, "a STATE frame has 64 bytes; exactly 60 are expected"),
        ("empty", ProtocolError, "a STATE frame has 0 bytes"),
        ("oversized", ProtocolError, "a frame announces 2000000000 bytes; this game's frames have 1 to"),
        ("random", ProtocolError, "unknown kind"),
        ("unknown_kind", ProtocolError, r"the unknown kind 9 \(known: 1 STATE, 2 OK, 3 ERROR, 4 REPORT"),
        ("trailing", ProtocolError, "is followed by 4 unasked bytes"),
        ("wrong_kind", ProtocolError, "a OK frame instead of STATE"),
        ("bad_flag", ProtocolError, "the flags of agent giver_0 are 9, not a number from 0 to 7"),
        ("nan", ObservationError, r"observation place\[1\] of agent giver_1 is nan"),
        ("inf_reward", ObservationError, "reward of agent giver_0 is inf"),
    ],
)
def test_a_fault_in_a_step_ends_the_game_with_its_reason(
    fake: Fake, fault: str, error: type[GameError], message: str
) -> None:
    game = open_game(fake(fault))
    game.reset(seed=1)
    game.step(ACTIONS)
    with pytest.raises(error, match=message) as caught:
        game.step(ACTIONS)
    assert f"fake game, fault '{fault}'" in str(caught.value)
    assert not _alive(game.pid)
    with pytest.raises(GameDied, match="the game is closed"):
        game.step(ACTIONS)


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_a_game_that_hangs_is_found_at_its_deadline(fake: Fake, fault: str) -> None:
    game = open_game(fake(fault, step_timeout_s=1.0))
    game.reset(seed=1)
    game.step(ACTIONS)
    with pytest.raises(StepTimeout, match="no answer to STEP within 1 s"):
        game.step(ACTIONS)
    assert not _alive(game.pid)


def test_a_frozen_game_is_found_at_its_deadline_and_named_as_such(fake: Fake) -> None:
    game = open_game(fake(step_timeout_s=1.0))
    game.reset(seed=1)
    os.kill(game.pid, signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(StepTimeout, match=r"no answer to STEP within 1 s \(the process is stopped by a signal\)"):
        game.step(ACTIONS)
    assert time.monotonic() - began >= 1.0
    assert not _alive(game.pid)


def test_unknown_parameters_are_refused_at_launch_and_later(fake: Fake) -> None:
    with pytest.raises(ContractError, match="refuses to start: unknown parameter 'bais'; did you mean 'bias'"):
        open_game(fake(params={"bais": 1}))
    with open_game(fake(params={"bias": 1})) as game:
        game.configure({"bias": 2})
        with pytest.raises(ContractError, match="refuses the parameters: unknown parameter 'bais'"):
            game.configure({"bais": 2})


def test_actions_of_the_wrong_shape_are_the_callers_mistake(fake: Fake) -> None:
    with open_game(fake()) as game:
        game.reset(seed=1)
        with pytest.raises(
            ValueError, match=r"the agents: expected an array of numbers of shape \(2, 3\), found \(1, 3\)"
        ):
            game.step([ACTIONS[0][:1], ACTIONS[1]])
        game.step(ACTIONS)


def test_an_action_that_is_no_number_is_the_policys_fault_and_never_sent(fake: Fake) -> None:
    diverged = np.array([[0, 0, 0], [0, np.nan, 0]], np.float32)
    with open_game(fake()) as game:
        game.reset(seed=1)
        with pytest.raises(ActionError, match=r"the action of agent giver_1: 'move' is not finite: \[ 0\. nan"):
            game.step([diverged, ACTIONS[1]])
        game.step(ACTIONS)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
