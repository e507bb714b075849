"""The interface of those who race: each trains the same task from nothing, an iteration at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path


class Racer(ABC):
    """One way to train. `name` is its key in the report."""

    name: str

    @abstractmethod
    def prepare(self) -> None:
        """What does not count: checks, and the search for its fastest setting. Raises NotMeasurable with the reason."""

    @abstractmethod
    def start(self, seed: int) -> None:
        """Begin a training, with everything that a user would wait for: processes, games, networks."""

    @abstractmethod
    def learn(self) -> int:
        """Sample a batch and learn from it. Returns the agent steps of this training so far."""

    @abstractmethod
    def export(self, folder: Path) -> None:
        """Write the policies as they are now, as ONNX files with schemas."""

    @abstractmethod
    def stop(self) -> None:
        """End everything that `start` started, even if it failed half way. Another `start` may follow."""
