class_name TagSelfSensor
extends RLSensor
## Where a player is, how it moves, and its part in the round.


func fields() -> Array[RLField]:
	return [
		RLField.new("position", 3, "x, z in half map sides, so that 1 is the edge; y in m/3"),
		RLField.new("heading", 2, "sin, cos of the yaw"),
		RLField.new("velocity", 3, "own frame, m/s/5"),
		RLField.new("on_ground", 1, "1 or 0"),
		RLField.new("is_it", 1, "1 or 0"),
		RLField.new("immune", 1, "1 or 0"),
		RLField.new("time_left", 1, "share of the round"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var player := body as TagPlayer
	var half := player.arena.map.half_size()
	var velocity := player.to_own_frame(player.velocity) / 5.0
	buffer[offset] = player.position.x / half
	buffer[offset + 1] = player.position.y / 3.0
	buffer[offset + 2] = player.position.z / half
	buffer[offset + 3] = player.basis.z.x
	buffer[offset + 4] = player.basis.z.z
	buffer[offset + 5] = velocity.x
	buffer[offset + 6] = velocity.y
	buffer[offset + 7] = velocity.z
	buffer[offset + 8] = 1.0 if player.grounded else 0.0
	buffer[offset + 9] = 1.0 if player.is_it else 0.0
	buffer[offset + 10] = 1.0 if player.is_immune() else 0.0
	buffer[offset + 11] = 1.0 - float(player.arena.ticks) / player.arena.max_ticks
