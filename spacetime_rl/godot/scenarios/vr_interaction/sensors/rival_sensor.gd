class_name RivalSensor
extends RLSensor
## The nearest player of the other side who is still playing: where it is and how it moves.


func fields() -> Array[RLField]:
	return [
		RLField.new("rival", 3, "x, z in own frame and distance, m/5; zeros where nobody is left"),
		RLField.new("rival_velocity", 2, "x, z in own frame, m/s/2"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var player := body as InteractionPlayer
	var rival := InteractionPilot.nearest_rival(player)
	var away := Vector3.ZERO
	var velocity := Vector3.ZERO
	if rival != null:
		away = player.to_own_frame(rival.global_position - player.global_position) / 5.0
		velocity = player.to_own_frame(rival.velocity) / 2.0
	buffer[offset] = away.x
	buffer[offset + 1] = away.z
	buffer[offset + 2] = away.length()
	buffer[offset + 3] = velocity.x
	buffer[offset + 4] = velocity.z
