"""A playtest that is stopped at any moment loses nothing, and goes on where it was: with workers that play no game."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.config.playtest import Playtest, PlaytestConfig
from spacetime_rl.episodes.episode import Build, Episode
from spacetime_rl.errors import GameError, RecordingError, UsageError, WorkerLost
from spacetime_rl.game.trace import AgentTrace, Trace
from spacetime_rl.playtest import begin
from spacetime_rl.playtest.findings import Finding, FolderStore
from spacetime_rl.playtest.journal import Journal, held, is_unfinished
from spacetime_rl.playtest.outcome import Entry, Outcome
from spacetime_rl.playtest.play import Abandoned
from spacetime_rl.playtest.repeats import Known
from spacetime_rl.playtest.sighting import Sighting
from spacetime_rl.playtest.story import Playing, PlaytestReport

BUILD = Build("toy", "abc", "4.6", "x86_64")
CONFIG = RunConfig.model_validate({"scenario": {"name": "vr_ui"}})
STUCK = Sighting("stuck", "stuck:walker@1,1", "error", "walker_0 is stuck", 2, "walker_0")


def make_episode(number: int) -> Episode:
    agent = AgentTrace(
        name="walker_0",
        policy="walker",
        ending="truncated",
        ticks=np.arange(4, dtype=np.int64),
        positions=np.zeros((4, 3), np.float32),
        velocities=None,
        rewards={},
        actions=np.zeros((3, 2), np.float32),
    )
    return Episode(Trace(number, (agent,), (), {}, 60), BUILD, CONFIG, 0, "random", "", 1, {})


class Worker:
    """Plays nothing, and finds the same thing wrong in some episodes."""

    def __init__(self, wrong: Sequence[int] = (), before: Callable[[int], object] = lambda _: None) -> None:
        self.played: list[int] = []
        self.examined: list[str] = []
        self._wrong = wrong
        self._before = before

    def check(self) -> Known:
        return Known(BUILD)

    def play(self, number: int) -> Outcome:
        self._before(number)
        self.played.append(number)
        entry = Entry(number, "random", 3, reporting={"walker": 1}, succeeded={"walker": 1}, cells=(f"{number},0",))
        return Outcome(entry, (STUCK,), make_episode(number)) if number in self._wrong else Outcome(entry)

    def examine(self, finding: Finding, episode: Episode) -> tuple[Finding, Episode]:
        self._before(-1)
        self.examined.append(finding.name)
        return replace(finding, replays=(3, 3), decisions=1), episode

    def end(self) -> tuple[Sighting, ...]:
        return ()

    def close(self) -> None:
        pass


def start(folder: Path, episodes: int = 10, games: int = 1) -> begin.Begun:
    settings = PlaytestConfig(players={"random": 1.0}, episodes=episodes, games=games)
    return begin.begin(folder, Playtest(CONFIG, settings), folder / "findings", None)


def go(begun: begin.Begun, *workers: Worker, stop: threading.Event | None = None) -> PlaytestReport:
    """Play with these workers, one after another in the thread of each game."""
    waiting = list(workers)
    store = FolderStore(begun.store)
    playing = Playing(begun.plan.settings, begun.open_journal(BUILD), store, stop or threading.Event())
    return playing.play(lambda *_: waiting.pop(0) if len(waiting) > 1 else waiting[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_play_and_the_rest_is_played_later(tmp_path: Path, number: signal.Signals) -> None:
    stop = threading.Event()

    def interrupt(episode: int) -> None:
        if episode == 4:
            os.kill(os.getpid(), number)
            assert stop.wait(60)
            raise Abandoned

    first, second = Worker(wrong=[1], before=interrupt), Worker(wrong=[7])
    report = go(start(tmp_path), first, stop=stop)
    assert report.interrupted
    assert [finding.seen for finding in report.seen] == [1]
    assert is_unfinished(tmp_path)

    report = go(begin.resume(tmp_path, []), second)

    assert first.played == [0, 1, 2, 3]
    assert second.played == [4, 5, 6, 7, 8, 9]
    assert not report.interrupted
    assert report.players["random"].episodes == 10
    assert [(finding.seen, finding.replays) for finding in report.seen] == [(2, (3, 3))]
    assert (len(first.examined), len(second.examined)) == (1, 0)
    assert not is_unfinished(tmp_path)


def test_after_a_kill_only_what_was_not_written_is_played_again(tmp_path: Path) -> None:
    go(start(tmp_path, episodes=6), Worker(wrong=[2]))
    lines = (tmp_path / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "journal.jsonl").write_bytes(b"".join(lines[:5]) + lines[5][:20])  # the head, four episodes, and a bit

    worker = Worker()
    report = go(begin.resume(tmp_path, []), worker)

    assert worker.played == [4, 5]
    assert report.players["random"].episodes == 6
    assert Journal.open(tmp_path).entries[-1].number == 5
    assert [finding.seen for finding in report.seen] == [1]


def test_a_finding_that_was_saved_and_not_played_again_is_examined_first(tmp_path: Path) -> None:
    def die(number: int) -> None:
        if number == -1:
            raise SystemExit  # as little as a kill leaves: the finding is saved, and the episode is in the journal

    with pytest.raises(SystemExit):
        go(start(tmp_path, episodes=3), Worker(wrong=[0], before=die))
    assert next(iter(FolderStore(tmp_path / "findings"))).replays is None

    worker = Worker()
    report = go(begin.resume(tmp_path, []), worker)
    assert worker.examined == [report.seen[0].name]
    assert worker.played == [1, 2]
    assert report.seen[0].replays == (3, 3)


def test_a_finished_playtest_goes_on_with_more_episodes(tmp_path: Path) -> None:
    go(start(tmp_path, episodes=3), Worker())
    worker = Worker()
    assert go(begin.resume(tmp_path, ["episodes=5"]), worker).players["random"].episodes == 5
    assert worker.played == [3, 4]
    assert go(begin.resume(tmp_path, ["minutes=0.0000001"]), Worker()).players["random"].episodes == 5


def test_an_episode_of_a_lost_worker_is_played_by_another_one(tmp_path: Path) -> None:
    def lose(number: int) -> None:
        if number == 2:
            raise WorkerLost("the node is gone")

    first, second = Worker(before=lose), Worker()
    report = go(start(tmp_path, episodes=5), first, second)
    assert (first.played, second.played) == ([0, 1], [2, 3, 4])
    assert (report.error, report.problems) == (None, ())


def test_a_worker_that_always_fails_leaves_its_episodes_to_the_others(tmp_path: Path) -> None:
    good, failed = Worker(), threading.Event()

    def fail(_: int) -> None:
        failures.append(1)
        if len(failures) == 3:
            failed.set()
        raise GameError("it does not start")

    failures: list[int] = []
    bad = Worker(before=fail)
    good._before = lambda _: failed.wait(60)
    begun = start(tmp_path, episodes=6, games=2)
    store = FolderStore(begun.store)
    report = Playing(begun.plan.settings, begun.open_journal(BUILD), store, threading.Event()).play(
        lambda index, _: [good, bad][index]
    )
    assert report.players["random"].episodes == 6
    assert report.problems == ("a worker failed: it does not start",)
    assert report.error is None


def test_a_game_that_does_not_start_any_more_ends_the_play_with_what_was_found(tmp_path: Path) -> None:
    def fail(number: int) -> None:
        if number == 3:
            raise GameError("it does not start")

    report = go(start(tmp_path), Worker(wrong=[1], before=fail))
    assert str(report.error) == "it does not start"
    assert report.players["random"].episodes == 3
    assert [finding.replays for finding in report.seen] == [(3, 3)]
    assert is_unfinished(tmp_path)


def test_a_full_disk_ends_the_play_and_it_goes_on_once_there_is_room(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    kept = tmp_path / "kept"

    def fill(number: int) -> None:
        if number == 3:
            journal.rename(kept)
            journal.symlink_to("/dev/full")

    report = go(start(tmp_path, episodes=5), Worker(wrong=[1], before=fill))
    assert isinstance(report.error, RecordingError)
    assert f"{journal}: could not be written: No space left on device" in str(report.error)
    assert len(report.seen) == 1

    kept.replace(journal)
    worker = Worker()
    assert go(begin.resume(tmp_path, []), worker).players["random"].episodes == 5
    assert worker.played == [3, 4]


def test_an_unfinished_playtest_is_not_begun_anew_and_no_other_build_takes_its_place(tmp_path: Path) -> None:
    begun = start(tmp_path)
    begun.open_journal(BUILD)
    with pytest.raises(UsageError, match="not finished; continue it with --resume"):
        start(tmp_path)
    with pytest.raises(UsageError, match=r"was begun with the build abc on Godot 4.6, this one is xyz"):
        begin.resume(tmp_path, []).open_journal(replace(BUILD, content="xyz"))


def test_a_folder_without_a_playtest_or_with_a_damaged_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no playtest was begun there"):
        begin.resume(tmp_path, [])
    for damaged in (b"", b"\x00\xff\n", b"[]\n", b'{"format": 9}\n', b'{"format": 1}\n'):
        (tmp_path / "journal.jsonl").write_bytes(damaged)
        with pytest.raises(UsageError, match=r"journal\.jsonl: (damaged|written in format 9)"):
            begin.resume(tmp_path, [])
    with pytest.raises(UsageError, match="no such folder"), held(tmp_path / "nowhere"):
        pass


def test_two_playtests_do_not_share_a_folder(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(UsageError, match="another process plays this playtest"), held(tmp_path):
        pass


def test_a_playtest_in_which_nothing_was_played_does_not_pass_for_one_that_found_nothing(tmp_path: Path) -> None:
    begun = start(tmp_path)
    begun = replace(begun, plan=replace(begun.plan, settings=begun.plan.settings.model_copy(update={"minutes": 1e-9})))
    assert go(begun, Worker()).problems == ("no episode came to its end within 1e-09 minutes",)


@pytest.mark.parametrize(("reliable", "kept"), [(True, 5), (False, 1)])
def test_an_episode_that_shows_a_finding_much_sooner_takes_the_place_of_its_recording_if_it_replays(
    tmp_path: Path, reliable: bool, kept: int
) -> None:
    class Sooner(Worker):
        """Sees the same after 100 decisions, after 60 and after 20, and cannot shorten it."""

        def play(self, number: int) -> Outcome:
            decision = {1: 100, 3: 60, 5: 20}.get(number)
            outcome = super().play(number)
            if decision is None:
                return outcome
            return replace(outcome, sightings=(replace(STUCK, decision=decision),), episode=make_episode(number))

        def examine(self, finding: Finding, episode: Episode) -> tuple[Finding, Episode]:
            self.examined.append(str(finding.episode))
            return replace(finding, replays=(3 if reliable or finding.episode == 1 else 2, 3)), episode

    worker = Sooner()
    (finding,) = go(start(tmp_path), worker).seen
    assert worker.examined == ["1", "5"]
    assert (finding.episode, finding.seen, finding.replays) == (kept, 3, (3, 3))
