@tool
@icon("res://addons/spacetime_rl/icons/sensor_velocity.svg")
class_name RLVelocitySensor2D
extends RLSensor
## How a 2D player moves, in its own frame: linear velocity 2, and angular velocity 1 where the body has one.

## Pixels a second that become 1.
@export_range(1.0, 100000.0) var scale_px_s := 500.0
## Report the angular velocity of a RigidBody2D, too.
@export var angular := false
## Radians a second that become 1.
@export_range(0.01, 1000.0) var scale_rad_s := 5.0

# One of the two.
var _character: CharacterBody2D
var _rigid: RigidBody2D


func _init() -> void:
	label = &"velocity"


func fields() -> Array[RLField]:
	var result: Array[RLField] = [RLField.new("%s/linear" % label, 2, "px/s/%s" % scale_px_s)]
	if angular:
		result.append(RLField.new("%s/angular" % label, 1, "rad/s/%s" % scale_rad_s))
	return result


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var moving := _character.velocity if _character != null else _rigid.linear_velocity
	var linear := moving.rotated(-body_2d.global_rotation) / scale_px_s
	buffer[offset] = linear.x
	buffer[offset + 1] = linear.y
	if angular:
		buffer[offset + 2] = _rigid.angular_velocity / scale_rad_s


func _setup() -> void:
	_character = body_2d as CharacterBody2D
	_rigid = body_2d as RigidBody2D
	if _rigid == null and (angular or _character == null):
		push_error(
			"%s: needs a RigidBody2D%s as the agent's parent" % [get_path(), "" if angular else " or CharacterBody2D"]
		)
