"""Words that a job on the cluster and whoever submitted it have in common."""

RESULT = "@RESULT "  # begins the line that a job tells its result by; a JSON object follows
KIND, FOLDER = "kind", "folder"  # keys of a job's metadata
SETTING_UP = "Runtime env is setting up"  # says Ray before a job begins
_OTHERS = (RESULT, "Running entrypoint for job ")  # that line and Ray's, of a job's output


def is_for_users(line: str) -> bool:
    """Whether a line of a job's output is for people to read."""
    return not line.startswith(_OTHERS)
