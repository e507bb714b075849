"""Measure training with godot-rl's wrapper and Stable-Baselines3's PPO, at their fastest setting here."""

from __future__ import annotations

import time
import warnings
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import torch

from spacetime_rl.bench.measure import Measurement, NotMeasurable, Throughput
from spacetime_rl.bench.stock_program import StockProgram, died, end, require_client, watch
from spacetime_rl.bench.training import require_ppo
from spacetime_rl.config import RunConfig
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.host.system import cores
from spacetime_rl.learning.build import train_batch_size
from spacetime_rl.rollout.plan import RolloutPlan

_GAMES = (1, 2)
_ACTIVATIONS = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU, "elu": torch.nn.ELU, "silu": torch.nn.SiLU}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that is tried: concurrent games, and torch's threads."""

    games: int
    threads: int


class StockSb3(Measurement):
    """PPO with our network, batch, minibatches and epochs. Several settings are tried, and the fastest counts."""

    name = "stock_sb3"

    def __init__(self, config: RunConfig, plan: RolloutPlan) -> None:
        self._config = config
        self._launch = plan.launch
        self._spec = plan.spec
        self._batch = train_batch_size(config, plan)
        self._tried: dict[Setting, float] = {}  # agent steps per second
        self._program: StockProgram | None = None
        self._learners: dict[int, Sb3Learner] = {}  # by number of games

    def open(self) -> None:
        """Start the games and play one iteration of every setting.

        Raises NotMeasurable without the libraries, for another algorithm than PPO, or for spaces that the wrapper
        cannot play.
        """
        require_client()
        require_ppo(self._config)
        _require_one_policy(self._spec)
        self._program = StockProgram(self._launch)
        for games in _GAMES:
            self._learners[games] = Sb3Learner(self._program, games)
            self._learners[games].build(self._config, self._batch)
        for games, threads in product(_GAMES, sorted({1, cores()})):
            setting = Setting(games, threads)
            self._tried[setting] = self._iterate(setting, seconds=0.0).agent_steps_per_s
        for games in set(_GAMES) - {self.best.games}:
            self._learners.pop(games).close()

    def play(self, seconds: float) -> Throughput:
        """Train for whole iterations until `seconds` seconds have passed."""
        return self._iterate(self.best, seconds)

    def close(self) -> None:
        """End the games and remove the script that starts them."""
        for learner in self._learners.values():
            learner.close()
        if self._program is not None:
            self._program.close()

    def describe(self) -> dict[str, Any]:
        """The fastest setting and the speed of every setting, as plain JSON data; empty if none was tried."""
        if not self._tried:
            return {}
        tried = [{**asdict(setting), "agent_steps_per_s": speed} for setting, speed in self._tried.items()]
        return {**asdict(self.best), "tried": tried}

    @property
    def best(self) -> Setting:
        """The fastest setting of those that were tried."""
        return max(self._tried, key=lambda setting: self._tried[setting])

    def _iterate(self, setting: Setting, seconds: float) -> Throughput:
        assert self._program is not None
        learner = self._learners[setting.games]
        torch.set_num_threads(setting.threads)
        learner.step_ms.clear()
        began = time.perf_counter()
        try:
            learner.iterate()
            while time.perf_counter() - began < seconds:
                learner.iterate()
        except OSError as error:
            raise died(self._program, error) from error
        elapsed_s, decisions = time.perf_counter() - began, len(learner.step_ms) * setting.games
        return Throughput.of(decisions, elapsed_s, self._spec.num_agents, self._spec.action_repeat, learner.step_ms)


class Sb3Learner:
    """PPO over `games` concurrent games; `step_ms` holds the duration of each step of all games."""

    def __init__(self, program: StockProgram, games: int, seed: int = 0) -> None:
        from godot_rl.wrappers.stable_baselines_wrapper import StableBaselinesGodotEnv

        self.step_ms: list[float] = []
        self._seed = seed
        try:
            self._env = StableBaselinesGodotEnv(n_parallel=games, seed=seed, **program.make_settings(games))
        except (OSError, AssertionError, TypeError) as error:
            raise died(program, error) from error
        for env in self._env.envs:
            watch(env)

    def build(self, config: RunConfig, batch: int) -> None:
        """Make the algorithm, as godot-rl's own example does, with the settings of `config`."""
        training, model = config.training, config.model
        hiddens = list(model.hiddens)
        self._make(
            n_steps=max(1, round(batch / self._env.num_envs)),
            batch_size=training.minibatch_size,
            n_epochs=training.num_epochs,
            learning_rate=training.lr,
            gamma=training.gamma,
            gae_lambda=training.lambda_,
            clip_range=training.clip_param,
            ent_coef=training.entropy_coeff,
            vf_coef=training.vf_loss_coeff,
            max_grad_norm=training.grad_clip or 1e9,  # large enough never to clip: it cannot be switched off
            policy_kwargs={
                "net_arch": {"pi": hiddens, "vf": hiddens},
                "activation_fn": _ACTIVATIONS[model.activation],
            },
        )

    def build_as_example(self) -> None:
        """Make the algorithm with the settings of godot-rl's own example; all others are Stable-Baselines3's."""
        self._make(ent_coef=0.0001, n_steps=32, learning_rate=0.0003)

    def iterate(self) -> int:
        """Sample one batch and learn from it. Returns the agent steps so far."""
        self._ppo.learn(self._ppo.n_steps * self._env.num_envs, reset_num_timesteps=False)
        return int(self._ppo.num_timesteps)

    def save(self, file: Path) -> Path:
        """Save the model as Stable-Baselines3 does. Returns its file."""
        self._ppo.save(file)
        return file

    def close(self) -> None:
        """End the games."""
        for env in self._env.envs:
            end(env)

    def _make(self, **settings: Any) -> None:
        from stable_baselines3 import PPO
        from stable_baselines3.common.utils import set_random_seed
        from stable_baselines3.common.vec_env.vec_monitor import VecMonitor

        set_random_seed(self._seed)  # the wrapper of the games refuses the algorithm's own argument
        self._time_steps()
        with warnings.catch_warnings():  # Stable-Baselines3 warns about minibatches that do not divide the batch
            warnings.simplefilter("ignore")
            self._ppo = PPO("MultiInputPolicy", VecMonitor(self._env), device="cpu", **settings)

    def _time_steps(self) -> None:
        step = self._env.step

        def timed(action: Any) -> Any:
            began = time.perf_counter()
            result = step(action)
            self.step_ms.append(1e3 * (time.perf_counter() - began))
            return result

        self._env.step = timed


def _require_one_policy(spec: GameSpec) -> None:
    """Raise NotMeasurable for games that the wrapper cannot play.

    The wrapper gives all agents the spaces of the first one, and Stable-Baselines3's PPO trains a single policy.
    """
    if len({group.layout for group in spec.groups}) > 1:
        names = ", ".join(group.name for group in spec.groups)
        raise NotMeasurable(f"Stable-Baselines3 plays one policy, and the spaces of {names} differ")
    layout = spec.groups[0].layout
    if layout.images or any(action.kind != "continuous" for action in layout.actions):
        raise NotMeasurable("images and discrete actions are not compared: the wrapper plays them differently")
