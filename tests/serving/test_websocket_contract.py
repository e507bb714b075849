"""docs/websocket.md is the contract: the server answers as it says, and the Godot client sends what it says."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serving.test_policy_server import BAD, WALKER
from support.served_game import TOUCH, served_game, wait_until
from support.serving import Client, random_served, serving

import spacetime_rl
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.serving import guest as guests
from spacetime_rl.serving.guest import MESSAGES, Guest
from spacetime_rl.serving.messages import PROTOCOL, read_message

PAGE = (Path(spacetime_rl.__file__).parents[1] / "docs" / "websocket.md").read_text()
CLIENT = OWN_PROJECT / "addons" / "spacetime_rl" / "client"
WORD = re.compile(r"`(\w+)`")
_TRANSITIONS = {"agents", "obs", "actions", "rewards", "next_obs", "terminated", "truncated", "logp", "endings"}


def table_under(header: str) -> list[list[str]]:
    """The cells of the rows of the table whose first row begins with `header`."""
    begin = PAGE.index(f"| {header} |")
    lines = PAGE[begin:].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def contract() -> dict[str, tuple[set[str], str, set[str]]]:
    """By message its fields, its answer's type, and the answer's fields."""
    found = {}
    for message, fields, answer in table_under("message"):
        kind, *given = WORD.findall(answer)
        own = set(WORD.findall(fields))
        (name,) = WORD.findall(message)
        found[name] = (_TRANSITIONS | {"policy", "policies"} if name == "transition_batch" else own, kind, set(given))
    return found


def test_the_page_names_every_message_and_the_version() -> None:
    assert tuple(contract()) == MESSAGES
    assert f"The version of this contract is {PROTOCOL}." in PAGE
    assert f"const PROTOCOL := {PROTOCOL}\n" in (CLIENT / "rl_client.gd").read_text()


def test_the_server_answers_with_the_fields_of_the_page() -> None:
    whole: dict[str, dict[str, Any]] = {
        "hello": {"protocol": PROTOCOL, "game": "a game", "policies": {"walker": WALKER}},
        "act": {"obs": [0, 0, 0], "agent": "a", "policy": "walker", "begins": True},
        "act_batch": {"obs": [[0, 0, 0]], "agents": ["a"], "policy": "walker", "begins": [True]},
        "transition_batch": {
            **{"agents": ["a"], "obs": [[0, 0, 0]], "actions": [[0, 0, 0]], "rewards": [0], "next_obs": [[0, 0, 0]]},
            **{"terminated": [True], "truncated": [False], "logp": [-1.0], "policy": "walker"},
            "endings": [{"row": 0, "metrics": {"success": 1}}],
        },
        "ping": {},
    }

    async def ask(at: Any) -> dict[str, dict[str, Any]]:
        async with Client(at) as client:
            return {name: await client.ask(name, **fields) for name, fields in whole.items()}

    with serving(random_served()) as at:
        answers = asyncio.run(ask(at))

    for name, (fields, kind, given) in contract().items():
        assert set(whole[name]) <= fields, name
        assert answers[name]["type"] == kind
        assert set(answers[name]) == {"type", "id", *given}, name


def test_every_error_of_the_page_can_happen_and_no_other() -> None:
    named = [word for cells in table_under("code") for word in WORD.findall(cells[0])]
    package = Path(spacetime_rl.__file__).parent
    sources = [*(package / "serving").glob("*.py"), *(package / "live").glob("*.py")]
    raised = {code for file in sources for code in re.findall(r'BadMessage\(\s*"(\w+)"', file.read_text())}
    assert sorted(named) == sorted(raised)
    assert raised - set(BAD) == {"busy", "needs_websocket", "policy_mismatch"}  # tests of their own


def test_the_examples_of_the_page_are_answered_as_it_shows() -> None:
    (block,) = (text for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if '"hello"' in text)
    hello, ask, answer = (text for text in re.split(r"\n(?=\{)", block.strip()))

    async def converse(at: Any) -> dict[str, Any]:
        async with Client(at) as client:
            await client.send(hello)
            assert (await client.receive())["type"] == "welcome"
            await client.send(ask)
            return await client.receive()

    with serving(random_served()) as at:
        found = asyncio.run(converse(at))
    shown = dict(read_message(answer).body)
    assert found.keys() == shown.keys()
    assert np.shape(found["actions"]) == np.shape(shown["actions"])
    assert {key: found[key] for key in found if key != "actions"} == {
        key: shown[key] for key in shown if key != "actions"
    }


def test_the_godot_client_sends_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    answered: defaultdict[str, set[str]] = defaultdict(set)

    class Listener(Guest):
        async def answer(self, frame: str | bytes, kind: str | None = None) -> str | bytes:
            message = read_message(frame)
            sent[message.kind].append(dict(message.body))
            reply = await super().answer(frame, kind)
            answered[message.kind].add(read_message(reply).kind)
            return reply

    monkeypatch.setattr("spacetime_rl.serving.server.Guest", Listener)
    with serving(random_served()) as at, served_game(TOUCH, tmp_path, f"--serve={at.url}", "--serve_training=1"):
        wait_until(lambda: len(sent["transition_batch"]) >= 6, tmp_path)

    page = contract()
    assert set(sent) == {"hello", "act_batch", "transition_batch"}
    for name, bodies in sent.items():
        fields = set().union(*bodies)
        assert fields - {"type", "id"} <= page[name][0], name
        assert answered[name] == {page[name][1]}
    assert "agents" in sent["act_batch"][0]
    assert sum(len(one["endings"]) for one in sent["transition_batch"]) > 0 or len(sent["transition_batch"]) < 100
    assert guests.MESSAGES[0] == "hello"


@pytest.mark.parametrize("node", ["RLEnv", "RLClient"])
def test_the_page_has_every_setting_of_the_nodes_with_its_default(node: str) -> None:
    source = (CLIENT / f"rl_{node.removeprefix('RL').lower()}.gd").read_text()
    exported = re.findall(r"^@export(?:_\w+\([^)]*\))? var (\w+)(?:: [\w\[\]]+)?(?: :?= (.+))?$", source, re.MULTILINE)
    shown: dict[str, str] = {}
    for names, default, _ in table_under(f"`{node}`"):
        words = WORD.findall(names)
        shown |= dict(zip(words, [default] if len(words) == 1 else default.split(", "), strict=True))
    meant = {"off": "false", "on": "true", "none": '""', "`ws://127.0.0.1:8765`": '"ws://127.0.0.1:8765"'}
    assert {name for name, _ in exported} - {"client"} == set(shown)
    for name, default in exported:
        if name in shown and default:
            said = meant.get(shown[name], shown[name])
            assert default.removesuffix(".0") in (said, "{}" if shown[name] == "none" else said), name
