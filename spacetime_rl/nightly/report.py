"""The report of a night: Markdown for a repository or a CI page, and the same as one HTML file without a network."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from spacetime_rl.formats.markdown import plain, table
from spacetime_rl.nightly.record import Night, Stage

PAGE, HTML = "RL_NIGHTLY_REPORT.md", "RL_NIGHTLY_REPORT.html"
_VERDICTS = {0: "nothing got worse", 1: "something got worse or is broken", 3: "a stage failed"}
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem .25rem 0; vertical-align: top; }
thead th { color: #777; font-weight: normal; border-bottom: 1px solid #ccc; text-align: left; }
img { max-width: 100%; } code { background: #f5f5f5; padding: .1rem .3rem; overflow-wrap: anywhere; }
pre { overflow-x: auto; background: #f5f5f5; padding: .6rem; font-size: .8rem; }
"""


def write_report(night: Night, folder: Path) -> None:
    """Write both pages into the night's folder."""
    page = to_page(night)
    (folder / PAGE).write_text(page, encoding="utf-8")
    (folder / HTML).write_text(to_html(page, folder), encoding="utf-8")


def to_page(night: Night) -> str:
    """The report as Markdown; its links are relative to the night's folder."""
    return "\n".join(_lines(night)) + "\n"


def to_html(page: str, folder: Path) -> str:
    """The page as HTML. Pictures in `folder` become part of it."""
    from markdown_it import MarkdownIt

    def draw(tokens: Sequence[Any], index: int, options: Any, env: Any) -> str:
        file = folder / str(tokens[index].attrs["src"])
        if file.is_file():
            kind = mimetypes.guess_type(file.name)[0] or "image/png"
            tokens[index].attrs["src"] = f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode()}"
        return str(reader.renderer.image(tokens, index, options, env))  # type: ignore[attr-defined]

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.renderer.rules["image"] = draw  # type: ignore[attr-defined]
    title = page.partition("\n")[0].lstrip("# ").replace("\\", "")
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>{head}<title>{title}</title>\n<style>{_STYLE}</style></head>\n'
        f"<body>\n{reader.render(page)}</body>\n</html>\n"
    )


def _lines(night: Night) -> Iterator[str]:
    stopped = any(stage.status == "stopped" for stage in night.stages)
    yield f"# Night of {plain(night.name)}, {night.begun[:10]}"
    yield ""
    yield f"**{'stopped by the user' if stopped else _VERDICTS[night.exit_code]}**"
    yield ""
    yield f"Build `{night.build}`, run `{night.run_id}`, begun {night.begun}. " + (
        f"Compared with the night in `{night.last}`." if night.last else "There is no earlier night to compare with."
    )
    yield ""
    rows = [
        (stage.name, stage.status, _minutes(stage.seconds), plain(stage.message.partition("\n")[0]))
        for stage in night.stages
    ]
    yield _text_table(("stage", "result", "minutes", "what"), rows)
    sections = {"train": _training, "evaluate": _evaluation, "gate": _gate, "playtest": _playtest, "film": _videos}
    for stage in night.stages:
        if stage.status == "failed":
            yield from ("", f"## {stage.name} failed", "", "```", stage.message, "```")
        elif stage.status in ("done", "worse") and stage.name in sections:
            yield ""
            yield from sections[stage.name](stage)


def _training(stage: Stage) -> Iterator[str]:
    yield "## Training"
    yield ""
    yield f"{stage.message}. The run is in `{stage.figures['run']}`."
    for notice in stage.figures["notices"]:
        yield f"- Warning: {plain(notice)}"
    yield from _pictures(stage)


def _evaluation(stage: Stage) -> Iterator[str]:
    yield "## Evaluation"
    yield ""
    players: Mapping[str, Any] = stage.figures["players"]
    episodes = next(iter(players.values()))["episodes"]
    which = "All play the same" if stage.figures.get("same_episodes", True) else "Each plays"
    yield f"{which} {episodes} episodes; 95 % intervals in brackets."
    yield ""
    rows = [
        (name, policy, _rate(found), _interval(found, "return", ".4g"), _interval(found, "length", ".4g"))
        for name, report in players.items()
        for policy, found in report["policies"].items()
    ]
    yield _text_table(("player", "policy", "success", "return", "decisions"), rows)
    yield ""
    yield f"- {plain(stage.message.capitalize())}."
    yield f"- Beside the random and the scripted policy: {plain(stage.figures['learned_reason'])}."
    for note in stage.figures["notes"]:
        yield f"- {plain(note)}."
    yield from _pictures(stage)


def _gate(stage: Stage) -> Iterator[str]:
    yield "## Build"
    yield ""
    yield f"**{stage.figures['verdict']}**: {plain(stage.message)}. Played by `{stage.figures['player']}`."


def _playtest(stage: Stage) -> Iterator[str]:
    found = stage.figures
    yield "## Playtest"
    yield ""
    reached = f"{found['cells']} map cells reached" if found["cells"] else "where agents were is not known"
    yield (
        f"{found['episodes']:,} episodes in {found['minutes']:.1f} minutes, {reached}; "
        "[the whole report](playtest/report.html)."
    )
    yield ""
    if found.get("notes"):
        yield from (f"- {plain(note)}" for note in found["notes"])
        yield ""
    if not found["findings"]:
        yield "Nothing was found."
    else:
        rows = [
            (
                f"`{finding['name']}`",
                finding["sighting"]["severity"],
                finding["state"],
                finding["reproduces"].removeprefix("reproduces "),
                plain(finding["sighting"]["message"]),
            )
            for finding in found["findings"]
        ]
        yield _text_table(("finding", "severity", "state", "replay", "what"), rows)
        yield ""
        yield f"`spacetime-rl findings show {found['store']} NAME` shows one of them."


def _videos(stage: Stage) -> Iterator[str]:
    yield "## Videos"
    yield ""
    for file in stage.files:
        yield f"- [{Path(file).stem.replace('-', ' ')}]({file})"


def _pictures(stage: Stage) -> Iterator[str]:
    for file in stage.files:
        if file.endswith(".png"):
            yield ""
            yield f"![{Path(file).stem.replace('_', ' ')}]({file})"


def _rate(found: Mapping[str, Any]) -> str:
    if found["success_rate"] is None:
        return "not reported"
    low, high = found["success_ci"]
    return f"{found['success_rate']:.1%} ({low:.1%} to {high:.1%})"


def _interval(found: Mapping[str, Any], name: str, form: str) -> str:
    if found[f"{name}_mean"] is None:
        return "none finished"
    low, high = found[f"{name}_ci"]
    return f"{found[f'{name}_mean']:{form}} ({low:{form}} to {high:{form}})"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60.0:.1f}"


def _text_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return table(heads, rows).replace("---:", "---", len(heads) - 1)
