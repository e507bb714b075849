"""The checks, in the order in which a user reads them."""

from __future__ import annotations

from spacetime_rl.doctor import games, machine, networks, services
from spacetime_rl.doctor.check import Check

_REPORT = "please report it with what `spacetime-rl doctor --json` prints"

CHECKS = (
    Check("packages", machine.packages, "install again into a fresh virtual environment: `make setup`"),
    Check("disk", machine.disk, "make room, or choose other folders: --results DIR, XDG_CACHE_HOME"),
    Check("limits", machine.limits, "what each limit needs is above"),
    Check("godot", games.godot, "install it: `spacetime-rl godot install`"),
    Check(
        "import",
        games.imported,
        "see that this Godot runs by itself and that the cache folder can be written to; XDG_CACHE_HOME names another",
        needs="godot",
    ),
    Check(
        "handshake",
        games.handshake,
        "games connect to 127.0.0.1: see that no firewall or sandbox forbids it; the log's last lines are above",
        needs="import",
    ),
    Check(
        "in game",
        networks.in_game,
        f"policies act in the game other than in training (docs/in-game.md): {_REPORT}",
        needs="import",
    ),
    Check("spaces", games.spaces, f"the game and this package do not fit together: {_REPORT}", needs="handshake"),
    Check("pettingzoo", games.pettingzoo, f"the environment breaks PettingZoo's rules: {_REPORT}", needs="spaces"),
    Check(
        "same seed",
        games.same_seed,
        f"training works, but results cannot be reproduced on this machine: {_REPORT}",
        needs="spaces",
    ),
    Check(
        "onnx",
        networks.onnx,
        "see that the check of packages passes, and install onnx, onnxscript and onnxruntime anew",
        apart=True,
    ),
    Check("gpu", networks.gpu, "see that torch can be imported: install it anew", apart=True),
    Check(
        "mlflow",
        services.mlflow,
        "see that temporary files can be written, and that the server of $MLFLOW_TRACKING_URI runs if that is set",
        apart=True,
    ),
    Check(
        "ray",
        services.ray,
        "see that no other Ray is half dead (`ray stop`), and that /dev/shm and memory have 300 MB free",
        apart=True,
    ),
)
