#!/usr/bin/env python3
"""A game without an engine, to inject faults: it speaks the wire spacetime/1 with the standard library alone.

Three agents an arena: givers end at the steps 3 (terminated) and 4 (terminated), the taker at 4 (truncated).
"""

from __future__ import annotations

import argparse
import array
import json
import os
import random
import signal
import socket
import struct
import sys
import time

GROUPS = [
    {
        "name": "giver",
        "agents": ["giver_0", "giver_1"],
        "layout": {
            "fields": [{"name": "place", "size": 2, "unit": "m"}, {"name": "step", "size": 1, "unit": ""}],
            "images": [],
            "actions": [
                {"name": "move", "kind": "continuous", "size": 2},
                {"name": "grip", "kind": "discrete", "size": 3},
            ],
        },
        "metrics": ["episode", "return", "length", "success"],
    },
    {
        "name": "taker",
        "agents": ["taker_0"],
        "layout": {
            "fields": [{"name": "step", "size": 1, "unit": ""}],
            "images": [{"name": "eye", "shape": [2, 2, 1]}],
            "actions": [{"name": "move", "kind": "continuous", "size": 1}],
        },
        "metrics": ["episode", "return", "length", "success"],
    },
]
REPORTS = {"report_text": "fast", "report_list": "[1, 2]", "report_gap": '{"decisions": 5, "sections": {}}'}
WRONG_NUMBERS = {  # the place in the frame of one arena, and what stands there; from 14 on giver_0 ends at step 3
    "nan": (5, float("nan")),
    "nan_reward": (9, float("nan")),
    "inf_reward": (8, float("inf")),
    "bad_flag": (11, 9.0),
    "nan_flag": (11, float("nan")),
    "nan_final": (15, float("nan")),
    "inf_metric": (18, float("inf")),
    "odd_success": (20, 7.0),
}
LENGTHS = {"giver_0": 3, "giver_1": 4, "taker_0": 4}
TRUNCATED = {"taker_0"}
PARAMS = {"bias"}


class Arena:
    """Episodes of three agents whose observations follow from (seed, episode, step) alone."""

    def __init__(self, index: int) -> None:
        self.index = index

    def begin(self, seed: int, episode: int) -> None:
        self.episode = episode
        self.random = random.Random(f"{seed}/{episode}")
        self.place = [self.random.random(), self.random.random()]
        self.step_count = 0
        self.returns = dict.fromkeys(LENGTHS, 0.0)

    def active(self, name: str) -> bool:
        return self.step_count < LENGTHS[name]

    def vector(self, name: str) -> list[float]:
        if name == "taker_0":
            return [float(self.step_count)]
        return [self.place[0] + int(name[-1]), self.place[1], float(self.step_count)]

    def pixels(self, name: str) -> bytes:
        return bytes([self.step_count, 10, 20, 255]) if name == "taker_0" else b""


class Game:
    """The wire's game side over a blocking socket."""

    def __init__(self, options: argparse.Namespace, connection: socket.socket) -> None:
        self.options = options
        self.connection = connection
        self.arenas = [Arena(i) for i in range(options.arenas)]
        self.seed = options.env_seed
        self.stride = options.arenas
        self.steps = 0
        for arena in self.arenas:
            arena.begin(self.seed, arena.index - self.stride)

    def agents(self) -> list[tuple[int, Arena, str]]:
        return [(g, arena, name) for g, group in enumerate(GROUPS) for arena in self.arenas for name in group["agents"]]

    def serve(self) -> None:
        while True:
            length, kind = struct.unpack("<IB", receive(self.connection, 5))
            body = receive(self.connection, length - 1)
            if kind == 1:
                self.steps += 1
                misbehave(self.options.fault if self.steps == self.options.fault_at else "", self)
                self.reply(1, self.step(body))
            elif kind == 2:
                self.reset(*struct.unpack("<qII", body))
            elif kind == 3:
                self.configure(json.loads(body)["params"])
            elif kind == 5:
                self.reply(4, REPORTS[self.options.fault].encode())
            else:
                sys.exit(0)

    def reset(self, seed: int, first: int, stride: int) -> None:
        if seed >= 0:
            self.seed, self.stride = seed, stride
        for arena in self.arenas:
            arena.begin(self.seed, first + arena.index if seed >= 0 else arena.episode + self.stride)
        count = len(self.agents())
        self.reply(1, self.state([0.0] * count, [4] * count, [], b""))

    def configure(self, params: dict[str, object]) -> None:
        unknown = set(params) - PARAMS
        if unknown:
            self.reply(3, f"unknown parameter '{unknown.pop()}'".encode())
            sys.exit(4)
        self.reply(2, b"")

    def step(self, body: bytes) -> bytes:
        actions = array.array("f", body)
        rewards, flags, tail, final_images, at = [], [], [], b"", 0
        acting = {id(arena): [name for name in LENGTHS if arena.active(name)] for arena in self.arenas}
        for arena in self.arenas:
            arena.step_count += 1
        for g, arena, name in self.agents():
            width = [3, 1][g]
            reward = sum(actions[at : at + width]) if name in acting[id(arena)] else 0.0
            at += width
            arena.returns[name] += reward
            ended = name in acting[id(arena)] and not arena.active(name)
            flag = (2 if name in TRUNCATED else 1) if ended else 0
            if ended:
                tail += [*arena.vector(name), arena.episode, arena.returns[name], arena.step_count, 1.0]
                final_images += arena.pixels(name)
            rewards.append(reward)
            flags.append(flag)
        for arena in self.arenas:
            if not any(arena.active(name) for name in LENGTHS):
                arena.begin(self.seed, arena.episode + self.stride)
        flags = [flag + 4 * arena.active(name) for flag, (_, arena, name) in zip(flags, self.agents(), strict=True)]
        return self.state(rewards, flags, tail, final_images)

    def state(self, rewards: list[float], flags: list[int], tail: list[float], final_images: bytes) -> bytes:
        vector, images = [0.0], b""
        for _, arena, name in self.agents():
            blank = not arena.active(name)
            vector += [0.0] * len(arena.vector(name)) if blank else arena.vector(name)
            images += bytes(len(arena.pixels(name))) if blank else arena.pixels(name)
        return array.array("f", [*vector, *rewards, *flags, *tail]).tobytes() + images + final_images

    def reply(self, kind: int, body: bytes) -> None:
        self.connection.sendall(struct.pack("<IB", 1 + len(body), kind) + body)


