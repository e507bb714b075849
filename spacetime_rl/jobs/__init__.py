"""Work as jobs on a Ray cluster, from a run to a playtest: submit, watch and stop it, and fetch its results."""

from spacetime_rl.jobs.job import Job, find_jobs
from spacetime_rl.jobs.submit import examine_cluster, submit, submit_eval, submit_playtest

__all__ = ["Job", "examine_cluster", "find_jobs", "submit", "submit_eval", "submit_playtest"]
