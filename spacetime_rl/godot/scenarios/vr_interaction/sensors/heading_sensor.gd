class_name HeadingSensor
extends RLSensor
## Which way a player looks, how it moves in its own frame, and how much of the episode is left.


func fields() -> Array[RLField]:
	return [
		RLField.new("heading", 2, "sin, cos of the yaw"),
		RLField.new("velocity", 2, "x, z in own frame, m/s/2"),
		RLField.new("time_left", 1, "share of the episode"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var player := body as InteractionPlayer
	var velocity := player.to_own_frame(player.velocity) / 2.0
	buffer[offset] = player.basis.z.x
	buffer[offset + 1] = player.basis.z.z
	buffer[offset + 2] = velocity.x
	buffer[offset + 3] = velocity.z
	buffer[offset + 4] = 1.0 - float(player.arena.ticks) / player.arena.max_ticks
