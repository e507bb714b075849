@tool
@icon("res://addons/spacetime_rl/icons/sensor_target.svg")
class_name RLTargetSensor2D
extends RLSensor
## Where a target is, seen from a 2D player's own frame: offset 2, distance 1, unit direction 2. Zeros without a target.

## What to look for; may change during an episode.
@export var target: Node2D
## Pixels that become 1, for offset and distance.
@export_range(1.0, 100000.0) var scale_px := 1000.0


func _init() -> void:
	label = &"target"


func fields() -> Array[RLField]:
	return [
		RLField.new("%s/offset" % label, 2, "px/%s" % scale_px),
		RLField.new("%s/distance" % label, 1, "px/%s" % scale_px),
		RLField.new("%s/direction" % label, 2),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var away := Vector2.ZERO
	if target != null:
		away = (target.global_position - body_2d.global_position).rotated(-body_2d.global_rotation)
	var distance := away.length()
	var direction := away / distance if distance > 0.0 else Vector2.ZERO
	buffer[offset] = away.x / scale_px
	buffer[offset + 1] = away.y / scale_px
	buffer[offset + 2] = distance / scale_px
	buffer[offset + 3] = direction.x
	buffer[offset + 4] = direction.y
