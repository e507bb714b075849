"""The command that a job runs on its node."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

# Where Ray was started by its full path, `python` on the PATH is whatever the machine came with, if anything. Ray's own
# workers run another one, which their raylet was told: the parent of our parent, which is Ray's supervisor of the job.
# Where Ray made an environment for the job, that is active.
_FIND_PYTHON = (
    r"""case "$VIRTUAL_ENV" in */runtime_resources/*) ;; """
    r"""*) python=$(tr '\0' '\n' < /proc/$(sed -n 's/^PPid:\s*//p' /proc/$PPID/status)/cmdline | """
    r"""sed -n 's/^--python_worker_command=\([^ ]*\) .*/\1/p') ;; esac"""
)


def entrypoint(module: str, arguments: Sequence[str]) -> str:
    """A shell command that runs a module by the Python that Ray runs on that node."""
    return f'{_FIND_PYTHON}; exec "${{python:-python}}" -m {module} {shlex.join(arguments)}'
