"""Run as a script: ask the kernel to kill this process when its parent dies, then become the given program.

Errors are printed as one SPACETIME-ERROR line, which messages about the game quote; never as a traceback.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # from <sys/prctl.h>; the ctypes call has no names
_CANNOT_RUN = 126  # the exit code of shells for a program that cannot be run


def main(parent_pid: int, command: list[str]) -> None:
    """Replace this process by `command`; the kernel kills it when the process `parent_pid` ends for any reason."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        reason = os.strerror(ctypes.get_errno())
        print(f"SPACETIME-ERROR cannot start {command[0]}: prctl(PR_SET_PDEATHSIG) failed: {reason}", file=sys.stderr)
        raise SystemExit(_CANNOT_RUN)
    if os.getppid() != parent_pid:  # the parent died before the call above, so no signal will come
        raise SystemExit(1)
    try:
        os.execv(command[0], command)
    except OSError as error:
        print(f"SPACETIME-ERROR cannot start {command[0]}: {error.strerror}", file=sys.stderr)
        raise SystemExit(_CANNOT_RUN) from None


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
