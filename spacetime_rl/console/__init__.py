"""The terminal: the live panel, lines for pipes, tables."""
