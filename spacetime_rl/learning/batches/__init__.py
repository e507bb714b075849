"""Train batches for the learners, built from all episodes at once."""
