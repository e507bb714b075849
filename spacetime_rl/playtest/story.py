"""The story of a playtest: players play numbered episodes, oracles look at each, and what is found is kept.

Every episode that is over is in the journal, and every finding is saved as soon as it is seen and then played again,
shortened and described. So an end at any moment loses nothing, and another process may go on. Read `Playing.play`
first.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.config.playtest import Playtest, PlaytestConfig
from spacetime_rl.episodes.episode import Build, Episode
from spacetime_rl.episodes.files import read_episode
from spacetime_rl.errors import GameError, SpacetimeError, WorkerLost
from spacetime_rl.host import signals
from spacetime_rl.playtest.coverage import Coverage, resized
from spacetime_rl.playtest.findings import Finding, Store, name_of
from spacetime_rl.playtest.journal import Journal
from spacetime_rl.playtest.outcome import Entry, Outcome
from spacetime_rl.playtest.play import Abandoned
from spacetime_rl.playtest.repeats import Known
from spacetime_rl.playtest.sighting import Sighting
from spacetime_rl.playtest.worker import LocalWorker, Worker, prepare

Show = Callable[[str], None]
OpenWorker = Callable[[int, Known | None], Worker]  # makes the worker of a thread, by what is known of the game
Workers = Callable[[Playtest, Path, str | None, threading.Event], AbstractContextManager[OpenWorker]]

_UPDATE_S = 1.0  # between two reports of progress
_MOST_FAILURES = 3  # in a row, of a worker whose game does not start, or which is lost


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a playtest is. `wanted` is None if only its time is limited."""

    episodes: int
    wanted: int | None
    cells: int
    findings: int
    failing: int  # findings that make the playtest fail
    elapsed_s: float
    left_s: float  # until the episodes are played or the time is over, whatever comes first


ShowProgress = Callable[[Progress], None]


@dataclass(slots=True)
class Tally:
    """What one player did: how many episodes and decisions, how often each policy succeeded, and where it was."""

    episodes: int = 0
    decisions: int = 0
    reporting: Counter[str] = field(default_factory=Counter)  # by policy: agents' episodes that report success
    succeeded: Counter[str] = field(default_factory=Counter)
    cells: dict[str, set[str]] = field(default_factory=dict)  # by scene

    @property
    def reached(self) -> int:
        """The number of map cells in all scenes."""
        return sum(map(len, self.cells.values()))

    def add(self, entry: Entry, cells: set[str]) -> None:
        """Count an episode, in which these map cells were reached."""
        self.episodes += 1
        self.decisions += entry.decisions
        self.reporting.update(entry.reporting)
        self.succeeded.update(entry.succeeded)
        self.cells.setdefault(entry.scene, set()).update(cells)


@dataclass(frozen=True, slots=True)
class PlaytestReport:
    """What a playtest played and found. `seen` are the findings of this playtest, in the order of their names."""

    game: str
    build: Build
    seed: int
    minutes: float
    players: dict[str, Tally]
    seen: tuple[Finding, ...]
    store: Path  # the folder of the findings
    coverage: Coverage = field(default_factory=Coverage)  # of this playtest and those before it
    interrupted: bool = False
    problems: tuple[str, ...] = ()  # oracles of the user's own that failed, workers that did, and the error
    error: SpacetimeError | None = None  # that ended the play
    said: tuple[str, ...] = ()  # whether a stock game replays, and who cannot play it

    @property
    def failed(self) -> bool:
        """Whether something new and severe was found."""
        return any(finding.counts for finding in self.seen)

    @property
    def verdict(self) -> str:
        """The result in words."""
        words = "failed: something new is broken" if self.failed else "nothing new is broken"
        ended = " (interrupted)" if self.interrupted else " (an error ended it)" if self.error else ""
        return words + ended

    @property
    def cells(self) -> dict[str, set[str]]:
        """The map cells that any player reached, by scene."""
        return all_cells(self.players.values())

    def reachable(self, scene: str) -> set[str]:
        """The map cells that any player has reached in this or an earlier playtest."""
        earlier = self.coverage.scenes.get(scene)
        return self.cells.get(scene, set()) | (earlier.reachable if earlier else set())


def all_cells(tallies: Iterable[Tally]) -> dict[str, set[str]]:
    """The map cells of several players, by scene."""
    found: dict[str, set[str]] = {}
    for tally in tallies:
        for scene, cells in tally.cells.items():
            found.setdefault(scene, set()).update(cells)
    return found


