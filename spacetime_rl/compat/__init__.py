"""The scripts that training controllers start by name, with the flags, files and output that they expect."""
