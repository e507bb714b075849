"""Everything handed to Ray Tune: trials, search spaces, stop criteria, saved state, and the Ray that it runs on."""
