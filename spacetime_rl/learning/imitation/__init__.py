"""Learning from demonstrations: before training, beside it, and without any game."""
