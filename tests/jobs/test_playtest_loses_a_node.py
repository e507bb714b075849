"""A submitted playtest whose node is lost in the middle: two real raylets, one of which is killed while it plays."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml
from chaos.watched import gone_after_s, strike, wait_for
from support.cluster import LocalCluster
from support.leftovers import MARK, is_godot, marked_with
from support.touch_run import RUN

from spacetime_rl.errors import SpacetimeError
from spacetime_rl.jobs.submit import submit_playtest
from spacetime_rl.playtest.journal import Journal

EPISODES = 120
ORPHAN_S = 5.0
ORACLE = """from spacetime_rl.playtest.sighting import Sighting


def long_way(episode):
    if episode.decisions > 10:
        yield Sighting("long", "long", "warning", "an episode took more than 10 decisions", 10)
"""
PLAYTEST = {
    "players": {"random": 1},
    "episodes": EPISODES,
    "games": 2,
    "reproduce": 1,
    "shorten": 0,
    "oracles": {"never_reached": False, "custom": ["my_oracles.long_way"]},
}


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCluster]:
    monkeypatch.setenv(MARK, str(tmp_path))
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.chdir(tmp_path)
    made = LocalCluster(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()
        for process in marked_with(str(tmp_path)):
            strike(process, signal.SIGKILL)


@pytest.mark.slow  # two raylets and a job with an environment of its own: minutes
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("godot_bin")
def test_a_playtest_goes_on_where_a_node_is_lost_and_keeps_what_it_found(cluster: LocalCluster, tmp_path: Path) -> None:
    victim = cluster.join()
    work = tmp_path / "work"
    work.mkdir()
    (work / "my_oracles.py").write_text(ORACLE)
    (work / "plan.yaml").write_text(yaml.safe_dump({**RUN, "playtest": PLAYTEST}))
    results = tmp_path / "results"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        job = submit_playtest("plan.yaml", address=cluster.address, job_id="night", results=str(results))
    folder = results / "playtests" / "night"

    def begun() -> Journal | None:
        """The journal, when both nodes play and something was found."""
        try:
            journal = Journal.open(folder)
        except SpacetimeError:
            assert not job.done(), job.logs()
            return None
        found = any(entry.found for entry in journal.entries)
        return journal if found and len(journal.entries) >= 4 and games_of(victim.pid) else None

    before = wait_for(begun, 400.0, "a playtest that plays on both nodes")
    found = {name for entry in before.entries for name in entry.found}
    doomed = games_of(victim.pid)
    struck_s = time.monotonic()
    cluster.kill(victim)
    assert gone_after_s(doomed, struck_s) < ORPHAN_S
    report = job.result(timeout_s=400.0)

    journal = Journal.open(folder)
    numbers = [entry.number for entry in journal.entries]
    assert len(before.entries) < EPISODES
    assert sorted(numbers) == list(range(EPISODES))  # also the episode that was interrupted, each once
    assert report["episodes"] == EPISODES
    assert found <= {finding["name"] for finding in report["findings"]}
    assert {path.name for path in Path(journal.head.store).iterdir()} >= found
    assert "or its node is gone" in job.logs()


def games_of(pid: int) -> list[psutil.Process]:
    """The games that a node plays."""
    return [child for child in psutil.Process(pid).children(recursive=True) if is_godot(child)]
