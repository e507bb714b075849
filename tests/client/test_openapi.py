"""The OpenAPI file describes the server: its paths, methods, statuses and fields, each held against the real one."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.http_game import TAG, TOKEN, TOUCH, HttpGame, http_game

from spacetime_rl.game.project import OWN_PROJECT

DOCUMENT: dict[str, Any] = json.loads((OWN_PROJECT / "addons/spacetime_rl/http/openapi.json").read_text())
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]
# Bodies that are answered by 200, and by another status that the document names.
GOOD: dict[tuple[str, str], list[Any]] = {
    ("/scene", "post"): [{"scene_path": TOUCH}],
    ("/rl/action", "post"): [
        {"action": [0.0, 1.0], "agent": "walker_0"},
        {"actions": {"walker_0": {"move": [0, 0]}, "jumper_0": [0, 0, 1]}},
    ],
    ("/rl/reset", "post"): [{}, {"seed": 5}, {"seed": 5, "episode": 7}],
}
BAD: dict[tuple[str, str], list[tuple[int, Any]]] = {
    ("/scene", "post"): [
        (400, {}),
        (400, {"scene_path": TOUCH, "more": 1}),
        (403, {"scene_path": "res://secret.tscn"}),
        (404, {"scene_path": "res://tests/none.tscn"}),
    ],
    ("/scene/reload", "post"): [(400, {"more": 1})],
    ("/rl/action", "post"): [
        (400, {}),
        (400, {"action": [0, 0]}),
        (400, {"action": [0, 0], "agent": 7}),
        (400, {"action": [0], "agent": "walker_0"}),
        (400, {"action": [0, 2], "agent": "walker_0"}),
        (400, {"action": ["0", 0], "agent": "walker_0"}),
        (400, {"action": {"run": 1}, "agent": "walker_0"}),
        (400, {"action": {"move": [0, 0], "jump": 0.5}, "agent": "jumper_0"}),
        (400, {"action": None, "agent": "walker_0"}),
        (400, {"actions": {}}),
        (400, {"actions": {"walker_0": [0, 0]}, "agent": "walker_0"}),
        (404, {"action": [0, 0], "agent": "nobody"}),
    ],
    ("/rl/reset", "post"): [(400, {"seed": -1}), (400, {"seed": 1.5}), (400, {"seed": "1"}), (400, {"episode": 2**31})],
}


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpGame]:
    with http_game("--arenas=1", log_dir=tmp_path_factory.mktemp("openapi")) as running:
        yield running


def send(game: HttpGame, method: str, path: str, body: Any = None, token: str | None = TOKEN) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return httpx.request(method.upper(), game.url + path, json=body, headers=headers, trust_env=False)


def check(path: str, method: str, answer: httpx.Response) -> None:
    """Raises unless the document has this answer."""
    responses = DOCUMENT["paths"][path][method]["responses"]
    assert str(answer.status_code) in responses, answer.text
    schema = responses[str(answer.status_code)]["content"]["application/json"]["schema"]
    jsonschema = importlib.import_module("jsonschema")
    jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(answer.json())


def test_the_document_has_all_paths_and_methods_of_the_server(game: HttpGame) -> None:
    known = send(game, "GET", "/no/such/path").json()["error"].partition("there are ")[2].split(", ")
    assert set(known) == set(DOCUMENT["paths"])
    for path in known:
        allowed = send(game, "DELETE", path).headers["Allow"].split(", ")
        assert {method.lower() for method in allowed} == set(DOCUMENT["paths"][path])


def test_the_document_itself_is_served(game: HttpGame) -> None:
    assert send(game, "GET", "/openapi.json").json() == DOCUMENT


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
def test_every_answer_is_as_the_document_has_it(path: str, method: str, game: HttpGame) -> None:
    operation = DOCUMENT["paths"][path][method]
    seen = set()
    for body in GOOD.get((path, method), [None]):
        answer = send(game, method, path, body)
        assert answer.status_code == 200, answer.text
        check(path, method, answer)
    for status, body in BAD.get((path, method), []):
        answer = send(game, method, path, body)
        assert answer.status_code == status, (body, answer.text)
        check(path, method, answer)
        seen.add(str(status))
    other_host = httpx.request(
        method.upper(), game.url + path, headers={"Host": "games.example:8080"}, json={}, trust_env=False
    )
    assert other_host.status_code == 403
    check(path, method, other_host)
    wanted = "token" in str(operation.get("security"))
    assert (send(game, method, path, {}, token=None).status_code == 401) == wanted
    if wanted:
        check(path, method, send(game, method, path, {}, token=None))


def test_the_fields_of_a_body_are_those_of_the_server(game: HttpGame) -> None:
    for path, method in OPERATIONS:
        body = DOCUMENT["paths"][path][method].get("requestBody")
        answer = send(game, method, path, {"no_such_field": 1}).json()["error"]
        known = answer.partition("known: ")[2]
        schema = body["content"]["application/json"]["schema"] if body else {}
        forms = schema.get("oneOf", [schema])
        assert set(known.split(", ")) == ({name for form in forms for name in form.get("properties", {})} or {"none"})


def test_a_scene_without_agents_has_no_observation(game: HttpGame) -> None:
    with game.api() as api:
        api.load_scene("res://tests/fixtures/no_bridge.tscn")
        for path, method in [("/rl/observation", "get"), ("/rl/state", "get"), ("/rl/reset", "post")]:
            answer = send(game, method, path)
            assert answer.status_code == 404, answer.text
            check(path, method, answer)
        answer = send(game, "post", "/rl/action", {"action": [1]})
        assert answer.status_code == 404, answer.text
        api.load_scene(TAG)
        assert api.get_observation()["agents"]
        api.load_scene(TOUCH)
