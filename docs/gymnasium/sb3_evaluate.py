"""Play seeded episodes with a model of Stable-Baselines3, and print how many succeeded.

python docs/gymnasium/sb3_evaluate.py PPO motorcycle_2d --model motorcycle --episodes 100

With one seed the episodes are the same for every model: those that `spacetime-rl eval` plays, too.
"""

from __future__ import annotations

import numpy as np
from sb3_train import ALGORITHMS, make_env, make_parser

from spacetime_rl.statistics.intervals import wilson_interval


def main() -> None:
    """Play, and print the mean return and the success rate with its 95 % interval."""
    parser = make_parser("Play seeded episodes with a model of Stable-Baselines3.")
    parser.set_defaults(seed=10_000)
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--model", default="model")
    given = parser.parse_args()
    model = ALGORITHMS[given.algorithm].load(given.model)
    env = make_env(given.game, given.algorithm, given.params)
    returns, successes = [], []
    try:
        seen, info = env.reset(seed=given.seed)
        while len(returns) < given.episodes:
            action, _ = model.predict(seen, deterministic=True)
            seen, _, terminated, truncated, info = env.step(action)
            if terminated or truncated:
                returns.append(info["return"])
                successes.append(info["success"])
                seen, info = env.reset()
    finally:
        env.close()
    low, high = wilson_interval(float(np.mean(successes)), len(successes))
    print(
        f"{given.algorithm}: return {np.mean(returns):.3f}, success {np.mean(successes):.1%} "
        f"[{low:.1%}, {high:.1%}] in {len(returns)} episodes"
    )


if __name__ == "__main__":
    main()
