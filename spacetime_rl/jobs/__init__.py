"""Runs and sweeps as jobs on a Ray cluster: submitted from anywhere, watched, stopped, and their results fetched."""

from spacetime_rl.jobs.job import Job, find_jobs
from spacetime_rl.jobs.submit import examine_cluster, submit, submit_eval

__all__ = ["Job", "examine_cluster", "find_jobs", "submit", "submit_eval"]
