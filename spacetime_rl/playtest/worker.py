"""A worker of a playtest: it plays numbered episodes, lets oracles look at each, and plays findings again.

Who plays episode n, and in which scene, follows from n alone, so that any worker on any machine may play it.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from spacetime_rl.config import RunConfig
from spacetime_rl.config.playtest import Playtest, PlaytestConfig
from spacetime_rl.contract import assign_policies, make_launch
from spacetime_rl.episodes.build import describe_build
from spacetime_rl.episodes.episode import Control, Episode
from spacetime_rl.episodes.replay import actions_of, compare
from spacetime_rl.errors import ContractError, UserCodeError
from spacetime_rl.evaluation.resolve import resolve_source
from spacetime_rl.evaluation.sources import Source
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import write_surroundings
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.playtest.coverage import cells_of, width_of
from spacetime_rl.playtest.explorer import EXPLORER, Explorer
from spacetime_rl.playtest.findings import Finding
from spacetime_rl.playtest.oracles import Oracle, headline, make_oracles
from spacetime_rl.playtest.outcome import Entry, Outcome
from spacetime_rl.playtest.play import Actions, Seat, Setting
from spacetime_rl.playtest.recorded import Recorded, find_recorded
from spacetime_rl.playtest.repeats import Known
from spacetime_rl.playtest.shorten import shorten
from spacetime_rl.playtest.sighting import Played, Severity, Sighting
from spacetime_rl.playtest.stock_places import problems_with
from spacetime_rl.playtest.watchers import SCRIPT, watched, who_failed, without

_MOST_HANGS = 6  # to shorten one by; each takes the game's whole time limit twice
_OF_WHOLE_EPISODES = ("frame_budget", "growth")  # oracles that need the game to end the episode: it stays as long
_FROM_OUTSIDE = ("crash:SIGKILL", "crash:SIGTERM")  # sent by people or the system; the game's fault if it shows again
_MOST_SEATS = 4  # games that a worker keeps open; each takes about 120 MB


class Worker(Protocol):
    """Plays episodes, on this machine or on another."""

    def check(self) -> Known:
        """Start the game in every scene, where it must take every player. A stock game is probed."""

    def play(self, number: int) -> Outcome:
        """Play an episode. Raises GameError if the game does not start, WorkerLost, and Abandoned."""

    def examine(self, finding: Finding, episode: Episode) -> tuple[Finding, Episode]:
        """Play a finding again from its recording, and shorten it if it shows every time. Raises as `play`."""

    def end(self) -> tuple[Sighting, ...]:
        """End its games after their last episodes. Returns what went wrong in that."""

    def close(self) -> None:
        """End its games."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A playtest that can be played on this machine: its scenes and its players, by name."""

    settings: PlaytestConfig
    scenes: Mapping[str, Setting]
    players: Mapping[str, Source | Recorded]


@contextmanager
def prepare(
    plan: Playtest, results: Path, baseline: str | None = None, stopped: Callable[[], bool] = lambda: False
) -> Iterator[Prepared]:
    """Find the players of a playtest. `baseline` names whose baseline the player of that name is.

    Raises UsageError for a player or an oracle's file that there is not, and GodotNotFound.
    """
    scenes = {name: _setting(config, plan.settings, stopped) for name, config in plan.scenes().items()}
    with scratch_folder("playtest") as folder:
        players: dict[str, Source | Recorded] = {}
        for number, name in enumerate(plan.settings.players):
            place = folder / str(number)
            place.mkdir()
            players[name] = _player(name, plan.settings, results, place, baseline)
        yield Prepared(plan.settings, scenes, players)


def _setting(config: RunConfig, settings: PlaytestConfig, stopped: Callable[[], bool]) -> Setting:
    launch = watched(make_launch(config), settings.oracles)
    build, most = describe_build(launch), config.evaluation.max_decisions
    return Setting(launch, config, build, settings.seed, most, stopped=stopped, places=settings.places)


