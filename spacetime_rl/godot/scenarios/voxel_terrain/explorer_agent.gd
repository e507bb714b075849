class_name ExplorerAgent
extends RLAgent
## Runs in a wide circle, and teleports across it: new chunks on one side, old ones that are still there on the other.

const _TURN := 0.03
const _CHOICE := 12


func _heuristic(action: PackedFloat32Array) -> void:
	# By the decision's number alone: frame times may not influence what is replayed.
	var angle := decisions * _TURN
	action[0] = cos(angle)
	action[1] = sin(angle)
	action[2] = 1.0
	action[3] = 0.6 if decisions % _CHOICE == 0 else -1.0


func _human(action: PackedFloat32Array) -> void:
	var stick := RLHuman.left_stick()
	action[0] = stick.x
	action[1] = -stick.y
	action[2] = RLHuman.lift()
	action[3] = 0.5 if RLHuman.button(0) else -1.0


func _purpose() -> String:
	return "Find out where the terrain is slow."


func _controls() -> PackedStringArray:
	return [
		"WASD, left stick: run",
		"Q / E, triggers: slower / faster",
		"space, pad A: teleport 100 m ahead",
	]


func _readout() -> PackedStringArray:
	var found := (body as TerrainPlayer).terrain.chunk_statistics()
	return [
		"chunks: %d, %d to come" % [found["active_chunk_count"], found["chunk_queue_length"]],
		"a chunk: %.1f ms, at most %.1f" % [found["chunk_generation_avg_ms"], found["chunk_generation_max_ms"]],
		"frame: %.2f ms of 11.11" % RLMonitor.shared().physics_frame_time_ms,
		"memory: %.0f MB" % found["voxel_memory_mb"],
	]
