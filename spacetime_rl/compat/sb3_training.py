"""`stable_baselines3_training_script.py`: train one policy with PPO of Stable-Baselines3."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from spacetime_rl.compat import script
from spacetime_rl.compat.game_path import find_program
from spacetime_rl.errors import GameError, UsageError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.attach import open_door
from spacetime_rl.game.attach_door import Attach
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.host import signals

if TYPE_CHECKING:
    from stable_baselines3 import PPO

    from spacetime_rl.compat.sb3_env import GameVecEnv
    from spacetime_rl.compat.sb3_metrics import Checkpoints

NAME = "stable_baselines3_training_script.py"
EDITOR = Attach()  # where games look that are started in the editor
_LR = 3e-4
_ROLLOUT = 2048  # agent steps an iteration, if there are not very many agents
_LEAST_STEPS = 32  # of each agent in an iteration
_MINIBATCH = 64
_PREFIX = "rl_model"  # of checkpoints
_OPSET, _IR = 13, 9


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = script.parser(
        NAME,
        "Trains one policy with PPO of Stable-Baselines3.",
        "--env_path ./MyGame.x86_64 --timesteps 1000000 --experiment_name my_first_training",
    )
    add = parser.add_argument
    add("--env_path", metavar="PATH", help="the game's program; default: wait for a game that you start in the editor")
    add("--speedup", metavar="MULTIPLIER", type=script.whole(1, 100), default=1, help="of game time; default: 1")
    add("--n_parallel", metavar="COUNT", type=script.whole(1, 64), default=1, help="games at the same time; default: 1")
    add("--viz", action="store_true", help="show the first game in a window")
    add("--timesteps", metavar="N", type=script.whole(1), default=1_000_000, help="agent steps; default: 1000000")
    add("--experiment_dir", metavar="PATH", type=Path, default=Path("logs/sb3"), help="default: logs/sb3")
    add("--experiment_name", metavar="NAME", default="experiment", help="of the logs; default: experiment")
    add("--seed", metavar="SEED", type=script.whole(0, 2**31 - 1), default=0, help="default: 0")
    add("--resume_model_path", metavar="PATH", type=Path, help="a saved model to go on with")
    add("--save_model_path", metavar="PATH", type=Path, help="save the trained model here")
    add("--save_checkpoint_frequency", metavar="N", type=script.whole(1), help="agent steps between checkpoints")
    add("--onnx_export_path", metavar="PATH", type=Path, help="export the trained policy here")
    add("--inference", action="store_true", help="play the model of --resume_model_path, train nothing")
    add("--linear_lr_schedule", action="store_true", help="lower the learning rate linearly to 0")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Train, or play a trained model, as the arguments say; returns the exit code."""
    parser = make_parser()
    options = parser.parse_args(argv)
    if options.inference and options.resume_model_path is None:
        parser.error("--inference plays a trained model: add --resume_model_path")
    if options.env_path is None and options.n_parallel > 1:
        parser.error("--n_parallel: the editor plays one game; add --env_path")
    return script.run(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    if find_spec("stable_baselines3") is None:
        raise UsageError("Stable-Baselines3 is not installed: pip install 'spacetime-rl[sb3]'")
    if options.resume_model_path is not None:
        _check_model(options.resume_model_path)
    from stable_baselines3.common.vec_env import VecMonitor

    from spacetime_rl.compat.sb3_env import GameVecEnv

    with _door(options):
        games = GameVecEnv(_launches(options))
        try:
            env = VecMonitor(games)
            model = _make_model(options, env)
            if options.inference:
                _play(model, env, options.timesteps)
                return 0
            return _train_and_keep(options, model, games)
        finally:
            games.close()


@contextmanager
def _door(options: argparse.Namespace) -> Iterator[None]:
    """Without a program, let a game connect that the user starts in the editor."""
    if options.env_path is not None:
        yield
        return
    with open_door(EDITOR, lambda text: print(text, flush=True), lambda: signals.received() is not None):
        yield


def _launches(options: argparse.Namespace) -> list[GameLaunch]:
    if options.env_path is None:
        return [GameLaunch(attach=EDITOR, seed=options.seed, speed=float(options.speedup))]
    program = find_program(options.env_path)
    return [
        GameLaunch(
            env_path=program,
            seed=options.seed + number,
            speed=float(options.speedup),
            viz=options.viz and number == 0,
            name=f"game{number}",
        )
        for number in range(options.n_parallel)
    ]


def _check_model(file: Path) -> None:
    """Raise UsageError for a file that is no model of PPO, before a game is started for it."""
    from spacetime_rl.convert.sb3_file import read_model

    algorithm = read_model(file).algorithm
    if algorithm != "ppo":
        raise UsageError(f"--resume_model_path {file}: a model of {algorithm.upper()}; this script trains PPO")


def _make_model(options: argparse.Namespace, env: Any) -> PPO:
    from stable_baselines3 import PPO
    from stable_baselines3.common.utils import LinearSchedule

    learning_rate = LinearSchedule(_LR, 0.0, 1.0) if options.linear_lr_schedule else _LR
    log = str(options.experiment_dir) if find_spec("tensorboard") else None
    if options.resume_model_path is not None:
        own = {"learning_rate": learning_rate} if options.linear_lr_schedule else {}
        try:
            return PPO.load(options.resume_model_path, env=env, tensorboard_log=log, device="cpu", custom_objects=own)
        except ValueError as error:  # the spaces differ
            raise UsageError(f"--resume_model_path {options.resume_model_path}: {error}") from error
    steps, minibatch = sizes_for(env.num_envs, options.timesteps)
    return PPO(
        "MultiInputPolicy",
        env,
        learning_rate=learning_rate,
        n_steps=steps,
        batch_size=minibatch,
        ent_coef=0.0001,
        tensorboard_log=log,
        seed=options.seed,
        device="cpu",
    )


def sizes_for(agents: int, timesteps: int) -> tuple[int, int]:
    """Steps of each agent in an iteration, and the size of a minibatch, which divides the iteration."""
    whole = _MINIBATCH // math.gcd(_MINIBATCH, agents)  # steps after which minibatches are full
    steps = whole * math.ceil(max(_LEAST_STEPS, _ROLLOUT // agents) / whole)
    if steps * agents <= timesteps:
        return steps, _MINIBATCH
    steps = max(2, timesteps // agents)
    return steps, _MINIBATCH if steps * agents % _MINIBATCH == 0 else steps * agents


def _train_and_keep(options: argparse.Namespace, model: PPO, games: GameVecEnv) -> int:
    """Train, and keep what was learned, also where the user or the game ended it early."""
    from spacetime_rl.compat.sb3_metrics import IterationReport

    checkpoints = _checkpoints(options, games.num_envs)
    report = IterationReport(games.game_spec.groups[0].name, checkpoints)
    try:
        model.learn(
            options.timesteps,
            callback=[each for each in (checkpoints, report) if each is not None],
            tb_log_name=options.experiment_name,
            reset_num_timesteps=options.resume_model_path is None,
        )
    except (KeyboardInterrupt, GameError):
        _keep(options, model, games)
        raise
    _keep(options, model, games)
    return 0


def _checkpoints(options: argparse.Namespace, agents: int) -> Checkpoints | None:
    if options.save_checkpoint_frequency is None:
        return None
    from spacetime_rl.compat.sb3_metrics import Checkpoints

    folder: Path = options.experiment_dir
    if options.resume_model_path is None and any(folder.glob(f"{_PREFIX}_*_steps.zip")):
        script.warn(f"{folder} has checkpoints of an earlier training; those of the same step are replaced")
    return Checkpoints(max(1, options.save_checkpoint_frequency // agents), str(folder), _PREFIX)


def _keep(options: argparse.Namespace, model: PPO, games: GameVecEnv) -> None:
    """Save and export the model where the arguments say so."""
    with TemporaryDirectory() as folder:
        saved = _with_ending(options.save_model_path or Path(folder) / "model", ".zip")
        if options.save_model_path is not None or options.onnx_export_path is not None:
            saved.parent.mkdir(parents=True, exist_ok=True)
            model.save(saved)
        if options.save_model_path is not None:
            print(f"Saved: {saved}", flush=True)
        if options.onnx_export_path is not None:
            _export(saved, _with_ending(options.onnx_export_path, ".onnx"), games, Path(folder))


def _export(model: Path, output: Path, games: GameVecEnv, scratch: Path) -> None:
    from spacetime_rl.convert.sb3 import convert_sb3
    from spacetime_rl.export.versions import Versions

    names = None
    if not games.spaces.has_joined_choices:  # otherwise the model's action is not the game's
        names = scratch / "game.json"
        names.write_text(to_json(games.game_spec.to_dict()), encoding="utf-8")
    convert_sb3(model, output.parent, output.stem, layout=names, versions=Versions(_OPSET, _IR))
    print(f"Exported: {output}", flush=True)


def _with_ending(path: Path, ending: str) -> Path:
    return path if path.suffix == ending else path.with_name(path.name + ending)


def _play(model: PPO, env: Any, steps: int) -> None:
    """Play `steps` steps of every agent with the most probable actions."""
    observations, episodes = env.reset(), 0
    for _ in range(steps):
        actions, _ = model.predict(observations, deterministic=True)
        observations, _, _, infos = env.step(actions)
        for info in infos:
            if "episode" in info:
                episodes += 1
                print(f"Episode {episodes}: reward={info['episode']['r']:.1f}", flush=True)
    print(f"Total timesteps: {steps * env.num_envs}", flush=True)
