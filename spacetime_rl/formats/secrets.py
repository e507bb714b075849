"""Take secrets out of texts: what a run writes may hold tokens and passwords, and is given to others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

HIDDEN = "[hidden]"
_SHORTEST = 6  # characters; a shorter value of the environment would be found inside of words, and protects nothing
# The names of secrets, such as HF_TOKEN, aws_secret_access_key, PGPASSWORD, --auth-token; not `tokens`, `authors`.
_WORDS = r"token|secret|passw(?:or)?d|passphrase|api[-_]?key|(?:access|private|account)[-_]?key|credentials?|signature"
_ALONE = r"auth|pwd|pat|sig|bearer|cookie|session[-_]?id"  # words that are parts of others, such as `path`
_NAME = rf"(?:[\w.-]{{0,80}}(?:{_WORDS})|(?:[\w.-]{{0,80}}[_.-])?(?:{_ALONE}))(?:[_.-](?:id|value|key|base64))?"
_NAMED = re.compile(
    rf"(?i)(?P<before>(?<![\w-])-{{0,2}}(?P<q>[\"']?){_NAME}(?P=q)\s*[:=]\s*)"
    r"(?:\"(?P<double>(?:[^\"\\\n]|\\.)+)\"|'(?P<single>[^'\n]+)'|(?P<plain>[^\s\"',;&}\])]+))"
)
_OPTION = re.compile(rf"(?i)(?P<before>(?<![\w-])--{_NAME}\s+)(?P<value>[^\s\"'-][^\s\"']*)")
_SCHEME = re.compile(r"(?i)(?P<before>\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}")
_HEADER = re.compile(r"(?im)^(?P<before>.*\b(?:(?:proxy-)?authorization|(?:set-)?cookie|x-api-key)\b[\"']?\s*:\s*).+$")
_ADDRESS = re.compile(r"(?P<before>(?<![\w+.-])[a-zA-Z][\w+.-]{0,30}://)(?:[^\s/@:'\"]*:[^\s'\"]*|[^\s/@:'\"]+)@")
_SERVICES = re.compile(  # the forms of the tokens of GitHub, GitLab, Hugging Face, OpenAI, Slack, AWS, Google, and JWT
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{15,}|hf_[A-Za-z0-9]{20,}|sk-[\w-]{20,}"
    r"|xox[abpr]-[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)(?![\w-])"
)
_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_VARIABLE = re.compile(rf"(?i)^(?:{_NAME}|.*_(?:key|pass))$")
_NO_SECRETS = ("null", "none", "true", "false", "~")


def secret_values(environ: Mapping[str, str]) -> list[str]:
    """The values of those variables of the environment whose names say that they are secret, longest first."""
    found = {value for name, value in environ.items() if _VARIABLE.match(name) and len(value) >= _SHORTEST}
    found -= {value for value in found if value.startswith("/")}  # a file or a socket, such as SSH_AUTH_SOCK
    return sorted(found, key=lambda value: (-len(value), value))


def without_secrets(text: str, values: Iterable[str] = ()) -> str:
    """The text with `[hidden]` in place of all `values` and of everything that looks like a secret.

    That is `password: …`, `--token …`, `"api_key": "…"`, `Authorization: …`, `scheme://user:password@host`, private
    keys, and the tokens of well-known services. Names stay, so that a reader sees what was set.
    """
    for value in values:
        text = text.replace(value, HIDDEN)
    text = _KEY_BLOCK.sub(HIDDEN, text)
    text = _ADDRESS.sub(rf"\g<before>{HIDDEN}@", text)
    text = _HEADER.sub(rf"\g<before>{HIDDEN}", text)
    text = _NAMED.sub(_hide_named, text)
    for pattern in (_OPTION, _SCHEME):
        text = pattern.sub(rf"\g<before>{HIDDEN}", text)
    return _SERVICES.sub(HIDDEN, text)


def _hide_named(found: re.Match[str]) -> str:
    value = found["double"] or found["single"] or found["plain"]
    if value.lower() in _NO_SECRETS or HIDDEN in value:
        return found[0]
    quote = '"' if found["double"] else "'" if found["single"] else ""
    return f"{found['before']}{quote}{HIDDEN}{quote}"
