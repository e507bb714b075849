"""Lists of entities in a game's declaration: what is read is what is written, and other games are as they were."""

from __future__ import annotations

import json

from spacetime_rl.game.spec import ActionField, ObservationField, PolicyLayout

MOVE = ActionField("move", "continuous", 2)
POSE = ObservationField("pose", 4, "m")
OTHERS = ObservationField("others", 6, "offset m", "entities", ("present", "x", "y"))


def test_a_list_of_entities_is_read_as_it_was_written() -> None:
    layout = PolicyLayout((POSE, OTHERS), (), (MOVE,))

    data = layout.to_dict()

    assert data["fields"][1] == {
        "name": "others",
        "size": 6,
        "unit": "offset m",
        "kind": "entities",
        "columns": ("present", "x", "y"),
    }
    assert PolicyLayout.from_dict(json.loads(json.dumps(data))) == layout
    assert layout.entity_lists == {4: OTHERS}


def test_a_field_without_entities_is_declared_as_before() -> None:
    layout = PolicyLayout((POSE,), (), (MOVE,))

    assert layout.to_dict()["fields"] == ({"name": "pose", "size": 4, "unit": "m", "kind": "continuous"},)
    assert layout.entity_lists == {}


def test_each_number_has_a_name() -> None:
    assert [OTHERS.number(index) for index in (0, 2, 4)] == ["others[0].present", "others[0].y", "others[1].x"]
    assert POSE.number(3) == "pose[3]"
    assert (OTHERS.extent, POSE.extent) == ("2 entities of 3", "4")
