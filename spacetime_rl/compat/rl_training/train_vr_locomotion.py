"""`train_vr_locomotion.py`: train the scenario vr_locomotion, and keep its policies under the experiment's name."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from math import ceil

from spacetime_rl.compat import script
from spacetime_rl.compat.rl_training.places import LOGS, SCENARIO, final_model
from spacetime_rl.host.system import cores

# The guide's numbers of PPO. An iteration is long enough for episodes to end in it, also of a short smoke test.
STEPS_OF_AN_ENV = 2048
PPO = {
    "lr": 3.0e-4,
    "final_lr": None,
    "minibatch_size": 64,
    "num_epochs": 10,
    "entropy_coeff": 0.01,
    "vf_loss_coeff": 0.5,
    "gamma": 0.99,
    "final_entropy_coeff": None,
}


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = script.parser(
        "rl_training/train_vr_locomotion.py", "Trains an agent of vr_locomotion.", "--timesteps 1000 --num_envs 1"
    )
    parser.add_argument(
        "--timesteps", type=script.whole(1), default=100_000, help="agent steps, in whole iterations; default: 100000"
    )
    parser.add_argument("--num_envs", type=script.whole(1, 64), default=4, help="games at a time; default: 4")
    parser.add_argument(
        "--save_frequency", type=script.whole(1), default=10_000, help="agent steps between checkpoints; default: 10000"
    )
    parser.add_argument(
        "--experiment_name", default="vr_locomotion_v1", help="a run of this name is replaced; default: %(default)s"
    )
    parser.add_argument("--viz", action="store_true", help="show the first game in a window")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Train as the arguments say; returns the exit code."""
    options = make_parser().parse_args(argv)
    return script.run(lambda: _train(options))


def _train(options: argparse.Namespace) -> None:
    from spacetime_rl import api

    runners = min(options.num_envs, cores())
    run = api.train(
        SCENARIO,
        run_id=options.experiment_name,
        force=True,
        evaluate=False,
        results=str(LOGS),
        stop={"agent_steps": options.timesteps},
        rollout={"runners": runners, "games_per_runner": ceil(options.num_envs / runners)},
        checkpoint={"every_agent_steps": options.save_frequency},
        tracking={"tensorboard": True},
        game={"arenas": 1, "viz": options.viz, "monitor": True},
        training={"train_batch_size": STEPS_OF_AN_ENV * options.num_envs, **PPO},
        # The guide's player has no memory and imitates nobody; so it begins with the first lesson.
        curriculum="scenario",
        imitation={"from": []},
        model={"lstm": None, "initial_log_std": -1.0},
    )
    model = final_model(options.experiment_name)
    shutil.rmtree(model, ignore_errors=True)
    shutil.copytree(run.folder / "onnx", model)
    print(f"[Training Complete] Final model saved: {model}")
