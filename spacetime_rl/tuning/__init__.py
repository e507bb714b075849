"""What Ray Tune is told: trials, search spaces, stop criteria, their saved state, and the Ray they run on."""
