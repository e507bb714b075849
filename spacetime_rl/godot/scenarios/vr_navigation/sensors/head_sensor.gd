class_name HeadSensor
extends RLSensor
## The tracked head: its place on the map and rotation, and how it moves in the player's own frame.

## Radians a second that become 1.
const SCALE_RAD_S := 2.0
## Metres a second that become 1.
const SCALE_M_S := 2.0
## Height in metres that becomes 1.
const SCALE_UP_M := 2.0


func fields() -> Array[RLField]:
	return [
		RLField.new("head/position", 3, "x, z in half map sides, so that 1 is the edge; y in m/2"),
		RLField.new("head/rotation", 4, "x, y, z, w with w >= 0"),
		RLField.new("head/velocity", 3, "own frame, m/s/2"),
		RLField.new("head/angular_velocity", 3, "own frame, rad/s/2"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var player := body as NavigationPlayer
	var half := (agent.arena as NavigationArena).map.half_size()
	var place := player.head.global_transform
	buffer[offset] = place.origin.x / half
	buffer[offset + 1] = place.origin.y / SCALE_UP_M
	buffer[offset + 2] = place.origin.z / half
	var turn := place.basis.get_rotation_quaternion()
	if turn.w < 0.0:
		turn = -turn
	buffer[offset + 3] = turn.x
	buffer[offset + 4] = turn.y
	buffer[offset + 5] = turn.z
	buffer[offset + 6] = turn.w
	_write_vector(buffer, offset + 7, player.velocity * player.basis / SCALE_M_S)
	_write_vector(buffer, offset + 10, player.angular_velocity / SCALE_RAD_S)


func _write_vector(buffer: PackedFloat32Array, offset: int, vector: Vector3) -> void:
	buffer[offset] = vector.x
	buffer[offset + 1] = vector.y
	buffer[offset + 2] = vector.z
