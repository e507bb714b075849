"""What a run comes to in words: its figures, its shortcomings, advice, and what to do next."""
