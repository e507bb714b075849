"""A file for a CI service: its commands in order, with its variables."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Script:
    """What one step of a job runs in a shell. A step that `may_fail` does not end its job."""

    name: str
    text: str
    may_fail: bool = False


@dataclass(frozen=True)
class Ci:
    """The steps of all jobs, and the variables of the file."""

    variables: dict[str, str]
    scripts: tuple[Script, ...]

    @classmethod
    def read(cls, file: Path) -> Ci:
        """Read a workflow of GitHub, or a file of GitLab."""
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        variables = {name: str(value) for name, value in data.get("env", data.get("variables", {})).items()}
        if "jobs" in data:
            steps = [step for job in data["jobs"].values() for step in job["steps"] if "run" in step]
            scripts = [
                Script(step.get("name", step["run"]), step["run"], step.get("continue-on-error", False))
                for step in steps
            ]
        else:
            jobs = {name: job for name, job in data.items() if isinstance(job, dict) and "script" in job}
            scripts = [
                Script(name, "\n".join([*data["default"]["before_script"], *job["script"]]))
                for name, job in jobs.items()
            ]
        return cls(variables, tuple(scripts))

    def commands(self) -> Iterator[str]:
        """Every command line of this program, with the file's own values for its variables."""
        for script in self.scripts:
            for line in script.text.splitlines():
                found = re.search(r"(?<!-)spacetime-rl .*", line)
                if found and not line.lstrip().startswith(("pip", "sudo")):
                    yield string.Template(found.group()).safe_substitute(self.variables)
