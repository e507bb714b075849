"""A script: this Python made to look like one on Windows or macOS, in which our modules and commands are then tried.

    python another_system.py win32|darwin

Prints one JSON document: what could not be imported, and how each command ended.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import select
import signal
import sys
import traceback
import types
from typing import Any

LACKS: dict[str, dict[str, tuple[str, ...]]] = {
    "darwin": {
        "os": ("pidfd_open", "sched_getaffinity", "sched_setaffinity", "sched_setscheduler", "SCHED_BATCH", "waitid"),
        "signal": (),
        "select": ("epoll",),
        "modules": (),
    },
    "win32": {
        "os": (
            *("fork", "getloadavg", "getpgid", "getuid", "geteuid", "killpg", "mkfifo", "nice", "pidfd_open", "pipe2"),
            *("register_at_fork", "sched_getaffinity", "sched_setaffinity", "sched_setscheduler", "SCHED_BATCH"),
            *("setpgid", "setsid", "statvfs", "uname", "waitid"),
        ),
        "signal": (
            *("SIGALRM", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGSTOP", "SIGUSR1", "SIGUSR2"),
            *("alarm", "pthread_kill", "setitimer"),
        ),
        "select": ("epoll", "poll"),
        "modules": ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty"),
    },
}
LATE = ("click", "ray.job_submission", "ray.dashboard.modules.job.sdk", "rich.console", "rich.table")  # of others
OF_WINDOWS = ("msvcrt", "winreg", "_winapi")
COMMANDS = [
    ["--version"],
    ["scenarios"],
    ["scenarios", "--json"],
    ["train", "--help"],
    ["train", "vr_interaction"],
    ["sweep", "sweeps/interaction_asha"],
    ["eval", "baseline", "--config", "vr_interaction"],
    ["play", "vr_interaction"],
    ["bench"],
    ["baseline", "vr_interaction"],
    ["godot", "install"],
    ["export", "no-such-run"],
    ["submit", "train", "vr_interaction", "--address", "http://127.0.0.1:9"],
    ["submit", "train", "vr_interaktion", "--address", "http://127.0.0.1:9"],
    ["jobs", "list", "--address", "http://127.0.0.1:9"],
]


def our_modules() -> list[str]:
    import spacetime_rl

    scripts = ("__main__",)  # run what they are the door to
    found = pkgutil.walk_packages(spacetime_rl.__path__, "spacetime_rl.")
    return [module.name for module in found if not module.name.endswith(scripts) and ".godot." not in module.name]


def become(system: str) -> None:
    """Take away what the other system lacks. Other packages have been imported by now, as they are for this one."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "spacetime_rl"]:
        del sys.modules[name]
    for owner, module in (("os", os), ("signal", signal), ("select", select)):
        for name in LACKS[system][owner]:
            if hasattr(module, name):
                delattr(module, name)
    for name in LACKS[system]["modules"]:
        sys.modules[name] = None  # type: ignore[assignment]  # an import of it fails
    for name in OF_WINDOWS:
        sys.modules[name] = types.ModuleType(name)
    sys.platform = system


def why_not(module: str) -> str | None:
    try:
        importlib.import_module(module)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def outcome(arguments: list[str]) -> dict[str, Any]:
    from typer.testing import CliRunner

    from spacetime_rl.cli.app import app
    from spacetime_rl.cli.errors import UNEXPECTED

    done = CliRunner().invoke(app, arguments)
    error = None if done.exception is None or isinstance(done.exception, SystemExit) else done.exception
    trace = "".join(traceback.format_exception(error)) if error else ""
    code = getattr(error, "exit_code", UNEXPECTED) if error else done.exit_code
    return {"code": code, "said": str(error) if error else done.output, "trace": trace}


def main(system: str) -> None:
    modules = our_modules()
    for module in [*modules, *LATE]:
        importlib.import_module(module)
    become(system)
    problems = {module: reason for module in modules if (reason := why_not(module))}
    print(json.dumps({"problems": problems, "commands": {" ".join(command): outcome(command) for command in COMMANDS}}))


if __name__ == "__main__":
    main(sys.argv[1])
