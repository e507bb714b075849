"""Training from games that connect by themselves, while they are played."""
