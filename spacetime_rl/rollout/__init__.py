"""From a running game to training data: the batched env runner, its fragments, and their advantages."""
