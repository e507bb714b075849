"""The command that a job runs on its node."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

# If Ray was started by its full path, `python` on the PATH is another Python than that of Ray's workers, or missing.
# The raylet has the workers' Python on its command line. It is our grandparent: our parent is Ray's supervisor of the
# job. If Ray made an environment for the job, that environment is active, and its `python` is the right one.
_FIND_PYTHON = (
    r"""case "$VIRTUAL_ENV" in */runtime_resources/*) ;; """
    r"""*) python=$(tr '\0' '\n' < /proc/$(sed -n 's/^PPid:\s*//p' /proc/$PPID/status)/cmdline | """
    r"""sed -n 's/^--python_worker_command=\([^ ]*\) .*/\1/p') ;; esac"""
)


def entrypoint(module: str, arguments: Sequence[str]) -> str:
    """A shell command that runs a module with the Python of Ray's workers on the job's node."""
    return f'{_FIND_PYTHON}; exec "${{python:-python}}" -m {module} {shlex.join(arguments)}'
