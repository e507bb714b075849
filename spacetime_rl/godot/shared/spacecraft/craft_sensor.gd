class_name CraftSensor
extends RLSensor
## What a pilot sees of its own craft, 15 floats. Yaw is not among them, so every direction is given in the frame of the
## craft's own heading (turned about the vertical only): what the pilot does then does not depend on the compass.

## How far `terrain_ray` reaches, and what it observes where it meets nothing, in metres.
const RAY_M := 100.0
const NOTHING_M := 1000.0

# Null unless `terrain_ray` is on.
var _ray: PhysicsRayQueryParameters3D


func fields() -> Array[RLField]:
	var terrain := RLField.new("terrain_height", 1, "ground below, from the pads' level, m/100")
	if _ray != null:
		terrain = RLField.new("terrain_distance", 1, "from the craft down its own axis, m/100; 10 beyond 100 m")
	return [
		RLField.new("altitude", 1, "feet above the pads' level, m/1000"),
		RLField.new("velocity", 3, "own heading, m/s/50"),
		RLField.new("angular_velocity", 3, "own heading, rad/s"),
		RLField.new("pitch_roll", 2, "angle/pi"),
		RLField.new("pad_direction", 3, "from the feet to the pad's middle, own heading, unit vector"),
		RLField.new("pad_distance", 1, "m/1000"),
		terrain,
		RLField.new("fuel", 1, "share of the tank"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var craft := body as Spacecraft
	var inverse := craft.heading().transposed()
	var ground := craft.ground
	var feet := craft.feet()
	var target := craft.to_target()
	var distance := target.length()
	var up := inverse * craft.global_basis.y
	buffer[offset] = (feet.y - ground.global_position.y) / 1000.0
	_write_vector(buffer, offset + 1, inverse * craft.linear_velocity / 50.0)
	_write_vector(buffer, offset + 4, inverse * craft.angular_velocity)
	buffer[offset + 7] = atan2(up.z, up.y) / PI
	buffer[offset + 8] = atan2(-up.x, up.y) / PI
	_write_vector(buffer, offset + 9, inverse * target / maxf(distance, 0.01))
	buffer[offset + 12] = distance / 1000.0
	var here := feet - ground.global_position
	buffer[offset + 13] = (clearance() if _ray != null else ground.height_at(here.x, here.z)) / 100.0
	buffer[offset + 14] = craft.fuel / craft.settings.fuel


## How far it is to what lies below the craft along its own axis, in metres.
func clearance() -> float:
	var craft := body as Spacecraft
	_ray.from = craft.global_position
	_ray.to = craft.global_position - RAY_M * craft.global_basis.y
	var hit := craft.get_world_3d().direct_space_state.intersect_ray(_ray)
	if hit.is_empty():
		return NOTHING_M
	var met: Vector3 = hit["position"]
	return met.distance_to(craft.global_position)


func _setup() -> void:
	var craft := body as Spacecraft
	if craft.settings.terrain_ray:
		_ray = PhysicsRayQueryParameters3D.new()
		_ray.exclude = [craft.get_rid()]


func _write_vector(buffer: PackedFloat32Array, offset: int, vector: Vector3) -> void:
	buffer[offset] = vector.x
	buffer[offset + 1] = vector.y
	buffer[offset + 2] = vector.z
