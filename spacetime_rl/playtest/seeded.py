"""The catalogue of seeded bugs: faults that are planted in the shipped scenarios on purpose.

Each is one GDScript file, `scenarios/<scenario>/bugs/<name>.gd`, planted by the scenario's parameter `bug`, or a
parameter of the scenario. They show what a playtest finds: `spacetime_rl.playtest.benchmark` looks for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SeededBug:
    """A bug of a scenario, and the oracle that has to find it."""

    scenario: str
    name: str
    oracle: str
    what: str  # is wrong
    steps: str  # that a person would take to see it
    params: Mapping[str, Any] = field(default_factory=dict)  # of the scenario, beside the bug
    is_switch: bool = False  # a parameter of the bug's own name plants it, and not the parameter `bug`

    @property
    def id(self) -> str:
        """Its name among all: `vr_ui/dead_save`."""
        return f"{self.scenario}/{self.name}"

    def setting(self, planted: bool) -> str:
        """The override that plants it, or that makes sure that it is not planted."""
        if self.is_switch:
            return f"scenario.params.{self.name}={str(planted).lower()}"
        return f"scenario.params.bug={self.name if planted else 'none'}"


CATALOGUE: tuple[SeededBug, ...] = (
    SeededBug(
        "vr_navigation",
        "sticky_obstacle",
        "stuck",
        "Who touches an obstacle cannot get away from it.",
        "Walk against a crate, then try to walk back.",
    ),
    SeededBug(
        "vr_navigation",
        "goal_moves_away",
        "never_reached",
        "The goal keeps 1.2 m away from the player.",
        "Walk to the green goal.",
    ),
    SeededBug(
        "vr_navigation",
        "speed_is_not_a_number",
        "not_finite",
        "After five metres, a speed is divided by zero in a turn.",
        "Walk 5 m straight on, then turn.",
    ),
    SeededBug(
        "vr_navigation",
        "sound_of_the_goal",
        "script_error",
        "The sound of the goal was never loaded.",
        "Walk to within 3 m of the goal.",
    ),
    SeededBug(
        "vr_navigation",
        "run_through_obstacles",
        "tunnelled",
        "Who pushes against an obstacle for half a second runs through it.",
        "Walk against a wall and keep on.",
    ),
    SeededBug(
        "vr_locomotion",
        "teleport_into_obstacle",
        "inside_body",
        "A teleport ends in the nearest obstacle.",
        "Teleport once.",
    ),
    SeededBug(
        "vr_locomotion",
        "warning_of_snap_turns",
        "warning",
        "The fifth snap turn warns of a missing animation.",
        "Snap five times.",
    ),
    SeededBug(
        "vr_locomotion",
        "waypoint_without_trigger",
        "no_progress",
        "The third waypoint does not notice anybody.",
        "Walk to three waypoints.",
    ),
    SeededBug(
        "vr_locomotion",
        "dice_without_seed",
        "not_repeatable",
        "Gusts come from a generator without a seed.",
        "Play the same episode twice.",
    ),
    SeededBug(
        "vr_interaction",
        "object_spins_without_end",
        "not_finite",
        "What is taken from its pedestal turns at a speed that is no number.",
        "Take the object.",
    ),
    SeededBug(
        "vr_interaction",
        "object_shakes",
        "jitter",
        "What lies on a pedestal is placed by two scripts in turn.",
        "Look at an object on its pedestal.",
    ),
    SeededBug(
        "vr_interaction",
        "crash_when_two_meet",
        "crash",
        "The game crashes when two players stand next to each other.",
        "Walk up to another player.",
    ),
    SeededBug(
        "vr_interaction",
        "object_falls_through",
        "tunnelled",
        "What lies on a pedestal sinks through it when its giver comes near.",
        "Walk up to a pedestal.",
    ),
    SeededBug(
        "vr_ui",
        "dead_save",
        "dead_element",
        "The button that saves lost its connection.",
        "Press Save.",
    ),
    SeededBug(
        "vr_ui",
        "glass_over_menu",
        "dead_element",
        "A pane that nobody can see lies over the right half of the menu.",
        "Press a button on the right.",
    ),
    SeededBug(
        "vr_ui",
        "slider_out_of_range",
        "script_error",
        "A slider at more than 90 % reads past the end of a table.",
        "Drag a slider to its right end.",
    ),
    SeededBug(
        "vr_ui",
        "endless_menu",
        "hang",
        "Leaving a submenu waits for ever.",
        "Open a submenu, and press Back.",
    ),
    SeededBug(
        "spacecraft_landing",
        "ground_without_collision",
        "left_world",
        "Who comes down faster than 8 m/s falls through the ground.",
        "Let the craft fall.",
    ),
    SeededBug(
        "spacecraft_landing",
        "tank_divides_by_zero",
        "not_finite",
        "Below nine tenths of its fuel a craft that rolls has a speed that is no number.",
        "Burn a tenth of the fuel, then roll.",
    ),
    SeededBug(
        "spacecraft_landing",
        "engine_complains_of_roll",
        "script_error",
        "A craft that has turned over takes a node from a parent that it does not have.",
        "Turn the craft over.",
    ),
    SeededBug(
        "spacecraft_fleet",
        "quits_when_near",
        "exit",
        "The game quits when two craft come nearer than 40 m.",
        "Fly to another craft.",
    ),
    SeededBug(
        "spacecraft_fleet",
        "pad_waits_for_itself",
        "hang",
        "The game waits for ever when a craft is within 30 m of the ground.",
        "Come down.",
    ),
    SeededBug(
        "crew_pickup",
        "walker_sticks_to_boulder",
        "stuck",
        "The walker cannot go on once it has walked 3 m.",
        "Land, step out, walk 3 m.",
    ),
    SeededBug(
        "crew_pickup",
        "hatch_stays_shut",
        "never_reached",
        "The hatch never opens for who comes back.",
        "Land, fetch the crew, walk back.",
    ),
    SeededBug(
        "crew_pickup",
        "warning_of_the_crew",
        "warning",
        "To pick up the crew warns of a node that is not ready.",
        "Land, and pick up the crew.",
    ),
    SeededBug(
        "tag",
        "sticky_block",
        "stuck",
        "Who stands on a block for half a second cannot get down.",
        "Jump onto a block, wait, then try to walk off.",
    ),
    SeededBug(
        "tag",
        "heartbeat",
        "script_error",
        "The heartbeat of somebody who is nearly tagged was never loaded.",
        "Come within 3 m of a player of the other role.",
    ),
    SeededBug(
        "motorcycle_2d",
        "finish_moves_away",
        "never_reached",
        "The finish keeps 5 m away from the motorcycle.",
        "Ride to the finish.",
    ),
    SeededBug(
        "motorcycle_2d",
        "divides_by_air_time",
        "not_finite",
        "The spin of the rear wheel is divided by zero when the motorcycle lands from a jump.",
        "Ride over a crest so fast that both wheels leave the ground.",
    ),
    SeededBug(
        "parking_3d",
        "fuel_gauge_divides_by_zero",
        "not_finite",
        "After six metres, the consumption of a car that stands is divided by its speed.",
        "Drive 6 m, then stop.",
    ),
    SeededBug(
        "bench",
        "crash_at_exit",
        "exit_crash",
        "The game crashes when its scene is taken down.",
        "Close the game.",
    ),
    SeededBug(
        "bench",
        "walker_in_a_box",
        "inside_body",
        "The first walker that reaches a goal is put into the nearest box.",
        "Walk to a goal.",
    ),
    SeededBug(
        "bench",
        "walker_trembles",
        "jitter",
        "A walker that touches a wall trembles.",
        "Walk against a wall.",
    ),
    SeededBug(
        "bug_reproduction",
        "chunk_race",
        "warning",
        "Who crosses a border of chunks twice within 1.5 s makes a chunk twice.",
        "Walk to and fro over the middle of the room.",
    ),
    SeededBug(
        "bug_reproduction",
        "dash_through_wall",
        "tunnelled",
        "A dash does not look for what is in its way.",
        "Dash at the thin wall.",
    ),
    SeededBug(
        "bug_reproduction",
        "trapped_in_pillar",
        "inside_body",
        "Who turns hard beside the pillar is pushed into it.",
        "Turn quickly next to the pillar.",
    ),
    SeededBug(
        "bug_reproduction",
        "speed_without_end",
        "not_finite",
        "A dash in a hard turn divides the drone's speed by zero.",
        "Dash while you turn.",
    ),
    SeededBug(
        "bug_reproduction",
        "dead_button",
        "dead_element",
        "The button of the lamp lost its connection.",
        "Press the button.",
    ),
    SeededBug(
        "physics_stress",
        "nodes_without_parent",
        "growth",
        "A sound is made for every tenth tick and never freed.",
        "Play for some seconds, and look at the number of orphans.",
        {"frames": 300},
    ),
    SeededBug(
        "physics_stress",
        "slow_look_around",
        "frame_budget",
        "A script takes 13 ms of every frame.",
        "Play, and look at the frame rate.",
        {"frames": 300},
    ),
    SeededBug(
        "voxel_terrain",
        "chunk_race",
        "script_error",
        "A chunk is taken whenever its thread is ready, also if it was dropped meanwhile.",
        "Run to and fro, and teleport.",
        is_switch=True,
    ),
    SeededBug(
        "voxel_terrain",
        "chunk_leak",
        "growth",
        "What a dropped chunk was made of stays in memory.",
        "Run straight on, and look at the memory.",
        is_switch=True,
    ),
)
