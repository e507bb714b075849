"""Check whether a machine is ready to train: small checks, each with a remedy for its failure."""
