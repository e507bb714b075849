"""The command line, one file a verb. Nothing imports this package; heavy imports live inside the functions."""
