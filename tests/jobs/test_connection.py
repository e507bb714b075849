"""Who may be asked for jobs, and with what."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from requests.exceptions import ConnectionError as RequestsConnectionError

from spacetime_rl.errors import ClusterError, UsageError
from spacetime_rl.jobs.connection import ask, connect, is_this_machine, settle_auth
from spacetime_rl.jobs.shipment import pinned, runtime_env


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.setenv(name, "to be restored")
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_is_asked_without_a_token(host: str) -> None:
    assert is_this_machine(host)
    settle_auth(f"http://[{host}]:8265" if ":" in host else f"http://{host}:8265")
    assert os.environ["RAY_AUTH_MODE"] == "disabled"


def test_another_machine_is_not_asked_without_a_token() -> None:
    with pytest.raises(UsageError, match=r"head:8265 is not this machine and there is no token.*RAY_AUTH_TOKEN"):
        settle_auth("http://head:8265")


@pytest.mark.parametrize("how", ["variable", "file", "home"])
def test_a_token_is_enough(how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".ray").mkdir()
    file = tmp_path / (".ray/auth_token" if how == "home" else "token")
    file.write_text("secret")
    if how == "variable":
        monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    if how == "file":
        monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(file))

    settle_auth("http://head:8265")

    assert os.environ["RAY_AUTH_MODE"] == "token"


def test_who_says_that_there_is_no_token_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")

    settle_auth("http://head:8265")

    assert os.environ["RAY_AUTH_MODE"] == "disabled"


@pytest.mark.parametrize("address", ["head:8265", "ray://head:10001", "http://"])
def test_an_address_of_another_kind_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="expected http://HOST:8265"):
        connect(address)


def test_nobody_there_is_told(unused_port: int) -> None:
    with pytest.raises(ClusterError, match=f"127.0.0.1:{unused_port}: no Ray job server answers there"):
        connect(f"http://127.0.0.1:{unused_port}")


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_job_brings_this_package_the_users_folder_and_stops_like_ctrl_c(tmp_path: Path) -> None:
    env = runtime_env(tmp_path, install=False)

    (package,) = map(Path, env["py_modules"])
    assert (package / "cli" / "app.py").is_file()
    assert env["working_dir"] == str(tmp_path)
    assert "results" in env["excludes"]
    assert env["env_vars"]["RAY_JOB_STOP_SIGNAL"] == "SIGINT"
    assert "uv" not in env
    assert "working_dir" not in runtime_env(None, install=False)


def test_dependencies_are_brought_as_they_are_here() -> None:
    import mlflow

    found = pinned()

    assert f"mlflow=={mlflow.__version__}" in found
    assert any(line.startswith("sqlalchemy==") for line in found)  # what its own packages need
    assert not any(line.startswith(("ray==", "torch==")) for line in found)
    uv = runtime_env(None, install=True)["uv"]
    assert uv["packages"] == sorted(found)
    assert uv["uv_pip_install_options"] == ["--no-deps"]  # the versions of here, not a search for others


@pytest.mark.parametrize("words", ["No available agent, please try again later.", "Failed to get head node agent"])
def test_a_head_that_has_just_begun_is_asked_again(words: str) -> None:
    answers = iter([RuntimeError(words), "taken"])

    def question() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    assert ask(question, "first: the cluster did not take the job") == "taken"


def test_a_refusal_is_told_without_its_traceback() -> None:
    def question() -> str:
        raise RuntimeError(
            'Request failed: Traceback (most recent call last):\n  File "a.py"\nValueError: no such id\n.'
        )

    with pytest.raises(ClusterError, match=r"^first: not taken: Request failed: ValueError: no such id$"):
        ask(question, "first: not taken")


def test_a_head_that_goes_during_a_question_is_told() -> None:
    def question() -> str:
        raise RequestsConnectionError("Remote end closed connection without response")

    with pytest.raises(
        ClusterError, match=r"^first: not stopped: its job server is gone \(Remote end closed.*is its head up"
    ):
        ask(question, "first: not stopped")
