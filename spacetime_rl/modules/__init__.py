"""RLModules: normalised MLP, CNN and LSTM policies over one flat observation and one flat action."""
