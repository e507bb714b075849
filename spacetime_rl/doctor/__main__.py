"""`python -m spacetime_rl.doctor NAME`: one check in a process of its own; its outcome is the last line of stdout."""

from __future__ import annotations

import sys

from spacetime_rl.doctor.check import perform
from spacetime_rl.doctor.checks import CHECKS
from spacetime_rl.formats.plain_json import to_json

if __name__ == "__main__":
    print(to_json(perform(next(check for check in CHECKS if check.name == sys.argv[1])).to_dict()))
