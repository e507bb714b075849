"""Where a game with an HTTP API says that it listens, and the variable that its token is in."""

from __future__ import annotations

import re

TOKEN_VARIABLE = "SPACETIME_HTTP_TOKEN"  # read by games and by clients

_LISTENS = re.compile(r"^SPACETIME-HTTP: listening on (\S+), (?:token (\w+)|the token of)", re.MULTILINE)


def read_announcement(output: str) -> tuple[str, str | None] | None:
    """The address and the token that a game's output names; None where it does not say that it listens.

    The token is None where the game took that of the variable, which it does not print.
    """
    found = _LISTENS.search(output)
    return None if found is None else (found[1], found[2])
