"""Pictures of evaluated episodes, training and sweeps: paths, heights, rewards, comfort, learning curves.

Matplotlib is slow to import, so that functions import it when they draw.
"""
