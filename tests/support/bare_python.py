"""A Python with nothing but Ray and torch, as a node has it: the files installed here, without the rest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

NODE = ("ray[default,rllib,tune]", "torch")


def make_bare_python(folder: Path) -> Path:
    """Make a virtual environment in `folder`, which has to be new; returns its folder of programs, `ray` among them."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in _closure(NODE):
        for file in metadata.files(name) or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                _link(Path(str(file.locate())), site / file)
    ray = folder / "bin" / "ray"
    ray.write_text(f"#!{folder}/bin/python\nfrom ray.scripts.scripts import main\n\nmain()\n")
    ray.chmod(0o755)
    return folder / "bin"


def _closure(wanted: tuple[str, ...]) -> set[str]:
    """The names of all distributions that these need, themselves included."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(wanted)
    while waiting:
        line = waiting.pop()
        if line not in seen:
            seen.add(line)
            needed = Requirement(line)
            found.add(needed.name)
            waiting += _needs(needed)
    return found


def _needs(of: Requirement) -> Iterator[str]:
    for line in metadata.requires(of.name) or ():
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *of.extras)):
            yield f"{needed.name}[{','.join(needed.extras)}]" if needed.extras else needed.name


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError:  # pip's own, which the environment began with
        return
    except OSError:  # another file system
        target.write_bytes(source.read_bytes())
