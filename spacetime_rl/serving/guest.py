"""One connected game: what it declared, the recurrent states of its agents, and the answers to its messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from spacetime_rl import __version__
from spacetime_rl.evaluation.sources import compare_layouts
from spacetime_rl.game.declaration import SpecError
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.serving.batcher import Batcher
from spacetime_rl.serving.find import Declared, Served
from spacetime_rl.serving.messages import (
    MOST_ROWS,
    PROTOCOL,
    BadMessage,
    Floats,
    Message,
    error_of,
    flags_in,
    matrix,
    name_in,
    names_in,
    read_message,
    rows_in,
    write_message,
)
from spacetime_rl.serving.players import Player
from spacetime_rl.serving.transitions import Transitions, count, read_transitions

_HELLO, _ACT, _ACT_BATCH, _TRANSITIONS, _PING = "hello", "act", "act_batch", "transition_batch", "ping"
MESSAGES = (_HELLO, _ACT, _ACT_BATCH, _TRANSITIONS, _PING)


class Learner(Protocol):
    """Takes what games experienced; None where nobody learns."""

    def take(self, guest: str, transitions: Transitions) -> None:
        """Take the transitions of one message. Raises BadMessage where they cannot be learned from."""

    def leave(self, guest: str) -> None:
        """The connection is gone: what its agents were in the middle of ends here."""


class Guest:
    """The state of one connection, or of one HTTP request."""

    def __init__(
        self, name: str, served: Served, batcher: Batcher, learner: Learner | None = None, *, lasting: bool = True
    ) -> None:
        self.name = name
        self.game = ""
        self._served = served
        self._batcher = batcher
        self._learner = learner
        self._lasting = lasting
        self._players: Mapping[str, Player] = served.players
        self._policy_of: dict[str, str] = {}  # by agent, as the game declared it
        self._states: dict[tuple[str, str], Floats] = {}  # recurrent, by policy and agent
        self._answers: dict[str, Callable[[Message], Any]] = {
            _ACT: self._act,
            _ACT_BATCH: self._act_batch,
        }

    async def answer(self, frame: str | bytes, kind: str | None = None) -> str | bytes:
        """The frame that answers a frame, whose `kind` may be known. Never raises for what a game can send."""
        message = None
        try:
            message = read_message(frame, kind)
            body = await self._answer(message)
        except BadMessage as error:
            body = error_of(message, error)
        return write_message(body, isinstance(frame, bytes))

    def leave(self) -> None:
        """The connection is gone."""
        if self._learner is not None:
            self._learner.leave(self.name)

    async def _answer(self, message: Message) -> dict[str, Any]:
        if message.kind in self._answers:
            return await self._answers[message.kind](message)  # type: ignore[no-any-return]
        if message.kind == _HELLO:
            return self._hello(message)
        if message.kind == _TRANSITIONS:
            return self._take(message)
        if message.kind == _PING:
            return {"type": "pong", "id": message.id}
        raise BadMessage("unknown_type", f"type: {message.kind[:60]!r} is no message; there are {', '.join(MESSAGES)}")

    def _hello(self, message: Message) -> dict[str, Any]:
        protocol = message.body.get("protocol", PROTOCOL)
        if protocol != PROTOCOL or isinstance(protocol, bool):
            raise BadMessage(
                "bad_protocol", f"protocol: this server speaks {PROTOCOL}, the game {str(protocol)[:60]!r}"
            )
        game = name_in(message.body, "game", "") if message.body.get("game") else ""
        layouts, policy_of = read_policies(message.body.get("policies", {}))
        players = self._served.make_random(layouts) if self._served.is_random else self._served.players
        _compare(layouts, players)
        self.game, self._players, self._policy_of = game or "", players, policy_of
        self._states.clear()
        if self._served.greeted is not None:
            self._served.greeted(Declared(self.game, layouts, policy_of))
        return {
            "type": "welcome",
            "id": message.id,
            "protocol": PROTOCOL,
            "server": f"spacetime_rl {__version__}",
            "serves": self._served.title,
            "learns": self._served.learns,
            "policies": {name: describe_player(player) for name, player in players.items()},
        }

    async def _act(self, message: Message) -> dict[str, Any]:
        body = message.body
        agent, begins = name_in(body, "agent"), body.get("begins", False)
        if not isinstance(begins, bool):
            raise BadMessage("bad_message", "begins: expected true or false")
        policy = self._policy(name_in(body, "policy"), agent)
        player = self._players[policy]
        seen = body.get("obs")
        rows = seen[None] if isinstance(seen, np.ndarray) and seen.ndim == 1 else [seen]
        decided = await self._decide(policy, matrix(rows, player.layout.obs_dim, "obs"), [agent or "0"], [begins])
        return {
            "type": "action",
            "id": message.id,
            "agent": agent,
            "policy": policy,
            "action": decided[0][0],
            "logp": None if decided[1] is None else float(decided[1][0]),
            "version": player.version,
        }

    async def _act_batch(self, message: Message) -> dict[str, Any]:
        body = message.body
        rows = rows_in(body, "obs")
        agents = names_in(body, "agents", len(rows))
        begins = flags_in(body, "begins", len(rows))
        whose = self._policies(body, agents, len(rows))
        names = agents or [str(row) for row in range(len(rows))]
        if len(set(zip(whose, names, strict=True))) < len(names):
            raise BadMessage("bad_message", "agents: expected every agent once")
        answer = {"type": "action_batch", "id": message.id, "agents": agents}
        if len(set(whose)) == 1:
            player = self._players[whose[0]]
            seen = matrix(rows, player.layout.obs_dim, "obs")
            actions, logps = await self._decide(whose[0], seen, names, begins)
            return {**answer, "actions": actions, "logp": logps, "version": player.version}
        if message.binary:
            raise BadMessage("bad_message", "policies: a binary frame is of one policy; send a frame for each")
        return {**answer, **await self._decide_mixed(whose, rows, names, begins)}

    async def _decide_mixed(self, whose: list[str], rows: Any, names: list[str], begins: list[bool]) -> dict[str, Any]:
        actions: list[Any] = [None] * len(whose)
        logps: list[Any] = [None] * len(whose)
        parts = {policy: [row for row, own in enumerate(whose) if own == policy] for policy in dict.fromkeys(whose)}
        seen = {
            policy: matrix([rows[row] for row in own], self._players[policy].layout.obs_dim, f"obs of {policy}")
            for policy, own in parts.items()
        }
        for policy, own in parts.items():
            acted, probable = await self._decide(
                policy, seen[policy], [names[row] for row in own], [begins[row] for row in own]
            )
            for place, row in enumerate(own):
                actions[row] = acted[place].tolist()
                logps[row] = None if probable is None else float(probable[place])
        version = max(self._players[policy].version for policy in parts)
        return {"actions": actions, "logp": None if None in logps else logps, "version": version}

    async def _decide(
        self, policy: str, seen: Floats, agents: list[str], begins: list[bool]
    ) -> tuple[Floats, Floats | None]:
        player = self._players[policy]
        if not player.state_size:
            decided = await self._batcher.decide(player, seen, np.zeros((len(seen), 0), np.float32))
            return decided.actions, decided.logps
        if not self._lasting:
            raise BadMessage("needs_websocket", f"policy {policy} has a recurrent state, which a WebSocket keeps")
        keys = [(policy, agent) for agent in agents]
        zeros = np.zeros(player.state_size, np.float32)
        given = [zeros if begin else self._states.get(key, zeros) for key, begin in zip(keys, begins, strict=True)]
        decided = await self._batcher.decide(player, seen, np.stack(given))
        self._states.update(zip(keys, decided.state, strict=True))
        if len(self._states) > MOST_ROWS:
            self._states = dict(list(self._states.items())[-MOST_ROWS:])
        return decided.actions, decided.logps

    def _take(self, message: Message) -> dict[str, Any]:
        transitions = read_transitions(message.body, self._players, self._policies)
        if self._learner is not None:
            self._learner.take(self.name, transitions)
        accepted = count(transitions) if self._learner is not None else 0
        version = max((player.version for player in self._players.values()), default=0)
        return {
            "type": "ack",
            "id": message.id,
            "accepted": accepted,
            "learns": self._learner is not None,
            "version": version,
        }

    def _policies(self, body: Mapping[str, Any], agents: list[str] | None, rows: int) -> list[str]:
        """The policy of each row."""
        named = names_in(body, "policies", rows)
        if named is not None:
            return [self._policy(name, None) for name in named]
        policy = name_in(body, "policy")
        if policy is not None or not self._policy_of or agents is None:
            return [self._policy(policy, None)] * rows
        return [self._policy(None, agent) for agent in agents]

    def _policy(self, policy: str | None, agent: str | None) -> str:
        if policy is None and agent is not None:
            policy = self._policy_of.get(agent)
        if policy is None and len(self._players) == 1:
            return next(iter(self._players))
        if policy is not None and policy in self._players:
            return policy
        if not self._players:
            why = "random actions need to know the action: say hello with your policies first"
        else:
            why = f"there are {', '.join(self._players)}"
        raise BadMessage("unknown_policy", f"policy: {'none named' if policy is None else repr(policy[:60])}; {why}")


def describe_player(player: Player) -> dict[str, Any]:
    """What a game may want to know of a policy."""
    return {
        "obs": player.layout.obs_dim,
        "action": player.layout.action_size,
        "layout": player.layout.to_dict(),
        "recurrent": bool(player.state_size),
        "version": player.version,
    }


def read_policies(declared: Any) -> tuple[dict[str, PolicyLayout], dict[str, str]]:
    """The layouts by policy, and the policies by agent, that a game declares. Raises BadMessage."""
    if not isinstance(declared, dict) or len(declared) > MOST_ROWS:
        raise BadMessage("bad_message", "policies: expected an object with the spaces of each policy")
    layouts: dict[str, PolicyLayout] = {}
    policy_of: dict[str, str] = {}
    for name, spaces in declared.items():
        name_in({"policies": name}, "policies")
        if not isinstance(spaces, dict):
            raise BadMessage("bad_message", f"policies: {name}: expected an object with `obs` and `actions`")
        layouts[name] = _read_layout(name, spaces)
        agents = spaces.get("agents")
        if agents is not None:
            if not isinstance(agents, list):
                raise BadMessage("bad_message", f"policies: {name}: agents: expected a list of names")
            policy_of |= {agent: str(name) for agent in names_in(spaces, "agents", len(agents)) or []}
    return layouts, policy_of


def _read_layout(name: str, spaces: Mapping[str, Any]) -> PolicyLayout:
    """A layout in full, as `welcome` writes it, or in short: `obs`, the number of floats, and `actions`."""
    layout = spaces.get("layout")
    if layout is None:
        fields = [{"name": "obs", "size": spaces.get("obs")}]
        layout = {"fields": fields, "images": [], "actions": spaces.get("actions")}
    try:
        if not isinstance(layout, dict):
            raise SpecError("layout: expected an object")
        found = PolicyLayout.from_dict(layout)
    except (SpecError, TypeError, RecursionError) as error:
        raise BadMessage("bad_spaces", f"policies: {name}: {str(error)[:300]}") from None
    if found.obs_dim > _MOST_NUMBERS or found.action_size > _MOST_NUMBERS or _choices(found) > _MOST_NUMBERS:
        raise BadMessage("bad_spaces", f"policies: {name}: expected at most {_MOST_NUMBERS} numbers")
    return found


def _choices(layout: PolicyLayout) -> int:
    return sum(action.size for action in layout.actions)


def _compare(layouts: Mapping[str, PolicyLayout], players: Mapping[str, Player]) -> None:
    """Raise BadMessage with everything in which the game's declaration differs from the policies that are served."""
    problems = []
    for name, layout in layouts.items():
        player = players.get(name)
        if player is None:
            problems.append(f"no policy {name!r} is served; there are {', '.join(players)}")
        elif _is_short(layout):  # a game may know sizes alone
            sizes = (layout.obs_dim, layout.action_size)
            served = (player.layout.obs_dim, player.layout.action_size)
            if sizes != served:
                problems.append(f"{name}: the game has {sizes} numbers to see and to do, the policy {served}")
        else:
            problems += [f"{name}: {problem}" for problem in compare_layouts(player.layout, layout)]
    if problems:
        raise BadMessage("policy_mismatch", "; ".join(problems)[:2000])


def _is_short(layout: PolicyLayout) -> bool:
    return [field.name for field in layout.fields] == ["obs"] and not layout.images


_MOST_NUMBERS = 1 << 20
