class_name CrewWalkerSensor
extends RLSensor
## What the walker knows: how it moves, where it has to go, where the craft is, and how much time is left.


func fields() -> Array[RLField]:
	return [
		RLField.new("velocity", 2, "x, z in own frame, m/s/2.5"),
		RLField.new("goal", 3, "unit direction x, z in own frame, and distance, m/20"),
		RLField.new("craft", 3, "the same of the craft"),
		RLField.new("carries", 1, "1 with the stranded crew"),
		RLField.new("time_left", 1, "share of the episode"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var walker := body as CrewWalker
	var zone := walker.zone
	var inverse := walker.global_basis.transposed()
	var velocity := inverse * walker.velocity / 2.5
	buffer[offset] = velocity.x
	buffer[offset + 1] = velocity.z
	_write_way(buffer, offset + 2, inverse * (zone.walkers_goal() - walker.global_position))
	_write_way(buffer, offset + 5, inverse * (zone.crafts[0].global_position - walker.global_position))
	buffer[offset + 8] = 1.0 if zone.has_picked_up() else 0.0
	buffer[offset + 9] = 1.0 - float(zone.ticks) / zone.max_ticks


func _write_way(buffer: PackedFloat32Array, offset: int, to: Vector3) -> void:
	var flat := Vector2(to.x, to.z)
	var direction := flat.normalized()
	buffer[offset] = direction.x
	buffer[offset + 1] = direction.y
	buffer[offset + 2] = minf(flat.length() / 20.0, 5.0)
