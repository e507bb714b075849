"""The package as a user's program sees it: what there is, what it says of itself, and its types."""

from __future__ import annotations

import pydoc
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import spacetime_rl

PROGRAM = """
import spacetime_rl
from spacetime_rl.config import RunConfig


def returns(config: RunConfig) -> dict[str, float]:
    env = spacetime_rl.parallel_env("vr_interaction", params={"players": 2}, seed=1)
    observations, infos = env.reset(seed=1)
    actions = {agent: env.action_space(agent).sample() for agent in env.agents}
    rewards = env.step(actions)[1]
    env.close()
    return {agent: float(reward) for agent, reward in rewards.items()}


config: RunConfig = spacetime_rl.load("vr_interaction", ["training.lr=1e-4"])
run: spacetime_rl.Run = spacetime_rl.train(config, stop={"agent_steps": 1000}, training={"lr": 1e-4})
rate: float | None = spacetime_rl.evaluate(config, run, episodes=10).overall.success_rate
actions = spacetime_rl.load_policy(run, "giver").act([[0.0]])
launch = spacetime_rl.GameLaunch(scenario="vr_navigation", arenas=4)
reveal_type(launch.arenas)
try:
    spacetime_rl.open_game(launch)
except spacetime_rl.SpacetimeError as error:
    print(error.exit_code)
"""


def test_dir_shows_what_there_is_and_every_name_is_there() -> None:
    shown = [name for name in dir(spacetime_rl) if not name.startswith("_")]

    assert [*shown, "__version__"] == sorted(spacetime_rl.__all__, key=lambda name: (name.startswith("_"), name))
    assert all(getattr(spacetime_rl, name) is not None for name in shown)


def test_help_explains_every_name() -> None:
    page = pydoc.plain(pydoc.render_doc(spacetime_rl))

    assert "parallel_env(scenario:" in page
    assert all(getattr(spacetime_rl, name).__doc__ for name in dir(spacetime_rl) if not name.startswith("_"))


def test_a_name_that_there_is_not_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'paralel_env'; it has .*parallel_env"):
        _ = spacetime_rl.paralel_env


def test_the_package_says_that_it_has_types() -> None:
    assert (Path(spacetime_rl.__file__).parent / "py.typed").is_file()


@pytest.mark.timeout(1600)
@pytest.mark.slow  # mypy reads what the package imports, too
def test_a_users_mypy_accepts_a_program_that_uses_it(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PROGRAM)
    python = _environment_with_the_package(tmp_path / "venv")

    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python), "mine.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500, cwd=tmp_path, check=False)

    assert 'Revealed type is "int"' in done.stdout.replace("builtins.", "")
    assert "Success: no issues found" in done.stdout, done.stdout


def _environment_with_the_package(folder: Path) -> Path:
    """Its Python. A path stands for the installed package: one installed for development is not found by mypy."""
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    package = Path(spacetime_rl.__file__).parents[1]
    (site / "package.pth").write_text(f"{package}\n{Path(pytest.__file__).parents[1]}\n")
    return folder / "bin" / "python"
