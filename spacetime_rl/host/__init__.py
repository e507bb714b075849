"""The machine: processes, signals, locks, temporary folders, addresses, limits."""
