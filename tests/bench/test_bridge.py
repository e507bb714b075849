import pytest

from spacetime_rl.bench.bridge import measure_bridge
from spacetime_rl.game.launch import GameLaunch


def test_a_measurement_adds_up(godot_bin):
    launch = GameLaunch(scenario="vr_interaction", arenas=2, godot=godot_bin)

    measured = measure_bridge(launch, rounds=2, seconds=0.3)

    decisions_per_s = measured.physics_ticks_per_s / 6
    assert measured.agent_steps_per_s == pytest.approx(8 * decisions_per_s)
    assert 0 < measured.share_game + measured.share_wire <= 1
    assert 0 < measured.step_ms_p50 <= measured.step_ms_p99
