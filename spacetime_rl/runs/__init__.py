"""The runs of a results folder, as their folders tell of them: listed, shown, compared, removed."""
