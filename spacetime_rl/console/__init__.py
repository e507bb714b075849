"""What the terminal shows: the panel, lines for a pipe, tables, commands to paste."""
