@tool
@icon("res://addons/spacetime_rl/icons/sensor_pose.svg")
class_name RLPoseSensor2D
extends RLSensor
## Where a 2D player is in its arena and which way it looks: position 2, sine and cosine of its rotation 2.

## Pixels that become 1.
@export_range(1.0, 100000.0) var scale_px := 1000.0


func _init() -> void:
	label = &"pose"


func fields() -> Array[RLField]:
	return [RLField.new("%s/position" % label, 2, "px/%s" % scale_px), RLField.new("%s/heading" % label, 2)]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var position := body_2d.global_position / scale_px
	var turn := body_2d.global_rotation
	buffer[offset] = position.x
	buffer[offset + 1] = position.y
	buffer[offset + 2] = sin(turn)
	buffer[offset + 3] = cos(turn)
