class_name BenchWalkerSensor
extends RLSensor
## What a walker knows of itself: the action it is carrying out, whether it stands, and the time left.


func fields() -> Array[RLField]:
	return [
		RLField.new("action", 3, "forward, sideways, turn"),
		RLField.new("on_floor", 1),
		RLField.new("time_left", 1, "share of the episode"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var walker := body as BenchWalker
	var action := walker.move.values
	buffer[offset] = action[0]
	buffer[offset + 1] = action[1]
	buffer[offset + 2] = action[2]
	buffer[offset + 3] = 1.0 if walker.is_on_floor() else 0.0
	buffer[offset + 4] = 1.0 - float(agent.arena.ticks) / agent.arena.max_ticks
