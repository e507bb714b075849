"""A race: whose training of one task reaches a success rate first, by the wall clock, in steps and in core-seconds."""
