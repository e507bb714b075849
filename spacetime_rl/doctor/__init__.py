"""Is this machine ready to train? Small checks, each with what to do when it fails."""
