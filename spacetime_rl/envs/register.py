"""Scenarios with one agent by Gymnasium names: `gymnasium.make("spacetime_rl.envs:spacetime_rl/vr_navigation-v0")`.

Gymnasium imports the part before the colon; after `import spacetime_rl.envs` it may be omitted.
"""

from __future__ import annotations

from gymnasium.envs.registration import register, registry

# A constant, so that no game has to be started; a test compares it with what the games declare.
ONE_AGENT = (
    "bug_reproduction",
    "motorcycle_2d",
    "parking_3d",
    "physics_stress",
    "spacecraft_landing",
    "voxel_terrain",
    "vr_locomotion",
    "vr_navigation",
    "vr_ui",
)
VERSION = 0


def env_id(scenario: str) -> str:
    """The name of a scenario in Gymnasium's registry."""
    return f"spacetime_rl/{scenario}-v{VERSION}"


def register_all() -> None:
    """Register every scenario with one agent, once."""
    for name in ONE_AGENT:
        if env_id(name) not in registry:
            register(
                env_id(name),
                entry_point="spacetime_rl.envs.single:GodotEnv",
                kwargs={"scenario": name},
                disable_env_checker=True,  # the checker would play the game whenever one is made
            )
