"""Play a recorded episode again, and compare the state of the game after every decision."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl import metrics
from spacetime_rl.config import RunConfig, diff, settle_like
from spacetime_rl.contract import make_launch
from spacetime_rl.episodes.build import describe_build
from spacetime_rl.episodes.episode import Build, Episode
from spacetime_rl.episodes.joined import joined
from spacetime_rl.episodes.movie import by_engine, forget_frames, keep_pictures
from spacetime_rl.errors import EpisodeError, GameError
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.files import ADDON
from spacetime_rl.game.launch import Film, GameLaunch
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import NOTHING, AgentTrace, Floats, Recording, Trace, everything

# Calls by which a script's result depends on more than the seed: the engine's own random numbers, clocks and threads.
# A generator's methods have a dot before them, and are meant to be seeded.
_CLOCKS = re.compile(
    r"(?<![\w.])(?:randf|randi|randfn|randf_range|randi_range|randomize)\s*\(|\.(?:pick_random|shuffle)\s*\("
    r"|\bTime\.get_\w+|\bcreate_timer\s*\(|\bThread\.new\s*\(|\bWorkerThreadPool\.|\bOS\.delay_\w+"
)
_SHOWN = 5
_NO_SEED = "this game's protocol has no seed: it may not replay; only an agent's first episode begins in a known state"
_ALONE = ", and the other agents do nothing here"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a replay left the recorded episode: after which decision, and in what."""

    decision: int
    what: str  # a body by its path in the arena, `random numbers`, or what else differed, in words


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """A recorded episode that was played again.

    `difference` is None if the replay was exact; otherwise `causes` says in sentences what may be the reason. If the
    game failed in the recorded episode, an exact replay fails with the same `fault`, and there is no `trace`.
    """

    decisions: int
    trace: Trace | None
    difference: Difference | None = None
    causes: tuple[str, ...] = ()
    fault: str = ""

    @property
    def sentence(self) -> str:
        """The result for people."""
        if self.difference is None:
            failed = f"; the game failed again: {self.fault}" if self.fault else ""
            return f"replayed exactly, {self.decisions} decisions{failed}"
        after = f"after decision {self.difference.decision}" if self.difference.decision else "from the beginning"
        return f"differs {after} of {self.decisions}, first in: {self.difference.what}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        first = self.difference
        return {
            "exact": first is None,
            "fault": self.fault,
            "decisions": self.decisions,
            "first_difference": first and {"decision": first.decision, "what": first.what},
            "causes": list(self.causes),
        }


def play_again(
    episode: Episode, config: RunConfig | None = None, window: bool = False, film: Film | None = None
) -> Replayed:
    """Play an episode again, with other settings or on another build if `config` says so, and say where it differs.

    Without a `config`, a project or an exported game is refused that is not the recorded one: a file may come from
    anybody, and what it names is run only if it is what was recorded. A `window` shows it, in real time, and `film`
    draws it to files; a stock game is filmed by the engine, without an overlay.

    Raises EpisodeError if that is so, if the recording has no actions or hashes, or if the game has other agents; also
    ContractError and GameError.
    """
    launch = replace(make_launch(config or episode.config), arenas=1, seed=episode.seed, window=window, film=film)
    if film is not None and _is_of_stock_game(episode):
        launch = replace(launch, film=by_engine(film))
    here = describe_build(launch)
    if config is None and launch.scenario is None and here.content != episode.build.content:
        raise EpisodeError(
            f"{launch.title} is another build than the recorded one ({here.content}, not {episode.build.content}); "
            f"to play the episode on it, name it: --build {launch.title}"
        )
    again = _play(episode, launch)
    if launch.film is not None and launch.film.by_engine:
        keep_pictures(launch.film)
    if isinstance(again, GameError) and (not episode.fault or again.fault != episode.fault):
        raise again
    if episode.fault:
        return _failing_again(episode, config, here, again)
    assert not isinstance(again, GameError)
    difference = compare(episode, again)
    if difference is None:
        return Replayed(episode.decisions, again)
    causes = [*_other_settings(episode.config, config), *_other_builds(episode.build, here)]
    if not causes and _is_of_stock_game(episode):
        causes = [_NO_SEED + (_ALONE if len(again.agents) > len(episode.trace.agents) else "")]
    return Replayed(
        episode.decisions,
        again,
        difference,
        tuple(causes or _same_build(episode, replace(launch, window=False, film=None), again)),
    )


def _failing_again(episode: Episode, config: RunConfig | None, here: Build, again: Trace | GameError) -> Replayed:
    """The replay of an episode in which the game failed: it failed in the same way, or not at all."""
    if isinstance(again, GameError):
        return Replayed(episode.decisions, None, fault=again.fault)
    difference = Difference(episode.decisions, f"the game does not fail any more with {episode.fault}")
    causes = [*_other_settings(episode.config, config), *_other_builds(episode.build, here)]
    return Replayed(episode.decisions, again, difference, tuple(causes))


