"""The page that a visitor with a browser sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

_STYLE = "body{font:16px/1.5 sans-serif;max-width:44em;margin:3em auto}td,th{text-align:left;padding-right:1em}"


def make_page(url: str, title: str, policies: Mapping[str, Mapping[str, object]], games: Iterable[str]) -> str:
    """HTML: what is served, who is connected, and what a game has to do."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{own['obs']}</td><td>{own['action']}</td><td>{own['version']}</td></tr>"
        for name, own in policies.items()
    )
    table = f"<table><tr><th>policy<th>sees<th>does<th>version</tr>{rows}</table>" if rows else ""
    there = "".join(f"<li>{escape(game or 'a game without a name')}</li>" for game in games)
    return (
        f"<!doctype html><meta charset=utf-8><title>SpaceTime RL</title><style>{_STYLE}</style>"
        f"<h1>SpaceTime RL</h1><p>This server decides for games: {escape(title)}.</p>{table}"
        f"<p>Games connect by WebSocket to <code>{escape(url)}</code>; in Godot the node RLClient does it. "
        f"A browser has nothing to do here.</p><h2>Connected</h2><ul>{there or '<li>nobody</li>'}</ul>"
    )
