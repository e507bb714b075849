@tool
@icon("res://addons/spacetime_rl/icons/sensor_target.svg")
class_name RLTargetSensor
extends RLSensor
## Where a target is, seen from the player's own frame: offset 3, distance 1, unit direction 3. Zeros without a target.

## What to look for; may change during an episode.
@export var target: Node3D
## Metres that become 1, for offset and distance.
@export_range(0.01, 10000.0) var scale_m := 10.0


func _init() -> void:
	label = &"target"


func fields() -> Array[RLField]:
	return [
		RLField.new("%s/offset" % label, 3, "m/%s" % scale_m),
		RLField.new("%s/distance" % label, 1, "m/%s" % scale_m),
		RLField.new("%s/direction" % label, 3),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var away := Vector3.ZERO
	if target != null:
		var place := body.global_transform
		away = (target.global_position - place.origin) * place.basis
	var distance := away.length()
	var direction := away / distance if distance > 0.0 else Vector3.ZERO
	buffer[offset] = away.x / scale_m
	buffer[offset + 1] = away.y / scale_m
	buffer[offset + 2] = away.z / scale_m
	buffer[offset + 3] = distance / scale_m
	buffer[offset + 4] = direction.x
	buffer[offset + 5] = direction.y
	buffer[offset + 6] = direction.z
