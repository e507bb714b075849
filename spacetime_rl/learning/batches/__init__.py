"""The batches that learners learn from, made of episodes in one piece."""
