"""Files of SQLite databases: their addresses, and databases that are made whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote

_SQLITE = "sqlite"
_PARTS = ("", "-journal", "-wal", "-shm")  # of a database, behind its name


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


def is_unfinished(file: Path) -> bool:
    """Whether a database is being made, or a process was ended while it made it."""
    return _mark(file).exists()


@contextmanager
def made_whole(file: Path) -> Iterator[None]:
    """Tables are made in `file` if it is new. One whose making was cut off holds no record yet, and is made anew.

    MLflow makes its tables in some fifty steps, and takes a file that lacks some for one of an older version.
    """
    mark = _mark(file)
    if mark.exists():
        for part in _PARTS:
            file.with_name(file.name + part).unlink(missing_ok=True)
    is_new = not file.exists() or not file.stat().st_size
    if is_new:
        mark.touch()
    yield
    if is_new:
        mark.unlink(missing_ok=True)


def _mark(file: Path) -> Path:
    return file.with_name(f".{file.name}.unfinished")
