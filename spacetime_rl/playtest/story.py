"""The story of a playtest: players play numbered episodes, oracles look at each, and what is found is kept.

Every finding is saved as soon as it is seen, and then played again from its recording, shortened and described, so
that an interruption loses nothing. Read `Playing.play` first.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from spacetime_rl.config.playtest import Playtest
from spacetime_rl.contract import assign_policies, make_launch
from spacetime_rl.episodes.build import describe_build
from spacetime_rl.episodes.episode import Build
from spacetime_rl.episodes.replay import actions_of, compare
from spacetime_rl.errors import UsageError, UserCodeError
from spacetime_rl.evaluation.resolve import resolve_source
from spacetime_rl.evaluation.sources import Source
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.playtest.findings import Finding, Store, name_of
from spacetime_rl.playtest.oracles import Map, make_oracles
from spacetime_rl.playtest.play import Actions, Seat, Setting
from spacetime_rl.playtest.shorten import shorten
from spacetime_rl.playtest.sighting import Played, Sighting

Show = Callable[[str], None]

_LINE_EVERY_S = 10.0


@dataclass(slots=True)
class Tally:
    """What one player did: how many episodes and decisions, how often each policy succeeded, and where it was."""

    episodes: int = 0
    decisions: int = 0
    reporting: Counter[str] = field(default_factory=Counter)  # by policy: agents' episodes that report success
    succeeded: Counter[str] = field(default_factory=Counter)
    cells: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class PlaytestReport:
    """What a playtest played and found. `seen` are the findings of this playtest, in the order of their names."""

    game: str
    build: Build
    seed: int
    minutes: float
    players: dict[str, Tally]
    seen: tuple[Finding, ...]
    interrupted: bool = False
    problems: tuple[str, ...] = ()  # oracles of the user's own that failed

    @property
    def failed(self) -> bool:
        """Whether something new and severe was found."""
        return any(finding.counts for finding in self.seen)

    @property
    def cells(self) -> set[str]:
        """The map cells that any player reached."""
        return set().union(*(tally.cells for tally in self.players.values()))


def run_playtest(
    wanted: Playtest, store: Store, results: Path, show: Show = lambda _: None, baseline: str | None = None
) -> PlaytestReport:
    """Play a build, and keep what is found in `store`. `baseline` names whose baseline the player of that name is.

    Ctrl-C ends the play; what was found until then is reported. Raises UsageError, ContractError for players that do
    not fit the game, and GameError if the game does not start.
    """
    launch = make_launch(wanted.config)
    setting = Setting(
        launch, wanted.config, describe_build(launch), wanted.settings.seed, wanted.config.evaluation.max_decisions
    )
    with scratch_folder("playtest") as folder:
        sources = {}
        for number, name in enumerate(wanted.settings.players):
            place = folder / str(number)
            place.mkdir()
            sources[name] = resolve_source(name, results, place, baseline=baseline).source
        playing = Playing(wanted, setting, sources, store, show)
        interrupted = playing.play()
    return playing.report(interrupted)


class Playing:
    """A playtest while it goes on; several threads play, each on a game of its own."""

    def __init__(
        self, wanted: Playtest, setting: Setting, sources: dict[str, Source], store: Store, show: Show
    ) -> None:
        self._settings = wanted.settings
        self._setting = setting
        self._sources = sources
        self._store = store
        self._show = show
        self._oracles = make_oracles(wanted.settings.oracles)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._begun = 0  # episodes
        self._began_at = time.monotonic()
        self._shown_s = 0.0
        self._problems: list[str] = []
        self._tallies = {name: Tally() for name in sources}
        self._seen: dict[str, Finding] = {}

    def play(self) -> bool:
        """Play until the episodes or the minutes are over. Returns whether the user interrupted it."""
        self._check_game()
        interrupted = False
        with ThreadPoolExecutor(self._settings.games) as pool:
            futures = [pool.submit(self._play_episodes, number) for number in range(self._settings.games)]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            except KeyboardInterrupt:
                interrupted = True
            finally:
                self._stop.set()
        for future in futures:
            future.result()
        if self._settings.oracles.never_reached and not interrupted:
            self._look_for_what_nobody_reached()
        return interrupted

    def report(self, interrupted: bool) -> PlaytestReport:
        """What was played and found so far."""
        minutes = (time.monotonic() - self._began_at) / 60.0
        seen = tuple(self._seen[name] for name in sorted(self._seen))
        game = next((finding.game for finding in seen), self._game)
        problems = tuple(self._problems)
        seed = self._settings.seed
        return PlaytestReport(game, self._setting.build, seed, minutes, self._tallies, seen, interrupted, problems)

    def _check_game(self) -> None:
        """Start the game once: it must have our addon, and take every player."""
        with Seat(self._setting) as seat:
            spec = seat.game.spec
            if spec.is_stock:
                raise UsageError(f"{spec.scenario}: a stock game does not say what happened; it cannot be playtested")
            plans = assign_policies(spec, self._setting.config)
            for source in self._sources.values():
                source.make_actors(spec, plans, self._setting.seed, stochastic=False)
        self._game = spec.scenario

    def _play_episodes(self, game: int) -> None:
        with ExitStack() as seats:
            policy = seats.enter_context(Seat(self._setting, "policy", f"playtest-{game}"))
            heuristic = seats.enter_context(Seat(self._setting, "heuristic", f"playtest-{game}-scripts"))
            while (number := self._next()) is not None:
                name = self._player_of(number)
                source = self._sources[name]
                seat = heuristic if source.control == "heuristic" else policy
                self._take(name, seat.play(number, source), policy)

    def _next(self) -> int | None:
        """The number of the next episode; None when it is time to end."""
        with self._lock:
            over = time.monotonic() - self._began_at > self._settings.minutes * 60.0
            if over or self._stop.is_set() or self._begun == self._settings.episodes:
                return None
            self._begun += 1
            return self._begun - 1

    def _player_of(self, number: int) -> str:
        names, weights = zip(*self._settings.players.items(), strict=True)
        shares = np.array(weights) / sum(weights)
        return str(np.random.default_rng([self._settings.seed, number]).choice(names, p=shares))

    def _take(self, player: str, played: Played, seat: Seat) -> None:
        episode = played.episode
        with self._lock:
            tally = self._tallies[player]
            tally.episodes += 1
            tally.decisions += episode.decisions
            for agent in episode.trace.agents:
                tally.cells |= Map(episode.trace).cells(agent.positions)
                success = episode.metrics.get(agent.name, {}).get("success")
                if success is not None:
                    tally.reporting[agent.policy] += 1
                    tally.succeeded[agent.policy] += success >= 1.0
        for sighting in self._sightings(played):
            self._note(player, played, sighting, seat)
        every = self._settings.oracles.not_repeatable
        if every and played.fault is None and episode.trace.episode % every == 0:
            self._look_whether_it_repeats(player, played, seat)
        with self._lock:
            done, found = sum(tally.episodes for tally in self._tallies.values()), len(self._seen)
            elapsed_s = time.monotonic() - self._began_at
            due = elapsed_s - self._shown_s >= _LINE_EVERY_S
            self._shown_s = elapsed_s if due else self._shown_s
        if due:
            self._show(f"episodes={done} findings={found} elapsed_s={elapsed_s:.0f}")

    def _sightings(self, played: Played) -> list[Sighting]:
        """What the oracles report. If a user's own oracle fails, it is reported and not asked again."""
        found: list[Sighting] = []
        for oracle in list(self._oracles):
            try:
                found += oracle.examine(played)
            except UserCodeError as error:
                with self._lock:
                    if oracle in self._oracles:
                        self._oracles.remove(oracle)
                        self._problems.append(str(error))
                self._show(f"{error}; it is left out from now on")
        return found

    def _note(self, player: str, played: Played | None, sighting: Sighting, seat: Seat | None) -> None:
        """Keep a sighting; the first one of its kind is played again, shortened and described."""
        name = name_of(sighting)
        with self._lock:
            if name in self._seen:
                self._seen[name] = replace(self._seen[name], seen=self._seen[name].seen + 1)
                return
            finding = self._new_finding(name, player, played, sighting)
            self._seen[name] = finding
            self._store.save(finding, played.episode if played else None)
        self._show(f"found {sighting.severity} {name}: {sighting.message}")
        if played is None or seat is None:
            return
        examined, kept = self._examine_again(finding, played, seat)
        with self._lock:
            self._seen[name] = replace(examined, seen=self._seen[name].seen)
            self._store.save(self._seen[name], kept.episode)
        self._show(f"{name}: {examined.reproduces}, {examined.decisions} of {examined.recorded_decisions} decisions")

    def _new_finding(self, name: str, player: str, played: Played | None, sighting: Sighting) -> Finding:
        earlier = next((finding for finding in self._store if finding.name == name), None)
        content = self._setting.build.content
        builds = (*(earlier.builds if earlier else ()), content)
        decisions = played.episode.decisions if played else 0
        return Finding(
            sighting=sighting,
            game=self._game,
            player=player,
            seed=self._settings.seed,
            episode=played.episode.trace.episode if played else -1,
            state=earlier.state if earlier else "new",
            builds=tuple(dict.fromkeys(builds)),
            first_seen=earlier.first_seen if earlier else datetime.now().astimezone().isoformat(timespec="seconds"),
            decisions=decisions,
            recorded_decisions=decisions,
            log=str(played.fault) if played and played.fault else "",
        )

    def _examine_again(self, finding: Finding, played: Played, seat: Seat) -> tuple[Finding, Played]:
        """Play a finding again from its recording, and shorten it if it shows every time."""
        key = finding.sighting.key
        if played.episode.control == "heuristic":
            by_hand = replace(played, episode=replace(played.episode, control="policy"))
            if not self._shows(
                key, seat.replay(by_hand.episode)
            ):  # it takes the scripts' last action, which is not known
                with Seat(self._setting, "heuristic", "playtest-again") as seat_of_scripts:
                    again_played = [seat_of_scripts.replay(played.episode) for _ in range(self._settings.reproduce)]
                shown = sum(self._shows(key, one) for one in again_played)
                return replace(finding, replays=(shown, len(again_played))), played
            played = by_hand

        def again(actions: Sequence[Actions], whole: bool = False) -> Played:
            return seat.replay_actions(played.episode, actions, whole)

        actions = actions_of(played.episode, seat.game.spec)[: max(1, finding.sighting.decision)]
        tried = self._settings.reproduce
        shown = sum(self._shows(key, again(actions)) for _ in range(tried))
        finding = replace(finding, replays=(shown, tried))
        if shown < tried or not tried or not self._settings.shorten or finding.sighting.oracle == "hang":
            return finding, played  # a hang takes the game's whole time limit to show
        shortest = shorten(actions, lambda some: self._shows(key, again(some)), self._settings.shorten)
        kept = again(shortest, whole=True)
        if not self._shows(key, kept):
            return finding, played
        sighting = next(found for found in self._sightings(kept) if found.key == key)
        return replace(finding, sighting=sighting, decisions=kept.episode.decisions), kept

    def _shows(self, key: str, played: Played) -> bool:
        return any(sighting.key == key for sighting in self._sightings(played))

    def _look_whether_it_repeats(self, player: str, played: Played, seat: Seat) -> None:
        again = seat.replay(played.episode)
        difference = None if again.fault else compare(played.episode, again.episode.trace)
        if difference is not None:
            message = f"the same actions gave another result after decision {difference.decision}: {difference.what}"
            key = f"not_repeatable:{difference.what.partition(':')[0]}"
            self._note(player, played, Sighting("not_repeatable", key, "error", message, difference.decision), None)

    def _look_for_what_nobody_reached(self) -> None:
        reporting: Counter[str] = sum((tally.reporting for tally in self._tallies.values()), Counter())
        succeeded: Counter[str] = sum((tally.succeeded for tally in self._tallies.values()), Counter())
        for policy, tried in reporting.items():
            if not succeeded[policy]:
                players = ", ".join(self._tallies)
                message = f"no {policy} succeeded in {tried} tries of {players}"
                sighting = Sighting("never_reached", f"never_reached:{policy}", "warning", message, 0)
                self._note(players, None, sighting, None)
