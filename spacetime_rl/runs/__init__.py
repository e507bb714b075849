"""List, show, compare and remove the runs of a results folder, from the files in their folders."""
