"""The scenarios of one agent by Gymnasium's names: `gymnasium.make("spacetime_rl.envs:spacetime_rl/vr_navigation-v0")`.

What stands before the colon is imported by Gymnasium; after `import spacetime_rl.envs` it may be left out.
"""

from __future__ import annotations

from gymnasium.envs.registration import register, registry

# Which scenarios have one agent is known without starting a game; a test compares this with what the games declare.
ONE_AGENT = ("spacecraft_landing", "vr_locomotion", "vr_navigation", "vr_ui")
VERSION = 0


def env_id(scenario: str) -> str:
    """The name of a scenario in Gymnasium's registry."""
    return f"spacetime_rl/{scenario}-v{VERSION}"


def register_all() -> None:
    """Register every scenario of one agent, once."""
    for name in ONE_AGENT:
        if env_id(name) not in registry:
            register(
                env_id(name),
                entry_point="spacetime_rl.envs.single:GodotEnv",
                kwargs={"scenario": name},
                disable_env_checker=True,  # which plays the game whenever one is made
            )
