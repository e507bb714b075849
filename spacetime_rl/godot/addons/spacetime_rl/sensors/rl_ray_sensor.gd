@tool
@icon("res://addons/spacetime_rl/icons/sensor_ray.svg")
class_name RLRaySensor
extends RLSensor
## Looks around with rays in the player's own frame: 1 at nothing within `length`, down to 0 at contact.

## Rays, evenly spread over `arc_degrees`, from left to right. On a full circle the first is ahead (-Z), going left.
@export_range(1, 128) var count := 16
## Reach of a ray, metres.
@export_range(0.1, 1000.0) var length := 5.0
## Sector that is looked at; 360 is all around.
@export_range(0.0, 360.0) var arc_degrees := 360.0
## Where the rays start, in the player's frame; for example at eye height.
@export var origin := Vector3.ZERO
## Physics layers that stop a ray.
@export_flags_3d_physics var collision_mask := 1
## Decisions that a look lasts: with 3, rays are cast on every third decision of an episode, which takes less time, and
## until then the agent sees what they measured.
@export_range(1, 100) var every := 1

var _directions := PackedVector3Array()
# One node turned from ray to ray costs half of a query to the physics space with its Dictionary.
var _ray: RayCast3D
# What the rays measured when they were last cast; only with `every` above 1.
var _measured := PackedFloat32Array()


func _init() -> void:
	label = &"rays"


func fields() -> Array[RLField]:
	return [RLField.new(label, count, "m/%s" % length)]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	if every == 1:
		_cast(buffer, offset)
		return
	# By decisions, not by calls: an agent's script may look, too.
	if agent.decisions % every == 0:
		_cast(_measured, 0)
	for i: int in count:
		buffer[offset + i] = _measured[i]


func _cast(buffer: PackedFloat32Array, offset: int) -> void:
	var from := _ray.global_position
	for i: int in count:
		_ray.target_position = _directions[i]
		_ray.force_raycast_update()
		buffer[offset + i] = from.distance_to(_ray.get_collision_point()) / length if _ray.is_colliding() else 1.0


func _setup() -> void:
	_measured.resize(count)
	_ray = RayCast3D.new()
	_ray.enabled = false
	_ray.collision_mask = collision_mask
	_ray.position = origin
	body.add_child(_ray)
	for i: int in count:
		_directions.append(Vector3.FORWARD.rotated(Vector3.UP, angle_of(i, count, arc_degrees)) * length)


## Which way ray `i` of `of_count` goes, in radians to the left of straight ahead.
static func angle_of(i: int, of_count: int, degrees: float) -> float:
	if degrees >= 360.0:
		return TAU * i / of_count
	return deg_to_rad(degrees) * (0.5 - float(i) / (of_count - 1)) if of_count > 1 else 0.0
