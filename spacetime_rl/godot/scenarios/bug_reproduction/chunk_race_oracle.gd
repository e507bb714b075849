class_name ChunkRaceOracle
extends RLOracle
## A chunk of the floor is made twice at the same time. The engine's log has it too, but not of which arena.


func _tick(_delta: float) -> void:
	if (arena.root as BugArena).chunks.races > 0:
		report("floor", "a chunk is made twice")
