"""The trained policies that come with the package: make them, and write the page with their results."""
