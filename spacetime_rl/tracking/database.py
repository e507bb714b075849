"""The address of an SQLite database and the file it means: the only place that turns one into the other."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote

_SQLITE = "sqlite"


def sqlite_uri(file: Path) -> str:
    """The address of a database file: in it, `?` begins a query and `%` a character's number.

    Where the path has one of these, all of it is written in numbers, slashes too: MLflow makes the folders of what it
    reads in the address as it stands.
    """
    path = file.absolute().as_posix()
    return f"sqlite:///{quote(path, safe='') if set(path) & set('?%') else path}"


def sqlite_file(uri: str) -> Path | None:
    """The file of such an address; None for another address, or a database in memory."""
    kind, _, rest = uri.partition(":///")
    path = unquote(rest.partition("?")[0])
    return Path(path) if kind.partition("+")[0] == _SQLITE and path not in ("", ":memory:") else None
