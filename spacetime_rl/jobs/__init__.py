"""Runs, sweeps and evaluations as jobs on a Ray cluster: submit, watch and stop them, and fetch their results."""

from spacetime_rl.jobs.job import Job, find_jobs
from spacetime_rl.jobs.submit import examine_cluster, submit, submit_eval

__all__ = ["Job", "examine_cluster", "find_jobs", "submit", "submit_eval"]
