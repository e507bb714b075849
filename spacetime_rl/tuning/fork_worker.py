"""Ray's node runs this program to start a worker: the fork server forks it, or Ray's own program starts it.

It imports little, because it runs once for every worker. It lives as long as the worker, as the node expects of the
process that it started.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

SOCKET = "forks"  # of the fork server, in the folder that Ray gets as `--temp-dir`
LENGTH_BYTES = 4
FORKED = b"+"  # the answer that a worker was forked; a second byte is its exit code when it ends
# seconds for the server's answer, after which Ray starts the worker: longer than the imports take on a busy machine,
# and short enough that Ray's own imports still fit into what its node allows a worker (`ray_session.py`)
ANSWER_S = 45.0
_CONTEXT = "--serialized-runtime-env-context="
_LANGUAGE = "--language="
# variables that a forked process would get too late
_READ_AT_IMPORT = {"PYTHONPATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "OMP_NUM_THREADS", "MKL_NUM_THREADS"}


def main(arguments: list[str]) -> int:
    """Start the worker of Ray's command line; the exit code of its process."""
    start = next(i for i, a in enumerate(arguments) if not a.startswith("-"))  # the interpreter's flags come first
    worker = [a for a in arguments[start:] if not a.startswith((_CONTEXT, _LANGUAGE))]
    context = json.loads(_value(arguments, _CONTEXT) or "{}")
    if _value(arguments, _LANGUAGE) != "PYTHON" or not _can_be_forked(context):
        _let_ray_start_it(arguments, worker[0])
    request = {
        "arguments": worker,
        "environment": {**os.environ, **(context.get("env_vars") or {})},
        "folder": str(Path.cwd()),
        "niceness": os.getpriority(os.PRIO_PROCESS, 0),
        "oom_score_adj": _oom_score_adj(),
    }
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(str(Path(_value(arguments, "--temp-dir=") or "", SOCKET)))
            message = json.dumps(request, allow_nan=False).encode()
            socket.send_fds(server, [len(message).to_bytes(LENGTH_BYTES, "big")], [0, 1, 2])
            server.sendall(message)
            server.settimeout(ANSWER_S)
            if server.recv(1) == FORKED:
                server.settimeout(None)
                ended = server.recv(1)
                return ended[0] if ended else 1
    except OSError:
        pass
    return _let_ray_start_it(arguments, worker[0])


def _value(arguments: list[str], name: str) -> str | None:
    return next((a[len(name) :] for a in arguments if a.startswith(name)), None)


def _can_be_forked(context: dict[str, Any]) -> bool:
    """Whether the worker's runtime environment needs no other interpreter, and no variable that is read at import."""
    return (
        not context.get("command_prefix")
        and not context.get("override_worker_entrypoint")
        and context.get("py_executable") in (None, sys.executable)
        and not _READ_AT_IMPORT & set(context.get("env_vars") or {})
    )


def _oom_score_adj() -> str:
    try:
        return Path("/proc/self/oom_score_adj").read_text()
    except OSError:
        return "0"


def _let_ray_start_it(arguments: list[str], worker: str) -> NoReturn:
    program = str(Path(worker).with_name("setup_worker.py"))
    os.execv(sys.executable, [sys.executable, program, *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
