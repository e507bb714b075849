"""Names that a job on the cluster and the submitting side share."""

from __future__ import annotations

import hashlib
import re

RESULT = "@RESULT "  # prefix of the output line with a job's result; a JSON object follows
KIND, FOLDER = "kind", "folder"  # keys of a job's metadata
SETTING_UP = "Runtime env is setting up"  # in Ray's output before a job begins
_OTHERS = (RESULT, "Running entrypoint for job ")  # prefixes of output lines that are not for people


def job_of(run_id: str) -> str:
    """The job id for a run: the run's id, with a hash if it has characters that Ray does not accept in an address."""
    safe = re.sub(r"[^\w.-]", "_", run_id, flags=re.ASCII)
    return safe if safe == run_id else f"{safe}-{hashlib.sha256(run_id.encode()).hexdigest()[:6]}"


def is_for_users(line: str) -> bool:
    """Whether a line of a job's output is for people to read."""
    return not line.startswith(_OTHERS)
