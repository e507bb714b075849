"""Intervals, paired comparisons and sequential tests: figures in, figures out; nothing here knows a game or a run."""
