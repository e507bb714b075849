#!/usr/bin/env python3
"""A stock game without an engine: it speaks the JSON of Godot RL Agents 0.7 with the standard library alone.

Two agents of the policy `p` and one of `q`; each episode of agent i lasts 3 + i decisions. What it declares and sends
can be replaced by arguments, to try what clients make of it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import struct
import sys
from typing import Any

INFO = {
    "type": "env_info",
    "n_agents": 3,
    "observation_space": [{"obs": {"size": [2], "space": "box"}}] * 3,
    "action_space": [{"move": {"size": 2, "action_type": "continuous"}}] * 3,
    "agent_policy_names": ["p", "q", "p"],
}


HEIGHT, WIDTH = 36, 48
CAMERAS = {**INFO, "observation_space": [{"camera_2d": {"size": [3, HEIGHT, float(WIDTH)], "space": "box"}}] * 3}


class Agent:
    """Its observation is its number, with some luck, and its age; its reward the sum of what it does."""

    def __init__(self, index: int, luck: float = 0.0) -> None:
        self.index, self.age, self.reward, self.luck = index, 0, 0.0, luck

    def act(self, action: dict[str, Any]) -> None:
        if self.done:
            self.age = 0
        self.age += 1
        self.reward = sum(sum(value) if isinstance(value, list) else value for value in action.values())

    @property
    def done(self) -> bool:
        return self.age >= 3 + self.index

    def look(self) -> dict[str, object]:
        """What the plugin's camera sends: nothing without a renderer, else red, green, blue and opacity row by row."""
        places = ((row, column) for row in range(HEIGHT) for column in range(WIDTH))
        pixels = bytes(value for row, column in places for value in (column, row, self.index, 255))
        return {"camera_2d": None if "--headless" in sys.argv else pixels.hex()}

    def observe(self) -> dict[str, object]:
        return {"obs": [self.index + self.luck, self.age]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--info", type=json.loads, default={})  # laid over what it declares; a null takes a key out
    parser.add_argument("--reset", type=json.loads, default={})  # likewise, over the answer to a reset
    parser.add_argument("--step", type=json.loads, default={})  # likewise, over the answer to step number `at`
    parser.add_argument("--every-step", type=json.loads, default={})
    parser.add_argument("--at", type=int, default=2)
    parser.add_argument("--camera", action="store_true")  # observations are images
    parser.add_argument("--script-errors", type=int, default=0)  # in its log, at every step
    parser.add_argument("--crash-above", type=float)  # a reward of the first agent, which takes certain actions
    parser.add_argument("--crash-by", default="SIGSEGV")
    parser.add_argument("--dice", choices=("seeded", "unseeded"))  # a throw at each reset is the agents' luck
    options, _ = parser.parse_known_args(sys.argv[sys.argv.index("--") + 1 :])
    with socket.create_connection(("127.0.0.1", options.port)) as connection:
        for _ in range(2):
            receive(connection)
        send(connection, lay(CAMERAS if options.camera else INFO, options.info))
        serve(connection, options)


def serve(connection: socket.socket, options: argparse.Namespace) -> None:
    agents = [Agent(index) for index in range(3)]
    see = Agent.look if options.camera else Agent.observe
    seeds = [word for word in sys.argv if word.startswith("--env_seed=")]
    dice = random.Random(seeds[0] if options.dice == "seeded" else None)
    steps = 0
    while True:
        request = receive(connection)
        if request["type"] == "reset":
            luck = dice.random() if options.dice else 0.0
            agents = [Agent(index, luck) for index in range(3)]
            answer: dict[str, object] = {"type": "reset", "obs": [see(agent) for agent in agents]}
            send(connection, lay(answer, options.reset))
        elif request["type"] == "action":
            steps += 1
            for _ in range(options.script_errors):
                print("SCRIPT ERROR: Invalid call.\n   at: jump (res://player.gd:12)", file=sys.stderr)
            for agent, action in zip(agents, request["action"], strict=True):
                agent.act(action)
            if options.crash_above is not None and agents[0].reward > options.crash_above:
                os.kill(os.getpid(), signal.Signals[options.crash_by])
            answer = {
                "type": "step",
                "obs": [see(agent) for agent in agents],
                "reward": [agent.reward for agent in agents],
                "done": [agent.done for agent in agents],
                "info": [{} for _ in agents],
            }
            send(connection, lay(lay(answer, options.every_step), options.step if steps == options.at else {}))
        else:
            sys.exit(0)


def lay(answer: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in {**answer, **over}.items() if value is not None}


def receive(connection: socket.socket) -> dict[str, Any]:
    (length,) = struct.unpack("<I", read(connection, 4))
    message: dict[str, Any] = json.loads(read(connection, length))
    return message


def read(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            sys.exit(5)
        data += more
    return data


def send(connection: socket.socket, message: dict[str, object]) -> None:
    text = json.dumps(message).encode()
    connection.sendall(struct.pack("<I", len(text)) + text)


if __name__ == "__main__":
    main()
