@tool
@icon("res://addons/spacetime_rl/icons/sensor_ray.svg")
class_name RLRaySensor2D
extends RLSensor
## Looks around with rays in a 2D player's own frame: 1 at nothing within `length`, down to 0 at contact.

## Rays, evenly spread over `arc_degrees`, from left to right. On a full circle the first is ahead (+X), going left.
@export_range(1, 128) var count := 16
## Reach of a ray, pixels.
@export_range(1.0, 10000.0) var length := 500.0
## Sector that is looked at; 360 is all around.
@export_range(0.0, 360.0) var arc_degrees := 360.0
## Where the rays start, in the player's frame.
@export var origin := Vector2.ZERO
## Physics layers that stop a ray.
@export_flags_2d_physics var collision_mask := 1
## Decisions that a look lasts: with 3, rays are cast on every third decision of an episode, which takes less time, and
## until then the agent sees what they measured.
@export_range(1, 100) var every := 1

var _directions := PackedVector2Array()
var _ray: RayCast2D
# What the rays measured when they were last cast; only with `every` above 1.
var _measured := PackedFloat32Array()


func _init() -> void:
	label = &"rays"


func fields() -> Array[RLField]:
	return [RLField.new(label, count, "px/%s" % length)]


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
	_ray = RayCast2D.new()
	_ray.enabled = false
	_ray.collision_mask = collision_mask
	_ray.position = origin
	body_2d.add_child(_ray)
	for i: int in count:
		# The screen's y points down: left is a negative angle.
		_directions.append(Vector2.RIGHT.rotated(-RLRaySensor.angle_of(i, count, arc_degrees)) * length)
