"""Words that a job on the cluster and whoever submitted it have in common."""

from __future__ import annotations

import hashlib
import re

RESULT = "@RESULT "  # begins the line that a job tells its result by; a JSON object follows
KIND, FOLDER = "kind", "folder"  # keys of a job's metadata
SETTING_UP = "Runtime env is setting up"  # says Ray before a job begins
_OTHERS = (RESULT, "Running entrypoint for job ")  # that line and Ray's, of a job's output


def job_of(run_id: str) -> str:
    """The id of the job that makes a run: the run's own where Ray takes that as a part of an address."""
    safe = re.sub(r"[^\w.-]", "_", run_id, flags=re.ASCII)
    return safe if safe == run_id else f"{safe}-{hashlib.sha256(run_id.encode()).hexdigest()[:6]}"


def is_for_users(line: str) -> bool:
    """Whether a line of a job's output is for people to read."""
    return not line.startswith(_OTHERS)
