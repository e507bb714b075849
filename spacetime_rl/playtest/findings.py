"""Findings, and the folder that keeps them from build to build.

A finding is a folder of its own: `finding.json`, `episode.parquet`, the page `finding.md`, and pictures.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from spacetime_rl.config.words import did_you_mean
from spacetime_rl.episodes.episode import Episode
from spacetime_rl.episodes.files import SUFFIX, read_episode, write_episode
from spacetime_rl.errors import RecordingError, UsageError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.formats.shell import short
from spacetime_rl.game.files import overlook
from spacetime_rl.playtest.sighting import Sighting
from spacetime_rl.runs.layout import FINDINGS

State = Literal["new", "known", "ignored", "fixed"]
STATES: tuple[State, ...] = get_args(State)
FORMAT = 1
_ABOUT, _EPISODE = "finding.json", "episode.parquet"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a game, seen at least once.

    `state` is what people say of it: `new`, `known` (somebody works on it), `ignored`, or `fixed`. `builds` are the
    content hashes of the builds it was seen in. `replays` are how often it was played again from its file and how often
    it showed, None if it cannot be. `decisions` is the length of its episode, `recorded_decisions` that of the one in
    which it was seen first.
    """

    sighting: Sighting
    game: str
    player: str
    seed: int
    episode: int
    state: State = "new"
    builds: tuple[str, ...] = ()
    seen: int = 1
    first_seen: str = ""
    replays: tuple[int, int] | None = None  # showed, tried
    decisions: int = 0
    recorded_decisions: int = 0
    log: str = ""
    scene: str = ""  # the plan's name of it; empty if the plan has only one
    untried: str = ""  # why it is not played again; empty if it is

    @property
    def name(self) -> str:
        """The name of its folder: the oracle's name and a hash of the key."""
        return f"{self.sighting.oracle}-{hashlib.sha256(self.sighting.key.encode()).hexdigest()[:8]}"

    @property
    def counts(self) -> bool:
        """Whether it makes a playtest fail: an error that nobody has seen before, or that was fixed."""
        return self.sighting.severity == "error" and self.state in ("new", "fixed")

    @property
    def reproduces(self) -> str:
        """`reproduces 3 of 3`, or why that is not known."""
        if self.replays is None:
            return f"not tried: {self.untried}" if self.untried else "not played again"
        return f"reproduces {self.replays[0]} of {self.replays[1]}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"format": FORMAT, "name": self.name, **asdict(self)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Finding:
        """Read the output of `to_dict`. Raises KeyError, TypeError or ValueError for something else."""
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']}; this version reads {FORMAT}")
        known = {key: value for key, value in data.items() if key in cls.__slots__}
        if known["state"] not in STATES:
            raise ValueError(f"the state {known['state']!r}; expected one of {', '.join(STATES)}")
        known |= {
            "sighting": Sighting(**data["sighting"]),
            "builds": tuple(data["builds"]),
            "replays": data["replays"] and tuple(data["replays"]),
        }
        return cls(**known)


class Store(Protocol):
    """Where findings are kept. Names are those of `Finding.name`."""

    def __iter__(self) -> Iterator[Finding]:
        """All findings, by name."""

    def fetch(self, name: str) -> tuple[Finding, Path | None]:
        """A finding and its episode file, if it has one. Raises UsageError if there is none by this name."""

    def save(self, finding: Finding, episode: Episode | None = None) -> Path:
        """Keep a finding, in place of one with the same name; without an `episode` the earlier one stays."""

    def move(self, name: str, state: State) -> Finding:
        """Set what people say of a finding."""

    def delete(self, name: str) -> None:
        """Forget a finding."""


