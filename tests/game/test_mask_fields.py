"""Masks in a game's declaration: each belongs to a discrete action, and an impossible one is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spacetime_rl.game.declaration import SpecError
from spacetime_rl.game.masks import masks_of
from spacetime_rl.game.spec import PolicyLayout


def layout(*fields: dict[str, Any]) -> dict[str, Any]:
    actions = [{"name": "go", "kind": "continuous", "size": 2}, {"name": "tool", "kind": "discrete", "size": 3}]
    return {"fields": [{"name": "seen", "size": 2}, *fields], "images": [], "actions": actions}


def test_a_mask_is_found_behind_what_the_sensors_see() -> None:
    found = PolicyLayout.from_dict(layout({"name": "mask/tool", "size": 3, "kind": "mask"}))
    (mask,) = masks_of(found)
    assert (mask.action, mask.choice, mask.columns) == ("tool", 0, slice(2, 5))
    assert mask.allowed(np.array([9.0, 9.0, 0.0, 1.0, 0.0], np.float32)).tolist() == [False, True, False]
    assert PolicyLayout.from_dict(found.to_dict()) == found
    assert masks_of(PolicyLayout.from_dict(layout())) == ()


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"name": "mask/go", "size": 2}, "fields: name of a mask: found \"mask/go\", expected 'mask/tool'"),
        ({"name": "mask/tool", "size": 4}, "field 'mask/tool': size: found 4, expected 3, one for each choice"),
    ],
)
def test_a_mask_that_fits_no_action_is_refused(field: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as refused:
        PolicyLayout.from_dict(layout({**field, "kind": "mask"}))
    assert str(refused.value) == message
