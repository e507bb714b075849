"""The Ray that a run brings along, which only that run may use."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from spacetime_rl.tuning.ray_session import keep_ray_off_stdout

JOIN = "import ray, sys; ray.init(sys.argv[1], logging_level='ERROR'); print(len(ray.nodes()))"
METHOD = "/ray.rpc.NodeInfoGcsService/GetClusterId"


def address() -> str:
    import ray

    return str(ray.get_runtime_context().gcs_address)


@pytest.mark.usefixtures("ray_cluster")
def test_a_process_with_the_token_joins() -> None:
    done = subprocess.run([sys.executable, "-c", JOIN, address()], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("ray_cluster")
@pytest.mark.parametrize("token", [None, "a" * 64], ids=["none", "another"])
def test_the_head_refuses_a_request_without_its_token(token: str | None) -> None:
    """Asked directly: Ray's own client repeats the request for a minute before it gives up."""
    import grpc

    assert token != os.environ["RAY_AUTH_TOKEN"]
    metadata = [] if token is None else [("authorization", f"Bearer {token}")]
    with grpc.insecure_channel(address(), options=[("grpc.enable_http_proxy", 0)]) as channel:
        ask = channel.unary_unary(METHOD)
        with pytest.raises(grpc.RpcError) as refused:
            ask(b"", timeout=20, metadata=metadata)
        assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
        assert ask(b"", timeout=20, metadata=[("authorization", f"Bearer {os.environ['RAY_AUTH_TOKEN']}")])


def test_what_ray_tells_of_lost_nodes_does_not_stand_amid_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    from ray._private import worker

    for _ in range(2):  # several sessions of a process
        keep_ray_off_stdout()
    lost = {"lines": ["The node has been marked dead"], "pid": "raylet", "is_err": False, "ip": "", "job": ""}
    worker.print_to_stdstream(lost, ignore_prefix=False)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("marked dead") == 1
