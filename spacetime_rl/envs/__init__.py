"""PettingZoo, Gymnasium and RLlib environments over a running game. Importing this registers Gymnasium's names."""

from spacetime_rl.envs.register import register_all

register_all()
