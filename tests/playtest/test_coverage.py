"""What players reached of a map, from build to build."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spacetime_rl.errors import UsageError
from spacetime_rl.game.trace import Shape, Trace, write_surroundings
from spacetime_rl.pictures.coverage import draw_coverage
from spacetime_rl.playtest.coverage import Coverage, cells_of, resized, width_of


def make_trace(width: float = 10.0) -> Trace:
    corners = np.array([[0, 0], [width, 0], [width, 5], [0, 5]], np.float32)
    pillar = Shape("Pillar", 0.0, 2.0, np.array([[4, 2]], np.float32), radius=0.5)
    return Trace(0, (), (Shape("Floor", -0.1, 0.0, corners), pillar), {}, 60)


AROUND = write_surroundings(make_trace())


def test_what_is_reachable_is_what_any_player_reached_in_any_build(tmp_path: Path) -> None:
    first = Coverage.read(tmp_path)
    assert first.width("", 1.0) == 1.0
    first.add("", "old", AROUND, {"random": ["0,0", "1,0"], "heuristic": ["5,2"]})
    first.save(tmp_path)

    again = Coverage.read(tmp_path)
    assert again.width("", 2.0) == 1.0  # the width stays, so that cells are the same places
    again.add("", "new", AROUND, {"random": ["0,0", "2,0"]})
    again.add("", "old", None, {"random": ["7,1"]})  # a playtest that went on, and played nothing more
    again.width("cellar", 0.5)
    again.add("cellar", "new", None, {"random": ["1,1"]})  # of no episode that ended well
    again.save(tmp_path)

    found = Coverage.read(tmp_path)
    assert found.scenes[""].reachable == {"0,0", "1,0", "2,0", "5,2", "7,1"}
    assert found.scenes[""].builds["new"].cells == {"0,0", "2,0"}
    assert list(found.scenes[""].builds) == ["old", "new"]
    assert (found.scenes["cellar"].width, found.scenes["cellar"].builds) == (0.5, {})


def test_cells_have_a_round_width_and_begin_at_the_origin() -> None:
    assert [width_of(make_trace(width)) for width in (10.0, 10.1, 33.0, 60.0)] == [1.0, 2.0, 5.0, 10.0]
    assert width_of(Trace(0, (), (), {}, 60)) == 1.0
    places = np.array([[0.0, 9.0, 0.0], [0.9, 0.0, -0.1], [2.0, 0.0, 3.9]], np.float32)
    assert cells_of(places, 1.0) == {"0,0", "0,-1", "2,3"}
    assert cells_of(places, 2.0) == {"0,0", "0,-1", "1,1"}
    assert resized({"0,0", "0,-1", "2,3"}, 1.0, 2.0) == {"0,0", "0,-1", "1,1"}
    assert resized(set(), 1.0, 2.0) == set()


def test_each_scene_gets_a_map_with_the_newest_builds(tmp_path: Path) -> None:
    coverage = Coverage()
    for name in ("hall", "cellar"):
        coverage.width(name, 1.0)
    for number in range(5):
        coverage.add("hall", f"build{number}", AROUND, {"random": [f"{number},0", "500,-500"]})
    coverage.add("cellar", "build0", AROUND, {"random": ["1,1"]})
    assert [file.name for file in draw_coverage(coverage, "build4", tmp_path)] == ["coverage-hall.png"]
    assert (tmp_path / "coverage-hall.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"format": 9}',
        '{"format": 1, "scenes": {"": {"width": 1, "builds": {"b": {}}}}}',
        '{"format": 1, "scenes": {"": {"width": 1, "builds": {"b": {"around": {"outline": [], "landmarks": {}}, '
        '"players": {"random": ["<b>"]}}}}}}',
    ],
)
def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "coverage.json").write_text(text)
    with pytest.raises(UsageError, match=r"coverage\.json: damaged, or of a later version.*delete it to count anew"):
        Coverage.read(tmp_path)
