"""Layouts become the spaces one would expect, and values survive the way there and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from spacetime_rl.envs.spaces import PolicySpaces
from spacetime_rl.game.spec import ActionField, ImageField, ObservationField, PolicyLayout

MOVE = ActionField("move", "continuous", 2)
TURN = ActionField("turn", "continuous", 1)
GRIP = ActionField("grip", "discrete", 3)
JUMP = ActionField("jump", "discrete", 2)


def _layout(*actions: ActionField, images: tuple[ImageField, ...] = ()) -> PolicyLayout:
    return PolicyLayout((ObservationField("place", 2), ObservationField("age", 1)), images, actions)


@pytest.mark.parametrize(
    ("actions", "space"),
    [
        ((MOVE,), spaces.Box(-1, 1, (2,))),
        ((MOVE, TURN), spaces.Box(-1, 1, (3,))),
        ((GRIP,), spaces.Discrete(3)),
        ((GRIP, JUMP), spaces.MultiDiscrete([3, 2])),
        ((GRIP, MOVE), spaces.Dict({"grip": spaces.Discrete(3), "move": spaces.Box(-1, 1, (2,))})),
    ],
)
def test_actions_become_the_simplest_space(actions: tuple[ActionField, ...], space: spaces.Space[Any]) -> None:
    assert PolicySpaces.of(_layout(*actions)).action == space


@pytest.mark.parametrize("actions", [(MOVE,), (GRIP,), (GRIP, JUMP), (GRIP, MOVE, JUMP)])
def test_actions_are_joined_alike_alone_and_in_a_batch(actions: tuple[ActionField, ...]) -> None:
    policy = PolicySpaces.of(_layout(*actions))
    samples = [policy.action.sample() for _ in range(4)]
    alone = np.stack([policy.join_action(sample) for sample in samples])
    batch = {key: np.stack([s[key] for s in samples]) for key in samples[0]} if len(actions) == 3 else np.stack(samples)
    assert alone.shape == (4, policy.layout.action_size)
    np.testing.assert_array_equal(policy.join_action(batch, (4,)), alone)


def test_mixed_actions_keep_the_order_of_their_fields() -> None:
    action = {"move": np.array([0.5, -0.5], np.float32), "grip": 2}
    np.testing.assert_array_equal(PolicySpaces.of(_layout(GRIP, MOVE)).join_action(action), [2, 0.5, -0.5])


def test_images_come_back_as_bytes() -> None:
    policy = PolicySpaces.of(_layout(MOVE, images=(ImageField("eye", (4, 8, 8)),)))
    pixels = np.arange(256, dtype=np.uint8)
    flat = np.concatenate([np.ones(3, np.float32), pixels * np.float32(1 / 255)])
    parts = policy.split_observation(flat)
    assert policy.observation.contains(parts)
    assert isinstance(parts, dict)
    np.testing.assert_array_equal(parts["eye"].ravel(), pixels)


def test_a_vector_alone_is_a_plain_box() -> None:
    policy = PolicySpaces.of(_layout(MOVE))
    flat = np.ones((5, 3), np.float32)
    observation = policy.split_observation(flat)
    flat[:] = 0  # the buffer it came from is used again
    assert policy.observation == spaces.Box(-np.inf, np.inf, (3,))
    np.testing.assert_array_equal(observation, np.ones((5, 3)))


def test_only_the_presence_of_entities_has_limits() -> None:
    crowd = ObservationField("crowd", 6, "", "entities", ("present", "x", "y"))
    layout = PolicyLayout((ObservationField("place", 1), crowd), (), (ActionField("move", "continuous", 1),))

    observation = PolicySpaces.of(layout).observation

    assert isinstance(observation, spaces.Box)
    inf = np.inf
    assert observation.low.tolist() == [-inf, 0.0, -inf, -inf, 0.0, -inf, -inf]
    assert observation.high.tolist() == [inf, 1.0, inf, inf, 1.0, inf, inf]
