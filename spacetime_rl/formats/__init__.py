"""Output formats: JSON, Markdown, shell commands."""
