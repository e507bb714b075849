"""Conversion between the file of an SQLite database and its address; no other module does it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote

_SQLITE = "sqlite"


def sqlite_uri(file: Path) -> str:
    """The address of a database file.

    In an address, `?` begins a query and `%` a character code. A path that contains one of them is percent-encoded
    completely, slashes too: MLflow creates the folders that it finds in the address without decoding it.
    """
    path = file.absolute().as_posix()
    return f"sqlite:///{quote(path, safe='') if set(path) & set('?%') else path}"


def sqlite_file(uri: str) -> Path | None:
    """The file of an SQLite address; None for any other address, or a database in memory."""
    kind, _, rest = uri.partition(":///")
    path = unquote(rest.partition("?")[0])
    return Path(path) if kind.partition("+")[0] == _SQLITE and path not in ("", ":memory:") else None
