"""The rules for run ids: an id is a folder's name, an argument of commands and a tag in MLflow."""

from __future__ import annotations

from pathlib import Path

from spacetime_rl.errors import UsageError

_MOST_BYTES = 150  # file systems allow 255, and our own temporary names are longer than the id


def check_run_id(run_id: str) -> str:
    """Return the id, which may hold spaces, quotes and any letters. Raises UsageError if it cannot name a folder."""
    if Path(run_id).name != run_id or run_id.startswith((".", "-")):
        raise UsageError(f"run id {run_id!r}: names a folder, so it must not contain '/' or begin with '.' or '-'")
    if not run_id.isprintable() or run_id != run_id.strip():
        raise UsageError(f"run id {run_id!r}: begins or ends with a space, or holds a character that is not printed")
    length = len(run_id.encode())
    if length > _MOST_BYTES:
        raise UsageError(f"run id {run_id[:20]!r}…: is {length} bytes long; at most {_MOST_BYTES} name a folder here")
    return run_id
