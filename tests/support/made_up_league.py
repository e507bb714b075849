"""A league whose players have known strengths, in the folder of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spacetime_rl.league.payoff import PayoffTable, tally
from spacetime_rl.runs.layout import CONFIG, RunPaths, payoff_file
from spacetime_rl.statistics.ratings import win_chance

SAVE_STEPS, ITERATION_STEPS = 16_000, 4_000
_SCALE = {"seeker": 900.0, "hider": 700.0}  # the rating that a policy comes near to


def strength(policy: str, agent_steps: int) -> float:
    """The true rating of a policy after so many agent steps."""
    return _SCALE[policy] * (1.0 - float(np.exp(-agent_steps / 60_000.0)))


def make_league(
    run: Path, iterations: int = 16, matches: int = 200, seed: int = 0, trial: str = "abc_00000"
) -> PayoffTable:
    """Write the payoff table of a run of `seeker` and `hider`, who meet snapshots, each other and the random policy."""
    draw = np.random.default_rng(seed)
    table = PayoffTable(payoff_file(RunPaths(run).tune / f"trial_{trial}"))
    snapshots: list[int] = []

    def opponent(policy: str, steps: int) -> tuple[str, float]:
        kind = draw.choice(["latest", "snapshot", "random"], p=[0.4, 0.4, 0.2])
        if kind == "random":
            return "random", 0.0
        taken = int(draw.choice(snapshots)) if kind == "snapshot" else steps
        return f"{policy}@{taken if kind == 'snapshot' else kind}", strength(policy, taken)

    for iteration in range(1, iterations + 1):
        steps = (iteration - 1) * ITERATION_STEPS
        snapshots += [steps] if steps % SAVE_STEPS == 0 else []
        episodes = []
        for learner in draw.choice(["seeker", "hider"], matches):
            sides = {
                policy: (f"{policy}@latest", strength(policy, steps)) if policy == learner else opponent(policy, steps)
                for policy in ("seeker", "hider")
            }
            won = draw.random() < win_chance(sides["seeker"][1] - sides["hider"][1] + 60.0)
            names = tuple((policy, player) for policy, (player, _) in sides.items())
            episodes.append((names, (0, 1) if won else (1, 0)))
        table.append(tally(iteration, steps, episodes))
    (run / CONFIG).write_text("name: tag\n")
    return table
