"""What programs write for other programs: JSON, Markdown, shell commands."""
