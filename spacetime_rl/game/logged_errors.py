"""What the log of a game showed while its episodes were recorded, for a game that reports no errors by itself."""

from __future__ import annotations

import re

from spacetime_rl.game.log import GameLog
from spacetime_rl.game.sighting import Sighting

_NUMBERS = re.compile(r"#?\d+")  # of objects and places; the same error has others each time


class LoggedErrors:
    """Errors of scripts and of the engine that came into the log since the last `take`, each once."""

    def __init__(self, log: GameLog) -> None:
        self._log = log
        self._known: dict[str, int] = {}  # how often each error had come
        self._found: dict[str, Sighting] = {}  # by key

    def note(self, decision: int) -> None:
        """Look at what the log has now, after this many decisions of the episode."""
        self._log.poll()
        for words, count in [*self._log.script_errors.each.items(), *self._log.engine_errors.each.items()]:
            if count > self._known.get(words, 0):
                self._known[words] = count
                is_script = words in self._log.script_errors.each
                sighting = _of_script(words, decision) if is_script else _of_engine(words, decision)
                self._found.setdefault(sighting.key, sighting)

    def take(self) -> tuple[Sighting, ...]:
        """What was found since the last time."""
        found = tuple(self._found.values())
        self._found.clear()
        return found


def _of_script(words: str, decision: int) -> Sighting:
    place = words.partition(", in ")[0]
    return Sighting("script_error", f"script_error:{place}", "error", f"a script reported an error: {words}", decision)


def _of_engine(words: str, decision: int) -> Sighting:
    key = f"engine_error:{_NUMBERS.sub('', words)}"
    return Sighting("engine_error", key, "warning", f"the engine reported an error: {words}", decision)