@contextmanager
def local_workers(plan: Playtest, results: Path, baseline: str | None, stop: threading.Event) -> Iterator[OpenWorker]:
    """Workers in this process."""
    with prepare(plan, results, baseline, stop.is_set) as prepared:
        yield lambda index, known: LocalWorker(prepared, f"playtest-{index}", known)


def run_playtest(
    plan: Playtest,
    open_journal: Callable[[Build], Journal],
    store: Store,
    results: Path,
    baseline: str | None = None,
    show: Show = lambda _: None,
    show_progress: ShowProgress = lambda _: None,
    workers: Workers = local_workers,
) -> PlaytestReport:
    """Play a build, and keep what is found in `store`. `baseline` names whose baseline the player of that name is.

    `open_journal` begins the journal of this build, or opens an earlier one to go on. A signal ends the play; what was
    found until then is reported. Raises UsageError, ContractError for players that do not fit the game, and GameError
    if the game does not start.
    """
    stop = threading.Event()
    with workers(plan, results, baseline, stop) as open_worker:
        with closing(open_worker(0, None)) as first:
            known = first.check()
        for sentence in known.sentences(plan.settings):
            show(sentence)
        journal = open_journal(known.build)
        return Playing(plan.settings, journal, store, stop, show, show_progress, known).play(open_worker)


