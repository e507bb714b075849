"""One headless Godot game: find the engine, start it, talk to it. Knows nothing of Ray."""
