@tool
@icon("res://addons/spacetime_rl/icons/sensor_target.svg")
class_name RLEntitySensor2D
extends RLEntitySensor
## A list of things whose number changes in a 2D game: offset 2 in the player's own frame, distance 1.
## See RLEntitySensor.

## Pixels that become 1, for offset and distance. `scale_m` is not used.
@export_range(1.0, 100000.0) var scale_px := 1000.0


func entity_fields() -> Array[RLField]:
	return [RLField.new("offset", 2, "px/%s" % scale_px), RLField.new("distance", 1, "px/%s" % scale_px)]


func write_entity(entity: Node, buffer: PackedFloat32Array, offset: int) -> void:
	var away := (entity as Node2D).global_position - body_2d.global_position
	away = away.rotated(-body_2d.global_rotation) / scale_px
	buffer[offset] = away.x
	buffer[offset + 1] = away.y
	buffer[offset + 2] = away.length()


func squared_distance_to(entity: Node) -> float:
	return body_2d.global_position.distance_squared_to((entity as Node2D).global_position)
