"""onnxruntime sessions with this package's options."""

from __future__ import annotations

from pathlib import Path

import onnxruntime


def make_session(path: Path) -> onnxruntime.InferenceSession:
    """A session on one CPU thread that logs only errors."""
    return onnxruntime.InferenceSession(str(path), session_options(), providers=["CPUExecutionProvider"])


def session_options() -> onnxruntime.SessionOptions:
    """The options of every session: one CPU thread, and only errors are logged."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    return options