def _player(
    name: str, settings: PlaytestConfig, results: Path, workspace: Path, baseline: str | None
) -> Source | Recorded:
    if name == EXPLORER:
        return Explorer(settings.explorer.cell)
    return find_recorded(name) or resolve_source(name, results, workspace, baseline=baseline).source


def player_of(settings: PlaytestConfig, number: int) -> str:
    """Who plays an episode."""
    names, weights = zip(*settings.players.items(), strict=True)
    shares = np.array(weights) / sum(weights)
    return str(np.random.default_rng([settings.seed, number]).choice(names, p=shares))


class LocalWorker:
    """A worker in this process, with games of its own. What is `known` of the game was found by another worker."""

    def __init__(self, prepared: Prepared, name: str = "playtest", known: Known | None = None) -> None:
        probes = known.probes if known else {}
        self._settings = known.settings(prepared.settings) if known else prepared.settings
        self._scenes = {scene: replace(setting, probe=probes.get(scene)) for scene, setting in prepared.scenes.items()}
        self._players = prepared.players
        self._name = name
        self._oracles: list[Oracle] = make_oracles(prepared.settings.oracles)
        self._problems: list[str] = []
        self._exit_faults: set[str] = set()  # of games that crashed while they exited
        self._seats: OrderedDict[tuple[str, Control], Seat] = OrderedDict()
        self._shown_scenes: set[str] = set()  # whose surroundings were reported
        self._who: list[str] = []  # plays the episodes from 0 on

    def check(self) -> Known:
        """As `Worker.check`. Raises ContractError for players and settings that do not fit."""
        for scene, setting in self._scenes.items():
            spec = self._seat(scene).game.spec
            plans = assign_policies(spec, setting.config)
            if problems := list(self._problems_with(spec)):
                raise ContractError(problems)
            for name, player in self._players.items():
                if spec.is_stock and name == "heuristic" and len(self._players) > 1:
                    continue  # it is left out
                if isinstance(player, Recorded):
                    for turn, recording in enumerate(player.episodes):
                        if self._scene_of_recording(recording, scene) == scene:
                            player.check(spec, turn)
                else:
                    player.make_actors(spec, plans, setting.seed, stochastic=False)
        first = next(iter(self._scenes))
        build = replace(self._scenes[first].build, game=self._seat(first).game.spec.scenario)
        probes = {scene: self._seat(scene).probe() for scene in self._scenes}
        return Known(build, {scene: probe for scene, probe in probes.items() if probe is not None})

    def _problems_with(self, spec: GameSpec) -> Iterator[str]:
        yield from problems_with(spec, self._settings.places)
        if not spec.is_stock:
            return
        if EXPLORER in self._players and not self._settings.places:
            yield f"the player {EXPLORER}: {spec.scenario} is a stock game; playtest.places has to say where agents are"
        for path in self._settings.oracles.custom:
            if path.endswith(SCRIPT):
                yield f"playtest.oracles.custom: {path}: {spec.scenario} is a stock game, which takes no scripts"

    def play(self, number: int) -> Outcome:
        """As `Worker.play`."""
        scene = list(self._scenes)[number % len(self._scenes)]
        name = player_of(self._settings, number)
        player = self._players[name]
        if isinstance(player, Recorded):
            turn = self._turn_of(number)
            scene = self._scene_of_recording(player.recording(turn), scene)
            played = player.play(self._seat(scene), self._scenes[scene], number, turn)
        else:
            played = self._seat(scene, player.control).play(number, player)
        sightings = self._sightings(scene, played)
        every = self._settings.oracles.not_repeatable
        probe = self._scenes[scene].probe
        repeats = probe is None or probe.repeats != "no"
        if not repeats:  # no replay can show that it was the game's fault
            sightings = [replace(s, severity="warning") if s.key in _FROM_OUTSIDE else s for s in sightings]
        if every and repeats and played.fault is None and number % every == 0:
            sightings += self._unrepeatable(scene, played)
        episode = played.episode
        explorer = self._players.get(EXPLORER)
        if isinstance(explorer, Explorer):
            explorer.learn(episode)
        entry = replace(_entry(number, name, episode), scene=scene)
        problems, self._problems = tuple(self._problems), []
        seen = episode if sightings else None
        log = str(played.fault) if played.fault else ""
        around = None
        if played.fault is None and scene not in self._shown_scenes:
            self._shown_scenes.add(scene)
            around = write_surroundings(episode.trace)
        return Outcome(entry, tuple(sightings), seen, log, around, problems)

    def examine(self, finding: Finding, episode: Episode) -> tuple[Finding, Episode]:
        """As `Worker.examine`."""
        key, scene, seat = finding.sighting.key, finding.scene, self._seat(finding.scene)

        def again(actions: Sequence[Actions], whole: bool = False) -> Played:
            return seat.replay_actions(episode, actions, whole)

        def shows(actions: Sequence[Actions]) -> int | None:
            return self._shown_after(key, scene, again(actions))

        def shows_alone(actions: Sequence[Actions]) -> int | None:
            shown = shows(actions)  # an earlier try in the same game may have left something behind that fails now
            return shows(actions[: max(1, shown)]) if shown is not None and episode.fault else shown

        recorded = actions_of(episode, seat.game.spec)[: max(1, finding.sighting.decision)]
        actions = recorded
        if episode.control == "heuristic":
            guess = next((guess for guess in _guesses(recorded) if shows(guess) is not None), None)
            if guess is None:
                return self._examine_by_scripts(finding, episode), episode
            actions = guess
        tried = self._settings.reproduce
        shown_again = sum(shows(actions) is not None for _ in range(tried))
        finding = replace(finding, replays=(shown_again, tried))
        if not shown_again and tried and key in _FROM_OUTSIDE:
            finding = replace(finding, sighting=replace(finding.sighting, severity="warning"))
        if 0 < shown_again == tried and self._settings.shorten and finding.sighting.oracle not in _OF_WHOLE_EPISODES:
            replays = self._settings.shorten
            restarts = replays / _MOST_HANGS if finding.sighting.oracle == "hang" else 2.0 if episode.fault else 0.0
            actions = shorten(actions, shows_alone, replays, at_showing=restarts)
        if actions is recorded and episode.control == "policy":
            return finding, episode
        kept = again(actions, whole=True)
        sighting = next((found for found in self._sightings(scene, kept) if found.key == key), None)
        if sighting is None:
            return finding, episode
        return replace(finding, sighting=sighting, decisions=kept.episode.decisions), kept.episode

    def _examine_by_scripts(self, finding: Finding, episode: Episode) -> Finding:
        """Let the game's own scripts play an episode again whose last action is not known."""
        scripts, key = self._seat(finding.scene, "heuristic"), finding.sighting.key
        shown = [
            self._shown_after(key, finding.scene, scripts.replay(episode)) is not None
            for _ in range(self._settings.reproduce)
        ]
        return replace(finding, replays=(sum(shown), len(shown)))

    def end(self) -> tuple[Sighting, ...]:
        """As `Worker.end`."""
        self.close()
        return tuple(
            Sighting("exit_crash", fault, "warning", f"the game crashed while it exited: {fault.partition(':')[2]}", 0)
            for fault in sorted(self._exit_faults)
            if self._settings.oracles.exit_crash
        )

    def close(self) -> None:
        """As `Worker.close`."""
        while self._seats:
            self._close(self._seats.popitem()[1])

    def _close(self, seat: Seat) -> None:
        seat.close()
        self._exit_faults |= {seat.exit_fault} - {""}

    def _turn_of(self, number: int) -> int:
        """How many episodes before this one have the same player."""
        self._who += [player_of(self._settings, earlier) for earlier in range(len(self._who), number + 1)]
        return self._who[:number].count(self._who[number])

    def _scene_of_recording(self, recording: Episode, otherwise: str) -> str:
        """The scene that an episode was recorded in, if the plan has it."""
        where = (recording.config.scenario, recording.config.game.scene)
        scenes = self._scenes.items()
        same = (name for name, setting in scenes if (setting.config.scenario, setting.config.game.scene) == where)
        return next(same, otherwise)

    def _seat(self, scene: str, control: Control = "policy") -> Seat:
        """The seat for a scene; of too many, the one that was not used for longest is closed."""
        seat = self._seats.pop((scene, control), None)
        while seat is None and len(self._seats) >= _MOST_SEATS:
            self._close(self._seats.popitem(last=False)[1])
        seat = seat or Seat(self._scenes[scene], control, f"{self._name}-{control}")
        self._seats[scene, control] = seat
        return seat

    def _sightings(self, scene: str, played: Played) -> list[Sighting]:
        """What the oracles report. If a user's own oracle fails, it is reported and not asked again."""
        broken = who_failed(played, self._scenes[scene].launch)
        if broken is not None:
            self._leave_out(broken, played)
            return []
        found: list[Sighting] = []
        for oracle in list(self._oracles):
            try:
                found += oracle.examine(played)
            except UserCodeError as error:
                self._oracles.remove(oracle)
                self._problems.append(str(error))
        return [_in_scene(scene, sighting, played) for sighting in found]

    def _leave_out(self, oracle: Path, played: Played) -> None:
        """Play on without an oracle of the user's own that failed in the game, in new games."""
        assert played.fault is not None
        self._problems.append(f"the oracle {oracle.name} failed: {headline(played.fault)}")
        self.close()
        self._scenes = {
            name: replace(setting, launch=without(oracle, setting.launch)) for name, setting in self._scenes.items()
        }

    def _shown_after(self, key: str, scene: str, played: Played) -> int | None:
        """After how many decisions an episode showed a finding; None if it did not."""
        return next((sighting.decision for sighting in self._sightings(scene, played) if sighting.key == key), None)

    def _unrepeatable(self, scene: str, played: Played) -> list[Sighting]:
        again = self._seat(scene).replay(played.episode)
        difference = None if again.fault else compare(played.episode, again.episode.trace)
        if difference is None:
            return []
        message = f"the same actions gave another result after decision {difference.decision}: {difference.what}"
        key = f"not_repeatable:{difference.what.partition(':')[0]}"
        severity: Severity = "error" if self._scenes[scene].probe is None else "warning"  # a stock game need not repeat
        return [_in_scene(scene, Sighting("not_repeatable", key, severity, message, difference.decision), again)]


def _guesses(actions: list[Actions]) -> Iterator[list[Actions]]:
    """What scripts may have done up to a fault: their last action is not known, and may be like the one before it."""
    yield actions
    for more in (1, 4) if len(actions) > 1 else ():
        yield [*actions[:-1], *([actions[-2]] * more)]


def _in_scene(scene: str, sighting: Sighting, played: Played) -> Sighting:
    """The same with the scene in its key. A fault is known by its cause alone, whatever scene it is seen in."""
    of_place = scene and not (played.fault and sighting.key == played.fault.fault)
    return replace(sighting, key=f"{scene}/{sighting.key}") if of_place else sighting


def _entry(number: int, player: str, episode: Episode) -> Entry:
    reporting: Counter[str] = Counter()
    succeeded: Counter[str] = Counter()
    cells: set[str] = set()
    width = width_of(episode.trace)
    for agent in episode.trace.agents:
        cells |= cells_of(agent.positions, width)
        success = episode.metrics.get(agent.name, {}).get("success")
        if success is not None:
            reporting[agent.policy] += 1
            succeeded[agent.policy] += success >= 1.0
    return Entry(number, player, episode.decisions, "", dict(reporting), dict(succeeded), tuple(sorted(cells)), width)