def _play(episode: Episode, launch: GameLaunch) -> Trace | GameError:
    """What became of the episode; a fault is returned if one was recorded."""
    with open_game(replace(launch, control=episode.control)) as game:
        actions = actions_of(episode, game.spec)
        try:
            return play_actions(game, episode, actions, launch.film)
        except GameError as fault:
            if not episode.fault:
                raise
            return fault


def play_actions(
    game: Game, episode: Episode, actions: Sequence[Sequence[NDArray[np.float32]]], film: Film | None = None
) -> Trace:
    """Play the episode with these actions, one list of arrays per decision, and return what became of it."""
    number = episode.trace.episode
    if episode.params:
        game.configure(episode.params)
    game.traces(everything() if game.spec.is_stock else Recording(number + 1, bodies=True))
    game.reset(episode.seed, number, 1)
    if film is not None and film.by_engine:
        forget_frames(film)
    for decision in actions:
        game.step(decision)
    played = joined(game.traces(NOTHING, unfinished=True), number, game.spec)
    if played is None:
        raise EpisodeError(f"{game.spec.scenario}: this game recorded no episode {number}")
    return played


def actions_of(episode: Episode, spec: GameSpec) -> list[list[NDArray[np.float32]]]:
    """The actions of all agents for every decision, arranged for a game of one arena.

    Raises EpisodeError if actions were not recorded, or if the game has other agents or other actions.
    """
    recorded = {agent.name: agent for agent in episode.trace.agents}
    known = {name for group in spec.groups for name in group.agents}
    if missing := [name for name in recorded if name not in known]:
        raise EpisodeError(
            f"the recording has the agent {missing[0]!r}, the game {spec.scenario} has {', '.join(sorted(known))}"
        )
    decisions = [
        [np.zeros((len(group.agents), group.layout.action_size), np.float32) for group in spec.groups]
        for _ in range(episode.decisions)
    ]
    for group_index, group in enumerate(spec.groups):
        for row, name in enumerate(group.agents):
            agent = recorded.get(name)
            if agent is None or len(agent.ticks) < 2:
                continue
            if agent.actions is None:
                raise EpisodeError(f"the recording has no actions of {name!r}; its addon was too old to record them")
            if agent.actions.shape[1] != group.layout.action_size:
                raise EpisodeError(
                    f"{name!r} has {agent.actions.shape[1]} action values in the recording, "
                    f"{group.layout.action_size} in the game {spec.scenario}"
                )
            for tick, action in zip(agent.ticks[:-1].tolist(), agent.actions, strict=True):
                decisions[episode.decision_of(tick)][group_index][row] = action
    return decisions


def compare(episode: Episode, again: Trace) -> Difference | None:
    """Where `again` first differs from the recorded episode. Raises EpisodeError for a recording without hashes.

    Of a stock game, which has none, what its agents saw and earned is compared.
    """
    ours, theirs = episode.trace.hashes, again.hashes
    if ours is None and theirs is None and _is_of_stock_game(episode):
        return _compare_seen(episode, again)
    if ours is None or theirs is None:
        raise EpisodeError("there are no hashes to compare: an addon before 0.2 recorded none")
    count = min(len(ours), len(theirs))
    unequal = np.flatnonzero((ours[:count] != theirs[:count]) & (ours[:count] != 0))
    if unequal.size:
        return Difference(int(unequal[0]), _first_part(episode.trace, again, int(unequal[0])))
    if len(ours) != len(theirs):
        return Difference(count - 1, f"the length: {len(ours) - 1} decisions recorded, {len(theirs) - 1} replayed")
    for one, other in zip(episode.trace.agents, again.agents, strict=False):
        if any(map(metrics.differs_in_replay, one.rewards)):
            if (row := _first_unequal_term(one, other)) is not None:
                return Difference(episode.decision_of(int(one.ticks[row])), f"the rewards of {one.name}")
            continue
        if one.ending != other.ending:
            return Difference(count - 1, f"the ending of {one.name}: {one.ending} recorded, {other.ending} replayed")
        if one.decision_rewards is None or other.decision_rewards is None:
            continue
        rows = np.flatnonzero(one.decision_rewards != other.decision_rewards)
        if rows.size:
            row = int(rows[0])
            earned = f"{one.decision_rewards[row]:.6g} recorded, {other.decision_rewards[row]:.6g} replayed"
            return Difference(episode.decision_of(int(one.ticks[row])), f"the reward of {one.name}: {earned}")
    return None


