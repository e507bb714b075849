"""What happened in evaluated episodes, drawn: paths, heights, rewards, comfort. Matplotlib is imported late."""
