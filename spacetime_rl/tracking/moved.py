"""A results folder that was moved or copied: the addresses in its database are made to point to where it is now."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from spacetime_rl.tracking import names

logger = logging.getLogger(__name__)

# Where MLflow keeps addresses of files; a version without one of these columns is fine.
_ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("trace_tags", "value"),
)


def follow(database: Path, artifacts: Path) -> None:
    """Let every address below another folder of the name of `artifacts` be one below `artifacts`, which is absolute.

    MLflow writes absolute addresses: in a copy they would lead to the original's files. Experiments whose files did not
    come along are left as they are.
    """
    if not database.is_file() or database.stat().st_size == 0:
        return
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        for old in list(_elsewhere(connection, artifacts)):
            logger.warning(
                "%s was at %s before; what is recorded there is found here now", artifacts.parent, old.parent
            )
            with connection:
                for table, column in _ADDRESSES:
                    _replace(connection, table, column, _address(old), _address(artifacts))
                _replace(connection, "tags", "value", f"{old.parent}/", f"{artifacts.parent}/", names.FOLDER)


def _elsewhere(connection: sqlite3.Connection, artifacts: Path) -> Iterator[Path]:
    """Folders like `artifacts` in other places, that files of experiments were kept in and are not, or not only."""
    if not _has(connection, "experiments", "artifact_location"):
        return
    rows = connection.execute(
        "SELECT DISTINCT artifact_location FROM experiments WHERE artifact_location LIKE 'file:%'"
    )
    own = [Path(unquote(urlsplit(location).path)) for (location,) in rows]
    for folder in {path.parent for path in own if path.parent.name == artifacts.name} - {artifacts}:
        kept = [path for path in own if path.parent == folder]
        if any((artifacts / path.name).is_dir() for path in kept) or not any(path.is_dir() for path in kept):
            yield folder


def _replace(
    connection: sqlite3.Connection, table: str, column: str, old: str, new: str, key: str | None = None
) -> None:
    """Replace the beginning of a text column, of the rows with this key if one is given. The names are ours."""
    if _has(connection, table, column):
        only = " AND key = ?" if key else ""
        connection.execute(
            f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?{only}",
            (new, len(old) + 1, len(old), old, *([key] if key else [])),
        )


def _has(connection: sqlite3.Connection, table: str, column: str) -> bool:
    return any(row[1] == column for row in connection.execute(f"PRAGMA table_info({table})"))


def _address(folder: Path) -> str:
    return f"{folder.as_uri()}/"
