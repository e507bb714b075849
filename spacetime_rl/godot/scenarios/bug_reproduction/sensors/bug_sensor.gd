class_name BugSensor
extends RLSensor
## Which bug is wanted, how the player stands in the room and how fast it turns, and whether it dashes.


func fields() -> Array[RLField]:
	return [
		RLField.new("bug", BugArena.ORACLES.size(), "1 for the one of: %s" % ", ".join(BugArena.ORACLES.keys())),
		RLField.new("place", 2, "x, z in half sides of the room"),
		RLField.new("heading", 2, "sine and cosine of the yaw"),
		RLField.new("turn", 1, "rad/s/pi"),
		RLField.new("dashes", 1, "1 while a dash goes on"),
		RLField.new("pillar", 2, "right and ahead, in half sides"),
		RLField.new("button", 2, "right and ahead, in half sides"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var player := body as BugPlayer
	var here := agent.arena as BugArena
	var wanted := BugArena.ORACLES.keys().find(here.settings.bug)
	for i: int in BugArena.ORACLES.size():
		buffer[offset + i] = 1.0 if i == wanted else 0.0
	offset += BugArena.ORACLES.size()
	buffer[offset] = player.position.x / BugArena.HALF
	buffer[offset + 1] = player.position.z / BugArena.HALF
	buffer[offset + 2] = sin(player.rotation.y)
	buffer[offset + 3] = cos(player.rotation.y)
	buffer[offset + 4] = player.yaw_rate / PI
	buffer[offset + 5] = 1.0 if player.is_dashing() else 0.0
	_write_way(buffer, offset + 6, here.pillar.position)
	_write_way(buffer, offset + 8, here.panel.position)


func _write_way(buffer: PackedFloat32Array, offset: int, to: Vector3) -> void:
	var away := (to - body.position) * body.basis / BugArena.HALF
	buffer[offset] = away.x
	buffer[offset + 1] = -away.z
