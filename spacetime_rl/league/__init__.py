"""Who meets whom in training, and what came of it: players, payoff tables and matchmaking; no game and no learner."""
