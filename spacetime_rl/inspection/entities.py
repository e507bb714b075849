"""Statistics of a list of entities: how many there are, and the numbers of those that are there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.spec import PRESENT, ObservationField
from spacetime_rl.inspection.columns import Columns


class EntityList:
    """The list that begins at an index of the observation. `count` is of observations, `numbers` are of entities."""

    def __init__(self, begin: int, field: ObservationField) -> None:
        self.begin, self.field = begin, field
        self.count = Columns(1)
        self.numbers = Columns(len(field.columns) - 1)
        self._odd_presence = self._dirty = False

    def add(self, observations: NDArray[np.float32]) -> None:
        """Add observations [k, n]; all values must be finite."""
        cells = observations[:, self.begin : self.begin + self.field.size]
        rows = cells.reshape(len(cells), self.field.rows, -1)
        used = rows[..., 0] != 0.0
        self.count.add(used.sum(-1, dtype=np.float32)[:, None])
        self.numbers.add(rows[used][:, 1:])
        self._odd_presence = self._odd_presence or bool((rows[..., 0][used] != 1.0).any())
        self._dirty = self._dirty or bool(rows[~used].any())

    def problems(self) -> Iterator[str]:
        """What is wrong with the list as a list, a sentence each."""
        if self._odd_presence:
            yield f"'{PRESENT}' is neither 0 nor 1 in some rows; write 1 where there is an entity, and otherwise 0"
        if self._dirty:
            yield f"rows whose '{PRESENT}' is 0 hold other numbers than 0; write zeros there"
        if self.count.high[0] == 0.0:
            yield "no entity in random play: it carries nothing"