def _first_unequal_term(one: AgentTrace, other: AgentTrace) -> int | None:
    """The first row at which a reward term differs that follows from the episode alone.

    What an agent earned in all, and whether it succeeded, may follow from other terms, and is not compared.
    """
    rows = [
        np.flatnonzero(sums != other.rewards[term])
        for term, sums in one.rewards.items()
        if not metrics.differs_in_replay(term) and term in other.rewards
    ]
    return min((int(unequal[0]) for unequal in rows if unequal.size), default=None)


def _is_of_stock_game(episode: Episode) -> bool:
    return any(agent.observations is not None for agent in episode.trace.agents) and episode.trace.hashes is None


def _compare_seen(episode: Episode, again: Trace) -> Difference | None:
    theirs = {agent.name: agent for agent in again.agents}
    for agent in episode.trace.agents:
        other = theirs[agent.name]
        count = min(len(agent.ticks), len(other.ticks))
        unequal = _seen(agent)[:count] != _seen(other)[:count]
        rows = np.flatnonzero(unequal.any(axis=1))
        if rows.size:
            what = "reward" if unequal[rows[0], 0] else "observation"
            return Difference(episode.decision_of(int(agent.ticks[rows[0]])), f"the {what} of {agent.name}")
        if (len(agent.ticks), agent.ending) != (len(other.ticks), other.ending):
            ended = f"{agent.ending} recorded, {other.ending} replayed"
            return Difference(count - 1, f"the ending of {agent.name}: {ended}")
    return None


def _seen(agent: AgentTrace) -> Floats:
    """What an agent earned and saw, float32 [rows, 1 + observation]."""
    if agent.observations is None or agent.decision_rewards is None:
        raise EpisodeError(f"there are no observations of {agent.name} to compare")
    return np.column_stack([agent.decision_rewards, agent.observations])


def _first_part(ours: Trace, theirs: Trace, state: int) -> str:
    if ours.part_hashes is None or theirs.part_hashes is None or ours.parts != theirs.parts:
        return "the state of the arena"
    unequal = np.flatnonzero(ours.part_hashes[state] != theirs.part_hashes[state])
    names = [ours.parts[index] for index in unequal[:_SHOWN].tolist()]
    more = f" and {len(unequal) - _SHOWN} more" if len(unequal) > _SHOWN else ""
    return ", ".join(names) + more if names else "the state of the arena"


def _other_settings(recorded: RunConfig, played: RunConfig | None) -> list[str]:
    changes = diff(recorded, settle_like(played, recorded)) if played else []
    what_is_played = ("scenario.", "tasks", "rewards.", "game.action_repeat", "game.physics_hz", "game.episode_steps")
    emptied = ": {} -> (not set)"  # a section that has settings now, each of which is in the list as well
    found = [change for change in changes if change.startswith(what_is_played) and not change.endswith(emptied)]
    return [f"another setting: {change}" for change in found]


def _other_builds(recorded: Build, here: Build) -> list[str]:
    return [
        sentence
        for differs, sentence in (
            (
                recorded.content != here.content,
                f"another build: {recorded.game} {recorded.content} was recorded, {here.game} {here.content} replayed",
            ),
            (recorded.engine != here.engine, f"another engine: Godot {recorded.engine} recorded, {here.engine} here"),
            (recorded.machine != here.machine, f"another machine: {recorded.machine} recorded, {here.machine} here"),
        )
        if differs
    ]


def _same_build(episode: Episode, launch: GameLaunch, first: Trace) -> list[str]:
    """Why an episode differs on the build that it was recorded on; it is played a second time to find out."""
    second = _play(episode, launch)
    assert not isinstance(second, GameError)  # it is raised, since none was recorded
    between = compare(replace(episode, trace=first), second)
    if between is None:
        reason = "two replays are the same, so that the recorded game was in a state that these actions do not give"
        return [reason, *(["it was recorded in real time"] if episode.pace == "real time" else [])]
    found = list(find_clocks(launch.project or OWN_PROJECT)) if launch.env_path is None else []
    where = f": {', '.join(found[:_SHOWN])}" if found else ""
    return [
        f"two replays differ from each other after decision {between.decision}, in {between.what}: the game depends on "
        f"a clock, a thread, or random numbers without a seed{where}"
    ]


def find_clocks(project: Path) -> Iterator[str]:
    """`FILE:LINE CALL` for every call in a project's scripts that may make two runs differ, our addon apart."""
    for path in sorted(project.rglob("*.gd")):
        name = path.relative_to(project).as_posix()
        if name.startswith((f"{ADDON.as_posix()}/", ".godot/")):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if match := _CLOCKS.search(line.partition("#")[0]):
                yield f"{name}:{number} {match[0].strip('.( ')}"
