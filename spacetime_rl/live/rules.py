"""Settings of a configuration that mean nothing, or the wrong thing, for games that connect by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from spacetime_rl.config import RunConfig
from spacetime_rl.config.imitation import SCRIPT
from spacetime_rl.errors import ConfigError

_THEMSELVES = "games that connect by themselves are started without it; leave it out"


def make_live(config: RunConfig, starts_games: bool = True) -> RunConfig:
    """The configuration with the sizes of a live run: one runner, which is the server. Raises ConfigError.

    Without `starts_games`, not even the configuration's own game is started.
    """
    problems = list(_problems(config, starts_games))
    if problems:
        raise ConfigError(problems)
    rollout = config.rollout.model_copy(update={"runners": 1, "games_per_runner": 1})
    game = config.game.model_copy(update={"arenas": 1})
    return config.model_copy(update={"rollout": rollout, "game": game}).sized()


def _problems(config: RunConfig, starts_games: bool) -> Iterator[str]:
    if config.algorithm != "PPO":
        yield f"algorithm: {config.algorithm}: --learn is PPO; leave it out"
    if config.rollout.overlap is True:
        yield "rollout.overlap: games play while their server learns in any case; leave it out"
    if config.game.attach is not None:
        yield "game.attach: games connect to the server, not to an attached port; leave it out"
    if config.rollout.record_every is not None:
        yield f"rollout.record_every: {_THEMSELVES}"
    if config.league is not None:
        yield "league: --learn plays no league; leave it out"
    if config.curriculum:
        yield f"curriculum: {_THEMSELVES}"
    if config.tasks:
        yield f"tasks: {_THEMSELVES}"
    if config.rewards.terms:
        yield f"rewards.terms: {_THEMSELVES}"
    if config.rewards.novelty is not None:
        yield f"rewards.novelty: {_THEMSELVES}"
    if config.rewards.hook is not None:
        yield "rewards.hook: the rewards that games send are learned from; leave it out"
    if config.scripted:
        yield f"policies.{config.scripted[0]}.scripted: the game decides which agents it sends; leave it out"
    if config.imitation.offline:
        yield "imitation.offline: plays nothing, and --learn waits for games; leave one of them out"
    if config.imitation.records_script and not starts_games:
        what = "records the scripted player in a game of its own, and --spaces-from-game starts none"
        yield f"imitation.from: {SCRIPT} {what}; use --set imitation.from=[]"
    for policy in ("", *config.policies):
        if config.policy_training(policy).critic != "own":
            where = f"policies.{policy}.training.critic" if policy else "training.critic"
            yield f"{where}: a connected game does not say which agents are together; set own"
