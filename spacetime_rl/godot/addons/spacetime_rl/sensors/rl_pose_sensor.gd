@tool
@icon("res://addons/spacetime_rl/icons/sensor_pose.svg")
class_name RLPoseSensor
extends RLSensor
## Where the player is in its arena and which way it looks: position 3, then the rotation as quaternion 4 or forward 2.

## Metres that become 1.
@export_range(0.01, 10000.0) var scale_m := 10.0
## Report the full rotation (x, y, z, w with w >= 0); otherwise only the heading, as sine and cosine of the yaw.
@export var full_rotation := false


func _init() -> void:
	label = &"pose"


func fields() -> Array[RLField]:
	var turn := RLField.new("%s/rotation" % label, 4) if full_rotation else RLField.new("%s/heading" % label, 2)
	return [RLField.new("%s/position" % label, 3, "m/%s" % scale_m), turn]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var place := body.global_transform
	var position := place.origin / scale_m
	buffer[offset] = position.x
	buffer[offset + 1] = position.y
	buffer[offset + 2] = position.z
	if not full_rotation:
		# sine and cosine of the yaw, without leaving (-1, 1) when the body is scaled or tilted
		var flat := Vector2(place.basis.z.x, place.basis.z.z).normalized()
		buffer[offset + 3] = flat.x
		buffer[offset + 4] = flat.y
		return
	var turn := place.basis.get_rotation_quaternion()
	if turn.w < 0.0:
		turn = -turn
	buffer[offset + 3] = turn.x
	buffer[offset + 4] = turn.y
	buffer[offset + 5] = turn.z
	buffer[offset + 6] = turn.w
