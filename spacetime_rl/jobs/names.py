"""Words that a job on the cluster and whoever submitted it have in common."""

RESULT = "@RESULT "  # begins the line that a job tells its result by; a JSON object follows
KIND, FOLDER = "kind", "folder"  # keys of a job's metadata