class FolderStore:
    """Findings in a folder. It may be the folder of an unpacked CI artifact."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __iter__(self) -> Iterator[Finding]:
        for about in sorted(self.folder.glob(f"*/{_ABOUT}")):
            yield _read(about)

    def fetch(self, name: str) -> tuple[Finding, Path | None]:
        """As `Store.fetch`."""
        about = self.folder / name / _ABOUT
        if not about.is_file():
            known = ", ".join(finding.name for finding in self) or "none"
            raise UsageError(f"{self.folder}: no finding {name!r}; there are {known}")
        episode = self.folder / name / _EPISODE
        return _read(about), episode if episode.is_file() else None

    def save(self, finding: Finding, episode: Episode | None = None) -> Path:
        """As `Store.save`. Raises RecordingError, as on a full disk."""
        folder = self.folder / finding.name
        if episode is not None:
            write_episode(episode, folder / _EPISODE)
        partial = folder / f".{_ABOUT}.partial"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            overlook(self.folder)
            partial.write_text(to_json(finding.to_dict(), indent=2) + "\n", encoding="utf-8")
            partial.replace(folder / _ABOUT)
        except OSError as error:
            raise RecordingError(f"{folder}: the finding could not be written: {error.strerror or error}") from error
        return folder

    def move(self, name: str, state: State) -> Finding:
        """As `Store.move`."""
        moved = replace(self.fetch(name)[0], state=state)
        self.save(moved)
        return moved

    def delete(self, name: str) -> None:
        """As `Store.delete`."""
        self.fetch(name)
        shutil.rmtree(self.folder / name)


class ReadOnly:
    """A store that is only read; changes are refused."""

    def __init__(self, store: Store, title: str) -> None:
        self._store = store
        self._title = title

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._store)

    def fetch(self, name: str) -> tuple[Finding, Path | None]:
        """As `Store.fetch`."""
        return self._store.fetch(name)

    def save(self, finding: Finding, episode: Episode | None = None) -> Path:
        """Refused: raises UsageError."""
        del episode
        raise UsageError(f"{self._title} is only read; {finding.name} is not written to it")

    def move(self, name: str, state: State) -> Finding:
        """Refused: raises UsageError."""
        raise UsageError(f"{self._title} is only read; {name} is not set to {state}")

    def delete(self, name: str) -> None:
        """Refused: raises UsageError."""
        raise UsageError(f"{self._title} is only read; {name} is not deleted")


class Joined:
    """Several stores as one: the first one is written to, and a finding is taken from the first that has it."""

    def __init__(self, first: Store, others: Sequence[Store]) -> None:
        self._first = first
        self._all = (first, *others)

    def __iter__(self) -> Iterator[Finding]:
        seen: set[str] = set()
        for store in self._all:
            for finding in store:
                if finding.name not in seen:
                    seen.add(finding.name)
                    yield finding

    def fetch(self, name: str) -> tuple[Finding, Path | None]:
        """As `Store.fetch`."""
        for store in self._all[:-1]:
            if any(finding.name == name for finding in store):
                return store.fetch(name)
        return self._all[-1].fetch(name)

    def save(self, finding: Finding, episode: Episode | None = None) -> Path:
        """Save to the first store."""
        return self._first.save(finding, episode)

    def move(self, name: str, state: State) -> Finding:
        """Set what people say of a finding, in the first store."""
        finding, file = self.fetch(name)
        self._first.save(replace(finding, state=state), read_episode(file) if file else None)
        return replace(finding, state=state)

    def delete(self, name: str) -> None:
        """Delete from the first store."""
        self._first.delete(name)


def name_of(sighting: Sighting) -> str:
    """The name of the finding that a sighting belongs to."""
    return Finding(sighting, "", "", 0, 0).name


def find_recording(name: str, results: Path) -> Path:
    """The recording that a user names: an episode file, the folder of a finding, or the name of one in `results`.

    Raises UsageError if there is none, or if several folders have a finding of this name.
    """
    path = Path(name)
    if path.is_file() or path.suffix == SUFFIX or (path / _ABOUT).is_file():
        return path / _EPISODE if path.is_dir() else path
    stores = results / FINDINGS
    found = sorted(about.parent for about in stores.glob(f"*/*/{_ABOUT}") if about.parent.name == name)
    if len(found) > 1:
        places = ", ".join(str(short(folder)) for folder in found)
        raise UsageError(f"{name}: several findings have this name; give the folder of one: {places}")
    if not found:
        known = sorted({about.parent.name for about in stores.glob(f"*/*/{_ABOUT}")})
        hint = did_you_mean(name, known) or f"; {stores} has {len(known)} findings"
        raise UsageError(f"{name}: neither a recorded episode nor a finding in {stores}{hint}")
    if not (found[0] / _EPISODE).is_file():
        raise UsageError(f"{found[0]}: this finding has no recording: it was not seen in one episode alone")
    return found[0] / _EPISODE


def _read(about: Path) -> Finding:
    try:
        return Finding.from_dict(json.loads(about.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = re.sub(r"\s+", " ", str(error))
        raise UsageError(f"{about}: a damaged finding, or one of a later version: {what}") from error
