#!/usr/bin/env bash
# Install Godot on a node; the script itself ships inside the package (`spacetime-rl godot install` runs it too).
exec bash "$(dirname "${BASH_SOURCE[0]}")/../spacetime_rl/game/install_godot.sh" "$@"
