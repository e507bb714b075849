"""One headless Godot game: find the engine, start it, exchange messages with it. Does not import Ray."""
