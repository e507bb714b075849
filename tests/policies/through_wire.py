"""Decisions of a policy by Python, for a game that waits for them: what `eval` does without `--in-game`."""

from __future__ import annotations

import socket
import time

import numpy as np

from spacetime_rl.evaluation.policies import OnnxActor
from spacetime_rl.export.onnx import ExportedPolicy
from spacetime_rl.export.schema import read_schema
from spacetime_rl.game.wire import MAX_FRAME_BYTES, FrameSocket, Request

WAIT_S = 60.0


def decide(listener: socket.socket, policy: ExportedPolicy) -> None:
    """Answer a game's observations by actions, until it closes the connection.

    A frame has the numbers of all agents, and then the bytes of their images. How many agents there are shows by its
    length.
    """
    listener.settimeout(WAIT_S)
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    frames = FrameSocket(connection, 1 << 20, MAX_FRAME_BYTES // 8)
    schema = read_schema(policy.schema)
    numbers = schema.layout.vector_dim
    pixels = sum(int(np.prod(image.shape)) for image in schema.layout.images)
    actors: dict[int, OnnxActor] = {}
    try:
        while True:
            _, length = frames.receive(time.monotonic() + WAIT_S)
            agents = length // (4 * numbers + pixels)
            if agents not in actors:
                actors[agents] = OnnxActor(policy.onnx, schema, agents)
            seen = frames.incoming[: 4 * agents * numbers].view(np.float32).reshape(agents, numbers)
            if pixels:
                images = frames.incoming[4 * agents * numbers : length].reshape(agents, pixels)
                seen = np.concatenate([seen, images.astype(np.float32) / 255.0], axis=1)
            actions = actors[agents].act(seen)
            frames.outgoing[: actions.nbytes] = np.ascontiguousarray(actions, np.float32).view(np.uint8).ravel()
            frames.send(Request.STEP, actions.nbytes, time.monotonic() + WAIT_S)
    except ConnectionError:
        frames.close()
