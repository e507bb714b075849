"""Games behind the standard environment interfaces: PettingZoo, Gymnasium and RLlib."""