def misbehave(fault: str, game: Game) -> None:
    """Break the wire's rules in the named way, in the middle of a step."""
    send, good = game.connection.sendall, game.step(bytes(4 * 7 * len(game.arenas))) if fault else b""
    if fault == "die":
        sys.exit(7)
    elif fault == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif fault == "script_error":
        print("SPACETIME-ERROR res://player.gd:12: Invalid call on a null value", flush=True)
        sys.exit(70)
    elif fault == "hang":
        time.sleep(600)
    elif fault == "drip":
        for byte in struct.pack("<IB", 1 + len(good), 1) + good:
            send(bytes([byte]))
            time.sleep(0.1)
    elif fault == "hang_up":
        game.connection.close()
        time.sleep(600)
    elif fault == "short":
        game.reply(1, good[:-4])
    elif fault == "half":
        send(struct.pack("<IB", 1 + len(good), 1) + good[:10])
        sys.exit(7)
    elif fault == "long":
        game.reply(1, good + bytes(4))
    elif fault == "empty":
        game.reply(1, b"")
    elif fault == "oversized":
        send(struct.pack("<IB", 2_000_000_000, 1))
    elif fault == "random":
        send(random.Random(1).randbytes(4096))
    elif fault == "unknown_kind":
        game.reply(9, good)
    elif fault == "trailing":
        send(struct.pack("<IB", 1 + len(good), 1) + good + b"more")
    elif fault == "wrong_kind":
        game.reply(2, b"")
    elif fault == "error":
        game.reply(3, b"the arena is on fire")
        sys.exit(5)
    elif fault in WRONG_NUMBERS:
        floats = array.array("f", good[: len(good) // 4 * 4])
        place, wrong = WRONG_NUMBERS[fault]
        floats[place] = wrong
        game.reply(1, floats.tobytes() + good[4 * len(floats) :])
    if fault:
        time.sleep(600)


def receive(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            sys.exit(5)
        data += more
    return data


def send_json(connection: socket.socket, message: dict[str, object]) -> None:
    text = json.dumps(message).encode()
    connection.sendall(struct.pack("<I", len(text)) + text)


def introduce(options: argparse.Namespace, connection: socket.socket) -> None:
    """Answer the greeting, or do what the fault says."""
    for _ in range(2):
        receive(connection, struct.unpack("<I", receive(connection, 4))[0])
    token = "0" * 32 if options.fault == "wrong_token" else options.token
    spec = {
        "scenario": "fake",
        "arenas": options.arenas,
        "physics_hz": 90,
        "action_repeat": options.action_repeat,
        "groups": GROUPS,
        "params": json.loads(options.params),
        "wire": "spacetime/1",
    }
    if options.fault == "garbage_json":
        connection.sendall(struct.pack("<I", 9) + b"not json!")
        time.sleep(600)
    elif options.fault == "endless_json":
        connection.sendall(struct.pack("<I", 4_000_000_000))
        time.sleep(600)
    elif options.fault == "silent":
        time.sleep(600)
    elif options.fault == "dies_at_handshake":
        sys.exit(7)
    elif options.fault == "other_wire":
        send_json(connection, {"type": "env_info", "wire": "spacetime/9", "token": token, "spec": spec})
        time.sleep(600)
    elif options.fault == "bad_spec":
        send_json(connection, {"type": "env_info", "wire": "spacetime/1", "token": token, "spec": {"scenario": "x"}})
        time.sleep(600)
    spec |= json.loads(options.spec)
    unknown = set(spec["params"]) - PARAMS
    if unknown:
        send_json(
            connection, {"type": "error", "message": f"unknown parameter '{unknown.pop()}'; did you mean 'bias'?"}
        )
        sys.exit(4)
    send_json(connection, {"type": "env_info", "wire": "spacetime/1", "token": token, "spec": spec})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--token")
    parser.add_argument("--env_seed", type=int, default=0)
    parser.add_argument("--action_repeat", type=int, default=8)
    parser.add_argument("--arenas", type=int, default=1)
    parser.add_argument("--params", default="{}")
    parser.add_argument("--control", default="policy")
    parser.add_argument("--physics_hz", type=int, default=90)
    parser.add_argument("--spec", default="{}")  # laid over what it declares
    parser.add_argument("--fault", default="")
    parser.add_argument("--fault-at", type=int, default=2)
    options = parser.parse_args(sys.argv[sys.argv.index("--") + 1 :])
    print(f"fake game, fault '{options.fault}', user data in {os.environ['XDG_DATA_HOME']}", flush=True)
    if options.fault == "never_connects":
        time.sleep(600)
    elif options.fault == "dies_at_start":
        print("SPACETIME-ERROR res://main.gd:3: it does not parse", flush=True)
        sys.exit(70)
    elif options.fault == "connects_late":
        time.sleep(0.5)
    with socket.create_connection(("127.0.0.1", options.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        introduce(options, connection)
        Game(options, connection).serve()


if __name__ == "__main__":
    main()
