"""The name of a metric in a configuration. A former name still works."""

from __future__ import annotations

import logging
from typing import Annotated

from pydantic import AfterValidator

from spacetime_rl import metrics

_log = logging.getLogger(__name__)


def _present(name: str) -> str:
    present = metrics.present_name(name)
    if present != name:
        _log.warning("the metric %s is now called %s", name, present)
    return present


MetricName = Annotated[str, AfterValidator(_present)]
