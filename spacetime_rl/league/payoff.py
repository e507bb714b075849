"""The payoff table: who met whom, in which role, with which result; a file to which lines are only appended."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacetime_rl.errors import ResumeError
from spacetime_rl.formats.plain_json import to_json

FORMAT = 1
_HEADER = {"kind": "payoff", "format": FORMAT}
Side = tuple[str, str]  # the role (a policy of the game) and the id of the player who has it
Ranks = tuple[int, ...]  # one per side: 0 is the best, equal numbers are a draw


@dataclass(frozen=True, slots=True)
class Result:
    """What came of the episodes that the same players played in one iteration.

    `agent_steps` are those of the run when the iteration began: the weights of every player `POLICY@latest` are from
    then. `sides` are sorted. `outcomes` are pairs of ranks, one per side, and the number of episodes that ended so.
    """

    iteration: int
    agent_steps: int
    sides: tuple[Side, ...]
    outcomes: tuple[tuple[Ranks, int], ...]

    @property
    def episodes(self) -> int:
        """The number of episodes."""
        return sum(count for _, count in self.outcomes)

    @property
    def draws(self) -> int:
        """The number of episodes in which every side has the same rank."""
        return sum(count for ranks, count in self.outcomes if len(set(ranks)) == 1)

    @property
    def scores(self) -> tuple[float, ...]:
        """For each side the sum of its scores over the episodes: `score_of` each."""
        return tuple(
            sum(score_of(ranks, side) * count for ranks, count in self.outcomes) for side in range(len(self.sides))
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data: a line of the table."""
        return {
            "iteration": self.iteration,
            "agent_steps": self.agent_steps,
            "sides": [list(side) for side in self.sides],
            "outcomes": [[list(ranks), count] for ranks, count in self.outcomes],
        }

    @classmethod
    def from_dict(cls, data: Any) -> Result:
        """Read the output of `to_dict`. Raises ValueError, KeyError or TypeError for anything else."""
        sides = tuple((str(role), str(player)) for role, player in data["sides"])
        outcomes = tuple((tuple(int(rank) for rank in ranks), int(count)) for ranks, count in data["outcomes"])
        if len(sides) < 2 or any(len(ranks) != len(sides) or count < 1 for ranks, count in outcomes):
            raise ValueError("expected two sides or more, and for each a rank in every outcome")
        return cls(int(data["iteration"]), int(data["agent_steps"]), sides, outcomes)


def ranks_of(scores: Sequence[float]) -> Ranks:
    """The ranks of sides by their scores in one episode, of which more is better; equal scores are a draw."""
    return tuple(sum(other > score for other in scores) for score in scores)


def score_of(ranks: Ranks, side: int) -> float:
    """A side's score in [0, 1]: the share of the other sides that it beat; a draw with one counts half."""
    beaten = sum((rank > ranks[side]) + 0.5 * (rank == ranks[side]) for rank in ranks)
    return (beaten - 0.5) / (len(ranks) - 1)


def tally(iteration: int, agent_steps: int, episodes: Iterable[tuple[Sequence[Side], Sequence[int]]]) -> list[Result]:
    """Results of an iteration, from the sides and ranks of every episode.

    Neither the order of the episodes nor that of the sides in an episode makes a difference, so that the result does
    not depend on which env runner was faster.
    """
    counts: dict[tuple[Side, ...], Counter[Ranks]] = {}
    for sides, ranks in episodes:
        together = sorted(zip(sides, ranks, strict=True))
        key = tuple((str(role), str(player)) for (role, player), _ in together)
        counts.setdefault(key, Counter())[tuple(int(rank) for _, rank in together)] += 1
    return [
        Result(iteration, agent_steps, sides, tuple(sorted(outcomes.items())))
        for sides, outcomes in sorted(counts.items())
    ]


class PayoffTable:
    """The results in a payoff file, in order, and the file itself, to which one process at a time appends.

    The first line of the file has its format, every other line one `Result`. A last line without its end was torn when
    the machine went down: it is ignored, and cut off before the next append. Raises ResumeError for a file that is no
    payoff table, or one of a later format.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._ends: list[int] = []  # the position in the file behind each result
        self._results: list[Result] = []
        self._whole = 0  # bytes up to the end of the last whole line
        if file.is_file():
            self._read(file.read_bytes())

    @property
    def results(self) -> Sequence[Result]:
        """All results, the oldest first."""
        return self._results

    @property
    def iteration(self) -> int:
        """The iteration of the newest result; -1 for an empty table."""
        return self._results[-1].iteration if self._results else -1

    def append(self, results: Sequence[Result]) -> None:
        """Append results in one write, which is on the disk when this returns. Nothing happens for no results.

        Raises ValueError for an iteration before the newest one in the table, OSError if the disk refuses.
        """
        iterations = [self.iteration, *(result.iteration for result in results)]
        if iterations != sorted(iterations):
            raise ValueError(
                f"{self.file}: iterations {iterations[1:]} after iteration {iterations[0]}; truncate first"
            )
        if not results:
            return
        lines = [_line(result.to_dict()) for result in results]
        head = b"" if self._whole else _line(_HEADER)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._write(head + b"".join(lines))
        end = self._whole + len(head)
        for result, line in zip(results, lines, strict=True):
            end += len(line)
            self._results.append(result)
            self._ends.append(end)
        self._whole = end

    def truncate(self, iteration: int) -> None:
        """Drop all results after an iteration, as when a run resumes from the checkpoint of that iteration.

        What stays is bit for bit what the file held after that iteration.
        """
        kept = sum(result.iteration <= iteration for result in self._results)
        if kept < len(self._results):
            self._whole = self._ends[kept - 1] if kept else 0
            del self._results[kept:], self._ends[kept:]
        if self.file.is_file():
            self._write(b"")

    def _write(self, text: bytes) -> None:
        """Cut the file to its whole lines, append `text` in one write, and wait for the disk."""
        handle = os.open(self.file, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            os.ftruncate(handle, self._whole)
            if text:
                os.lseek(handle, self._whole, os.SEEK_SET)
                written = os.write(handle, text)
                if written < len(text):  # the rest of a disk that is full; a reader ignores the torn line
                    raise OSError(f"{self.file}: wrote {written} of {len(text)} bytes")
            os.fsync(handle)
        finally:
            os.close(handle)

    def _read(self, content: bytes) -> None:
        lines = content[: content.rfind(b"\n") + 1].splitlines(keepends=True)
        for number, line in enumerate(lines):
            try:
                document = json.loads(line)
                if number == 0:
                    _check_header(document)
                else:
                    self._results.append(Result.from_dict(document))
            except (ValueError, KeyError, TypeError) as error:
                raise ResumeError(f"{self.file}, line {number + 1}: no line of a payoff table: {error}") from None
            self._whole += len(line)
            if number:
                self._ends.append(self._whole)


def _check_header(document: Any) -> None:
    if document != _HEADER:
        raise ValueError(f"expected {to_json(_HEADER)}, found {to_json(document)}; a later version may have written it")


def _line(document: Any) -> bytes:
    return to_json(document, separators=(",", ":")).encode() + b"\n"
