"""A process that is asked to end: by which signal, how often, and in the middle of what."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

Start = Callable[..., "subprocess.Popen[str]"]
ALL = pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["INT", "TERM", "HUP"]
)
SLEEPS = """
    try:
        ready()
        time.sleep(60)
    finally:
        print("closed", flush=True)
"""


# Whatever started the tests may ignore signals, as `nohup` does.
_HEARS = ("env", "--default-signal=HUP,INT,TERM")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a command of ours whose work is a piece of code, which calls `ready()`."""
    with ExitStack() as ends:

        def begin(work: str, *prefix: str, ready: str = "ready", **settings: str) -> subprocess.Popen[str]:
            changed = "".join(f"signals.{name} = {value}\n" for name, value in settings.items())
            code = (
                "import sys, time\nfrom spacetime_rl.host import signals\n"
                f"{changed}signals.listen()\n"
                "def ready(): print('ready', flush=True)\n"
                "def work():\n" + textwrap.indent(textwrap.dedent(work), "    ") + "\n"
                "try: work()\nexcept KeyboardInterrupt as stop:\n"
                "    print(stop, flush=True)\n    sys.exit(signals.exit_code())\n"
            )
            command = [*_HEARS, *prefix, sys.executable, "-c", code]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            ends.callback(_end, process)
            assert process.stdout is not None
            while ready not in process.stdout.readline():
                assert process.poll() is None, process.communicate()
            return process

        yield begin


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@ALL
def test_a_signal_closes_what_is_open_and_gives_its_own_exit_code(start: Start, number: int, code: int) -> None:
    process = start(SLEEPS)

    process.send_signal(number)

    out, _ = process.communicate(timeout=60)
    assert out.splitlines() == [
        "closed",
        f"stopped by {'Ctrl-C' if number == signal.SIGINT else signal.Signals(number).name}",
    ]
    assert process.returncode == code


def test_a_signal_that_another_thread_receives_interrupts_what_the_main_thread_waits_for(start: Start) -> None:
    process = start("""
        import signal, threading
        other = threading.Thread(target=time.sleep, args=(60,), daemon=True)
        other.start()
        threading.Timer(0.5, signal.pthread_kill, (other.ident, signal.SIGTERM)).start()
        try:
            ready()
            time.sleep(60)
        finally:
            print("closed", flush=True)
    """)

    out, err = process.communicate(timeout=60)
    assert out.splitlines() == ["closed", "stopped by SIGTERM"], err
    assert process.returncode == 143


def test_a_job_in_the_background_of_a_script_is_stopped_by_sigint(start: Start) -> None:
    process = start(SLEEPS, "env", "--ignore-signal=INT")

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=60) == 130


def test_nohup_keeps_a_command_alive_when_its_terminal_closes(start: Start) -> None:
    process = start(SLEEPS, "env", "--ignore-signal=HUP")

    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=60) == 143


@ALL
def test_the_first_process_of_a_container_is_stopped(start: Start, number: int, code: int) -> None:
    try:
        process = start(SLEEPS, "unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc")
    except AssertionError as refused:
        pytest.skip(f"no process namespaces here: {refused}")
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()

    os.kill(int(child), number)

    assert process.wait(timeout=60) == code


def test_the_same_signal_twice_at_once_as_timeout_sends_it_counts_once(start: Start) -> None:
    process = start(SLEEPS)

    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)

    out, _ = process.communicate(timeout=60)
    assert out.splitlines() == ["closed", "stopped by SIGTERM"]
    # On a busy machine the second comes when Python has let go of signals already; a shell reads 143 from either.
    assert process.returncode in (143, -signal.SIGTERM)


GENTLE = """
    import os
    asked = []
    with signals.gently(lambda: asked.append(1)):
        ready()
        while not asked:
            time.sleep(0.01)
        print("saved", flush=True)
        while True:
            time.sleep(0.01)
"""


def test_a_gentle_part_is_asked_first_and_left_at_the_second_signal(start: Start) -> None:
    process = start(GENTLE, SAME_S="0.0")
    assert process.stdout is not None

    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "saved\n"
    process.send_signal(signal.SIGTERM)

    out, _ = process.communicate(timeout=60)
    assert (out, process.returncode) == ("stopped by SIGTERM\n", 143)


SLOW_TO_CLOSE = """
    import subprocess
    child = subprocess.Popen(["sleep", "60"])
    with signals.last_words(lambda: print("last words", flush=True)):
        try:
            ready()
            time.sleep(60)
        finally:
            print(child.pid, flush=True)
            time.sleep(60)
"""


def test_a_second_signal_ends_what_takes_long_to_close_and_its_children(start: Start) -> None:
    process = start(SLOW_TO_CLOSE, SAME_S="0.0")
    assert process.stdout is not None

    process.send_signal(signal.SIGTERM)
    child = int(process.stdout.readline())
    process.send_signal(signal.SIGTERM)

    out, err = process.communicate(timeout=60)
    assert (out, process.returncode) == ("last words\n", 143)
    assert "ended at once by SIGTERM" in err
    _wait_for_end(child)


def test_what_does_not_come_to_its_end_is_ended(start: Start) -> None:
    process = start(SLOW_TO_CLOSE, UNWIND_S="0.5")

    process.send_signal(signal.SIGTERM)

    _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "ended by SIGTERM; the command did not come to its end within 0.5 s" in err


DEAF = """
    import ctypes, threading
    libc, mask = ctypes.CDLL(None), ctypes.create_string_buffer(128)
    libc.sigfillset(mask)

    def when_deaf():
        while "SigBlk:\\t0000000000000000" in open("/proc/self/status").read():
            time.sleep(0.01)
        ready()

    threading.Thread(target=when_deaf, daemon=True).start()
    libc.sigsuspend(mask)  # waits in C, for ever, with all signals blocked
"""


def test_a_library_that_is_deaf_to_signals_is_ended_with_the_process(start: Start) -> None:
    process = start(DEAF, DEAF_S="0.5")

    process.send_signal(signal.SIGTERM)

    _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "ended by SIGTERM; what was being done did not react to it within 0.5 s" in err


IGNORED = """
    import os
    os.register_at_fork(after_in_parent=lambda: (ready(), time.sleep(1)))
    child = os.fork()
    if not child:
        os._exit(0)
    time.sleep(60)
"""


def test_a_signal_that_comes_where_python_ignores_exceptions_stops_it_all_the_same(start: Start) -> None:
    process = start(IGNORED)

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=60) == 143


TAKEN = """
    import ctypes, signal
    libc = ctypes.CDLL(None)
    with signals.kept():
        libc.signal(signal.SIGTERM, ctypes.cast(libc.abort, ctypes.c_void_p))  # as Ray does
        time.sleep(1)
        ready()
        time.sleep(60)
"""


def test_a_library_that_takes_the_signals_does_not_keep_them(start: Start) -> None:
    process = start(TAKEN)

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=60) == 143


def _wait_for_end(pid: int) -> None:
    """A process that is killed is there for a moment longer."""
    deadline = time.monotonic() + 20
    while _runs(pid):
        assert time.monotonic() < deadline, f"process {pid} goes on"
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False
