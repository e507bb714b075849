"""How many learners a run has, and on how many GPUs."""

from __future__ import annotations

from spacetime_rl.config import ResourcesConfig
from spacetime_rl.errors import UsageError


def choose_learners(resources: ResourcesConfig, gpus_there: int) -> tuple[int, int]:
    """Learners, and GPUs of all of them, where Ray has `gpus_there`. One learner learns inside the training process.

    `auto` takes one GPU for each learner if there are enough, and one learner for each GPU. On CPUs it takes one
    learner: several pay only with large networks and minibatches (docs/scaling.md).

    Raises UsageError for more GPUs than Ray has, or other numbers of GPUs than learners can share out.
    """
    wanted = None if resources.learners == "auto" else max(1, resources.learners)
    gpus = resources.gpus
    if gpus == "auto":
        enough = wanted or 1
        gpus = enough if gpus_there >= enough else 0
        if wanted and wanted > 1 and 0 < gpus_there < wanted:
            raise UsageError(
                f"resources.learners: {wanted} learners need {wanted} GPUs, Ray has {gpus_there}; set it to "
                f"{gpus_there}, or set resources.gpus: 0 to learn on CPU cores"
            )
    elif gpus > gpus_there:
        raise UsageError(f"resources.gpus: {gpus} wanted, Ray has {gpus_there}; set it to {gpus_there} or to auto")
    return wanted or max(1, gpus), gpus
