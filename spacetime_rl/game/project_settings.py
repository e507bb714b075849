"""Reads and changes single settings in the text of a project.godot."""

from __future__ import annotations

import re


def get_setting(text: str, section: str, key: str) -> str | None:
    """The value of a setting as it is written; None where it is not set."""
    found = re.search(rf"^{re.escape(key)}=(.*)$", _section(text, section), re.MULTILINE)
    return found[1].strip() if found else None


def set_setting(text: str, section: str, key: str, value: str) -> str:
    """The text with a setting of one line that has this value."""
    old = _section(text, section)
    line = re.compile(rf"^{re.escape(key)}=.*$", re.MULTILINE)
    if line.search(old):
        return text.replace(old, line.sub(lambda _: f"{key}={value}", old, count=1), 1)
    return set_setting_first(text, section, key, value)


def set_setting_first(text: str, section: str, key: str, value: str) -> str:
    """The text with this setting before all others of its section. Autoloads run in the order of their lines."""
    header = re.compile(rf"^\[{re.escape(section)}\]\s*$", re.MULTILINE)
    if found := header.search(text):
        return f"{text[: found.end()].rstrip()}\n\n{key}={value}\n{text[found.end() :].lstrip()}"
    return f"{text.rstrip()}\n\n[{section}]\n\n{key}={value}\n"


def _section(text: str, section: str) -> str:
    found = re.search(rf"^\[{re.escape(section)}\]\s*$(.*?)(?=^\[[^\]=]+\]\s*$|\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""
