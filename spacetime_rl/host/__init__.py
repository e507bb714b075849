"""What the machine offers and where it ends: processes, signals, locks, temporary folders, addresses, limits."""
