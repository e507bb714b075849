"""All who race: this package first, and its peers. Here another one is added."""

from __future__ import annotations

from spacetime_rl.bench.stock_sb3 import StockSb3
from spacetime_rl.bench.training import StockRllib, Training
from spacetime_rl.config import RunConfig
from spacetime_rl.race.racer import Racer
from spacetime_rl.race.rllib import RllibRacer
from spacetime_rl.race.stock import Sb3Racer
from spacetime_rl.rollout.plan import RolloutPlan


def make_racers(config: RunConfig, plan: RolloutPlan) -> list[Racer]:
    """Those who race on a plan's games; what stops one from taking part is found when it prepares."""
    search = StockSb3(config, plan)
    return [
        RllibRacer(config, plan, Training),
        RllibRacer(config, plan, StockRllib),
        Sb3Racer(config, plan, search, as_example=False),
        Sb3Racer(config, plan, search, as_example=True),
    ]
