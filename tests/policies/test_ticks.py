"""The program that times ticks in a window: the game plays there at its own pace, by the policy that it computes."""

from __future__ import annotations

from pathlib import Path

import pytest
from policies.ticks import export_policy, play
from support import screen
from support.native_project import Runtime


@pytest.mark.slow  # draws in software for several seconds, on both runtimes
@pytest.mark.skipif(bool(screen.missing()), reason=screen.missing())
def test_the_walkers_are_played_in_a_window_by_their_policy(runtime: Runtime, tmp_path: Path) -> None:
    policy = export_policy(tmp_path, hiddens=(8,))
    with screen.open_screen(tmp_path) as shown:
        found = play(runtime, policy, shown.display, 3.0)

    assert found.per_s > 0.0
    assert found.pictures_per_s > 0.0
    assert found.decided > 0
    assert 0.0 < found.median_ms <= found.late_ms <= found.longest_ms
