"""What RLlib is told: algorithms, learners and their batches, metrics, lessons, warm starts."""
