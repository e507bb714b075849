"""Secrets in texts that are given to others."""

from __future__ import annotations

import pytest

from spacetime_rl.formats.secrets import HIDDEN, secret_values, without_secrets


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("password: hunter22", "password: [hidden]"),
        ('{"api_key": "hunter22", "lr": 0.1}', '{"api_key": "[hidden]", "lr": 0.1}'),
        ("HF_TOKEN=hunter22 spacetime-rl train tag", "HF_TOKEN=[hidden] spacetime-rl train tag"),
        ("spacetime-rl train --auth-token hunter22 --seed 1", "spacetime-rl train --auth-token [hidden] --seed 1"),
        ("--password=hunter22", "--password=[hidden]"),
        ("uri: postgresql://me:hunter22@db:5432/runs", "uri: postgresql://[hidden]@db:5432/runs"),
        ("redis://:hunt@er22@db", "redis://[hidden]@db"),
        ("https://hunter22@tracking.example/api", "https://[hidden]@tracking.example/api"),
        ("GET /rl/state?token=hunter22&agent=1", "GET /rl/state?token=[hidden]&agent=1"),
        ("Authorization: Bearer hunter22.abc", "Authorization: [hidden]"),
        ("sent 'Bearer hunter22abc' to 8080", "sent 'Bearer [hidden]' to 8080"),
        ("AWS_SECRET_ACCESS_KEY: 'hunter22'", "AWS_SECRET_ACCESS_KEY: '[hidden]'"),
        ("PGPASSWORD=hunter22", "PGPASSWORD=[hidden]"),
        ("key ghp_hunter22hunter22hunter22 used", "key [hidden] used"),
        ("-----BEGIN RSA PRIVATE KEY-----\nhunter22\n-----END RSA PRIVATE KEY-----\nrest", "[hidden]\nrest"),
        ("-----BEGIN PRIVATE KEY-----\nhunter22 (the log was cut", "[hidden]"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_and_its_name_stays(text: str, left: str) -> None:
    assert without_secrets(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "token: null", "tokens: 4096", "author: Ada", "path: res://levels/a.tscn", "mean_policy_loss=0.3",
        "http://127.0.0.1:5000/#/experiments/1", "git@github.com:me/game.git", "monkey: 3", "a passenger: 4",
    ],
)  # fmt: skip
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_the_values_of_secret_variables_are_hidden_wherever_they_are() -> None:
    values = secret_values(
        {"MY_TOKEN": "swordfish", "STRIPE_KEY": "swordfish-2", "RAY_AUTH_MODE": "disabled", "HOME": "/home/ada",
         "SSH_AUTH": "/run/agent", "PIN_TOKEN": "12"}
    )  # fmt: skip

    assert values == ["swordfish-2", "swordfish"]
    assert (
        without_secrets("logged in with swordfish-2 and swordfish", values) == f"logged in with {HIDDEN} and {HIDDEN}"
    )


@pytest.mark.parametrize("text", ["a" * 200_000, "a.-_" * 50_000, "://@" * 50_000, '"token' * 30_000, "x: " * 60_000])
def test_long_lines_without_spaces_are_read_once_and_not_from_every_letter_again(text: str) -> None:
    assert len(without_secrets(text)) <= len(text)  # what tries every beginning takes hours, and runs into the timeout
