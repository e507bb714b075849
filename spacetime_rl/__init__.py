"""SpaceTime RL: distributed multi-agent training on Ray for Godot 4 games."""

__version__ = "0.1.0"
