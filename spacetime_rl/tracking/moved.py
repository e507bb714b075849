"""Update the addresses in the database of a results folder that was moved or copied."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from spacetime_rl.tracking import names

logger = logging.getLogger(__name__)

# The columns in which MLflow keeps addresses of files; some versions lack some of them.
_ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("trace_tags", "value"),
)


def follow(database: Path, artifacts: Path) -> None:
    """Replace addresses below the former artifacts folder by addresses below `artifacts`, an absolute path.

    MLflow writes absolute addresses: in a copied folder they would lead to the original's files. A former folder has
    the same name as `artifacts`. Its addresses stay if its files still exist there and none of them was copied.
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
    """The former folders of the name of `artifacts` whose files were moved or copied here, or exist no more."""
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
    """Replace the prefix `old` of a text column by `new`, in all rows or only in those with `key`.

    `table` and `column` are constants of this module, so that the SQL needs no quoting.
    """
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