class Playing:
    """A playtest while it goes on; several threads have a worker each."""

    def __init__(
        self,
        settings: PlaytestConfig,
        journal: Journal,
        store: Store,
        stop: threading.Event,
        show: Show = lambda _: None,
        show_progress: ShowProgress = lambda _: None,
        known: Known | None = None,
    ) -> None:
        self._known = known or Known(journal.head.build)
        self._said = self._known.sentences(settings)
        self._settings = settings = self._known.settings(settings)
        self._journal = journal
        self._build = journal.head.build
        self._store = store
        self._stop = stop
        self._show = show
        self._show_progress = show_progress
        self._lock = threading.Lock()
        self._interrupted = False
        self._began_at = time.monotonic() - journal.elapsed_s
        self._playing = False  # a worker is there
        self._number = 0  # of the next episode
        self._returned: list[int] = []  # episodes that a worker could not play
        self._played: set[int] = set()
        self._tallies = {name: Tally() for name in settings.players}
        self._seen: dict[str, Finding] = {}
        self._unexamined: list[str] = []  # findings that are to be played again
        self._sooner: dict[str, tuple[Finding, Episode]] = {}  # known findings, in an episode that shows them sooner
        self._problems: list[str] = []
        self._lost: list[SpacetimeError] = []  # why threads ended before the end
        self._folder = Path(journal.head.store)
        self._coverage = Coverage.read(self._folder)
        self._around: dict[str, Mapping[str, Any]] = {}  # what stands in each scene
        self._remember()

    def play(self, open_worker: OpenWorker) -> PlaytestReport:
        """Play until the episodes or the minutes are over, or a signal comes. The report has an error that ended it."""
        error = None
        try:
            self._play(open_worker)
            for finding in list(self._seen.values()):
                self._save(finding)
            self._cover()
            if not self._played and not self._interrupted:
                self._problems.append(f"no episode came to its end within {self._settings.minutes:g} minutes")
            if not self._interrupted:
                if self._settings.oracles.never_reached:
                    self._look_for_what_nobody_reached()
                self._journal.end(self._elapsed_s)
        except SpacetimeError as found:
            error = found
        minutes = self._elapsed_s / 60.0
        seen = tuple(self._seen[name] for name in sorted(self._seen))
        return PlaytestReport(
            self._build.game,
            self._build,
            self._settings.seed,
            minutes,
            self._tallies,
            seen,
            self._folder,
            self._coverage,
            self._interrupted,
            (*self._problems, *([error.headline] if error else [])),
            error,
            self._said,
        )

    def _play(self, open_worker: OpenWorker) -> None:
        games = self._settings.games
        with ThreadPoolExecutor(games) as pool, signals.gently(self._interrupt):
            futures = [pool.submit(self._work, open_worker, index) for index in range(games)]
            try:
                self._watch(futures)
            finally:
                self._stop.set()
        for future in futures:
            future.result()
        if self._lost and (len(self._lost) == games or self._returned) and not self._interrupted:
            raise self._lost[0]
        self._problems += [f"a worker failed: {error.headline}" for error in self._lost]

    def _watch(self, futures: Iterable[Future[None]]) -> None:
        """Wait for the threads, or for the first one that raises an error."""
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=_UPDATE_S, return_when=FIRST_EXCEPTION)
            if any(future.exception() for future in done):
                return
            self._show_progress(self._progress())

    def _interrupt(self) -> None:
        self._interrupted = True
        self._stop.set()
        self._show(f"{signals.words()}; writing the report")

    def _work(self, open_worker: OpenWorker, index: int) -> None:
        """Play episodes with one worker, which is replaced if it fails."""
        failures: list[SpacetimeError] = []
        while len(failures) < _MOST_FAILURES:
            try:
                with closing(open_worker(index, self._known)) as worker:
                    self._start_clock()
                    while self._play_next(worker):
                        failures.clear()
                    for sighting in worker.end():
                        self._note_of_game(sighting)
                return
            except Abandoned:
                return
            except (GameError, WorkerLost) as failure:
                failures.append(failure)
                self._show(f"worker {index}: {failure.headline}")
        with self._lock:
            self._lost.append(failures[-1])

    def _start_clock(self) -> None:
        """Count the minutes from when the first worker is there: on a cluster, that may take a while."""
        with self._lock:
            if not self._playing:
                self._playing = True
                self._began_at = time.monotonic() - self._journal.elapsed_s

    def _play_next(self, worker: Worker) -> bool:
        """Examine a finding, or play the next episode. Returns whether there was one."""
        name, number = self._next_finding(), None
        if name is None:
            number = self._next()
        if name is None and number is None:
            return False
        try:
            if name is not None:
                self._examine(worker, name)
            else:
                assert number is not None
                self._take(worker.play(number))
        except BaseException:  # another worker, or another process, may do it
            with self._lock:
                if name is not None:
                    self._unexamined.append(name)
                elif number not in self._played and number is not None:
                    self._returned.append(number)
            raise
        return True

    def _next_finding(self) -> str | None:
        with self._lock:
            return self._unexamined.pop(0) if self._unexamined and not self._stop.is_set() else None

    def _next(self) -> int | None:
        """The number of the next episode; None when it is time to end."""
        with self._lock:
            if self._stop.is_set() or self._left_s <= 0.0:
                return None
            if self._returned:
                return self._returned.pop()
            while self._number in self._played:
                self._number += 1
            if self._number == self._settings.episodes:
                return None
            self._number += 1
            return self._number - 1

    def _take(self, outcome: Outcome) -> None:
        """Keep what became of an episode."""
        with self._lock:
            names = dict.fromkeys(name_of(sighting) for sighting in outcome.sightings)
            new = {name_of(sighting): sighting for sighting in outcome.sightings if name_of(sighting) not in self._seen}
            self._seen |= {name: self._new_finding(sighting, outcome) for name, sighting in new.items()}
            entry = replace(outcome.entry, found=tuple(names))
            self._count(entry)
            if outcome.around is not None:
                self._around.setdefault(entry.scene, outcome.around)
            for name in new:
                self._store.save(self._seen[name], outcome.episode)
            self._journal.add(entry, self._elapsed_s)
            self._unexamined += [name for name in new if self._is_to_be_examined(name)]
            sooner = self._shown_sooner(outcome)
            self._unexamined += list(sooner)
            self._sooner |= sooner
            problems = [problem for problem in outcome.problems if problem not in self._problems]
            self._problems += problems
        for problem in problems:
            self._show(f"{problem}; it is left out from now on")
        for name, sighting in new.items():
            self._show(f"found {sighting.severity} {name}: {sighting.message}")

    def _count(self, entry: Entry) -> None:
        self._played.add(entry.number)
        cells = resized(entry.cells, entry.width, self._coverage.width(entry.scene, entry.width))
        self._tallies.setdefault(entry.player, Tally()).add(entry, cells)
        for name in entry.found:
            if name in self._seen:
                self._seen[name] = replace(self._seen[name], seen=self._seen[name].seen + 1)

    def _remember(self) -> None:
        """Take up what the journal has of earlier processes."""
        known = {finding.name: finding for finding in self._store}
        for entry in self._journal.entries:
            self._seen |= {
                name: replace(known[name], seen=0) for name in entry.found if name in known.keys() - self._seen
            }
            self._count(entry)
        self._unexamined = [name for name in self._seen if self._is_to_be_examined(name)]

    def _is_to_be_examined(self, name: str) -> bool:
        finding = self._seen[name]
        tried = finding.replays is not None or finding.untried
        return not tried and finding.episode >= 0 and finding.sighting.oracle != "not_repeatable"

    def _shown_sooner(self, outcome: Outcome) -> dict[str, tuple[Finding, Episode]]:
        """Examined findings that this episode shows in less than half the decisions: a better one to shorten."""
        if outcome.episode is None or not self._settings.shorten:
            return {}
        found = {}
        for sighting in outcome.sightings:
            known = self._seen[name_of(sighting)]
            is_examined = known.replays is not None and known.name not in self._sooner
            if is_examined and 2 * sighting.decision < known.sighting.decision:
                found[known.name] = (self._new_finding(sighting, outcome), outcome.episode)
        return found

    def _examine(self, worker: Worker, name: str) -> None:
        file = self._store.fetch(name)[1]
        if file is None:
            return
        known, sooner = self._seen[name], self._sooner.get(name)
        examined, kept = worker.examine(*(sooner or (known, read_episode(file))))
        with self._lock:
            if sooner is not None:
                del self._sooner[name]
                shown = examined.replays[0] if examined.replays else 0
                if shown < max(1, known.replays[0] if known.replays else 0):
                    return  # the recording that is kept is more reliable
                examined = replace(examined, state=known.state, recorded_decisions=known.recorded_decisions)
            self._save(replace(examined, seen=self._seen[name].seen), kept)
        self._show(f"{name}: {examined.reproduces}, {examined.decisions} of {examined.recorded_decisions} decisions")

    def _save(self, finding: Finding, episode: Episode | None = None) -> None:
        self._store.save(finding, episode)
        self._seen[finding.name] = finding

    def _new_finding(self, sighting: Sighting, outcome: Outcome | None, player: str = "") -> Finding:
        earlier = next((finding for finding in self._store if finding.name == name_of(sighting)), None)
        builds = (*(earlier.builds if earlier else ()), self._build.content)
        episode = outcome.episode if outcome else None
        decisions = episode.decisions if episode else 0
        return Finding(
            sighting=sighting,
            game=self._build.game,
            player=outcome.entry.player if outcome else player,
            seed=episode.seed if episode else self._settings.seed,
            episode=episode.trace.episode if episode else -1,
            scene=outcome.entry.scene if outcome else "",
            state=earlier.state if earlier else "new",
            builds=tuple(dict.fromkeys(builds)),
            seen=0 if outcome else 1,
            first_seen=earlier.first_seen if earlier else datetime.now().astimezone().isoformat(timespec="seconds"),
            decisions=decisions,
            recorded_decisions=decisions,
            log=outcome.log if outcome else "",
            untried=self._why_untried(sighting, outcome.entry.scene) if outcome else "",
        )

    def _why_untried(self, sighting: Sighting, scene: str) -> str:
        if metrics.is_wall_clock(sighting.key.partition(":")[2]):
            return "it depends on the clock or on threads, not on what was played"
        probe = self._known.probes.get(scene)
        return "the game does not replay" if probe is not None and probe.repeats == "no" else ""

    def _cover(self) -> None:
        """Add to the coverage of earlier playtests what was reached in this one."""
        for scene in all_cells(self._tallies.values()):
            players = {name: tally.cells.get(scene, set()) for name, tally in self._tallies.items()}
            self._coverage.add(scene, self._build.content, self._around.get(scene), players)
        self._coverage.save(self._folder)

    def _look_for_what_nobody_reached(self) -> None:
        reporting: Counter[str] = sum((tally.reporting for tally in self._tallies.values()), Counter())
        succeeded: Counter[str] = sum((tally.succeeded for tally in self._tallies.values()), Counter())
        for policy, tried in reporting.items():
            if not succeeded[policy]:
                message = f"no {policy} succeeded in {tried} tries of {', '.join(self._tallies)}"
                self._note_of_game(Sighting("never_reached", f"never_reached:{policy}", "warning", message, 0))

    def _note_of_game(self, sighting: Sighting) -> None:
        """Keep what was seen of the game as a whole, in no single episode."""
        name = name_of(sighting)
        with self._lock:
            if name in self._seen:
                return
            self._save(self._new_finding(sighting, None, ", ".join(self._tallies)))
        self._show(f"found {sighting.severity} {name}: {sighting.message}")

    @property
    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began_at

    @property
    def _left_s(self) -> float:
        return self._settings.minutes * 60.0 - self._elapsed_s

    def _progress(self) -> Progress:
        with self._lock:
            done, wanted = len(self._played), self._settings.episodes
            cells = sum(map(len, all_cells(self._tallies.values()).values()))
            failing = sum(finding.counts for finding in self._seen.values())
            left_s = max(0.0, self._left_s)
            if wanted and done:
                left_s = min(left_s, self._elapsed_s / done * (wanted - done))
            return Progress(done, wanted, cells, len(self._seen), failing, self._elapsed_s, left_s)
