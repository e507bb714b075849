"""Everything handed to RLlib: algorithms, learners and their batches, metrics, curricula, warm starts."""
