"""The command line, with one file per verb.

No other part imports this package. Slow imports are inside the functions, so that help and errors appear quickly.
"""
